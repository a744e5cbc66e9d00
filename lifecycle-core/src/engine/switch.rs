//! A switch for each rule, so that tests can turn it off and see who notices. Outside tests every rule holds, at no cost.

/// A rule that can be switched off in tests; each is named as in the specification's list of ablations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    CurrentQuorum,
    TargetQuorum,
    CommitRecheck,
    CancelDrain,
    OtherMembersHealthy,
    NoVoterRemovedWhileLearner,
    InitOnce,
    ViewUnknownFreezes,
    LearnerAndGhostCleanUp,
    OneControlPlaneOperation,
    Reclaim,
    ReplaceableBeforeContract,
    HeldCountsReturning,
    Floor,
    Ceiling,
    ConstraintsInclZone,
    Quarantine,
    ForeignMachine,
    PendingCounts,
    StaleObservation,
    MassFailure,
    FailureLimit,
    FallbackOnlyIfAsked,
    RemediationBudget,
    AbortingNeverCreates,
    RefusedNeverFires,
    ForceDeleteClock,
    MonotoneClock,
    GatewayBlocksCreate,
    GatewayBlocksDelete,
    WholeDemandBeforeStart,
    VersionSkew,
    Approval,
    Locked,
    IpCount,
}

#[cfg(not(test))]
impl Rule {
    pub(crate) const fn holds(self) -> bool {
        // Every rule, always.
        let _ = self;
        true
    }
}

#[cfg(test)]
std::thread_local! {
    static OFF: core::cell::Cell<Option<Rule>> = const { core::cell::Cell::new(None) };
}

#[cfg(test)]
impl Rule {
    pub(crate) const ALL: [Self; 35] = [
        Self::CurrentQuorum,
        Self::TargetQuorum,
        Self::CommitRecheck,
        Self::CancelDrain,
        Self::OtherMembersHealthy,
        Self::NoVoterRemovedWhileLearner,
        Self::InitOnce,
        Self::ViewUnknownFreezes,
        Self::LearnerAndGhostCleanUp,
        Self::OneControlPlaneOperation,
        Self::Reclaim,
        Self::ReplaceableBeforeContract,
        Self::HeldCountsReturning,
        Self::Floor,
        Self::Ceiling,
        Self::ConstraintsInclZone,
        Self::Quarantine,
        Self::ForeignMachine,
        Self::PendingCounts,
        Self::StaleObservation,
        Self::MassFailure,
        Self::FailureLimit,
        Self::FallbackOnlyIfAsked,
        Self::RemediationBudget,
        Self::AbortingNeverCreates,
        Self::RefusedNeverFires,
        Self::ForceDeleteClock,
        Self::MonotoneClock,
        Self::GatewayBlocksCreate,
        Self::GatewayBlocksDelete,
        Self::WholeDemandBeforeStart,
        Self::VersionSkew,
        Self::Approval,
        Self::Locked,
        Self::IpCount,
    ];

    pub(crate) fn holds(self) -> bool {
        OFF.get() != Some(self)
    }

    pub(crate) fn is_one_off() -> bool {
        OFF.get().is_some()
    }

    /// Switches one rule off in this thread, or none.
    pub(crate) fn switch_off(rule: Option<Self>) {
        OFF.set(rule);
    }
}
