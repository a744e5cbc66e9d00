//! The statuses of a machine: numbers, filter names, labels and the transitions that MAAS allows.

/// The status of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Status {
    New,
    Commissioning,
    FailedCommissioning,
    Missing,
    Ready,
    Reserved,
    Deployed,
    Retired,
    Broken,
    Deploying,
    Allocated,
    FailedDeployment,
    Releasing,
    FailedReleasing,
    DiskErasing,
    FailedDiskErasing,
    RescueMode,
    EnteringRescueMode,
    FailedEnteringRescueMode,
    ExitingRescueMode,
    FailedExitingRescueMode,
    Testing,
    FailedTesting,
}

use Status::{
    Allocated, Broken, Commissioning, Deployed, Deploying, DiskErasing, EnteringRescueMode,
    ExitingRescueMode, FailedCommissioning, FailedDeployment, FailedDiskErasing,
    FailedEnteringRescueMode, FailedExitingRescueMode, FailedReleasing, FailedTesting, Missing,
    New, Ready, Releasing, RescueMode, Reserved, Retired, Testing,
};

/// By number: the status, its name in filters, its label.
const TABLE: [(Status, &str, &str); 23] = [
    (New, "new", "New"),
    (Commissioning, "commissioning", "Commissioning"),
    (
        FailedCommissioning,
        "failed_commissioning",
        "Failed commissioning",
    ),
    (Missing, "missing", "Missing"),
    (Ready, "ready", "Ready"),
    (Reserved, "reserved", "Reserved"),
    (Deployed, "deployed", "Deployed"),
    (Retired, "retired", "Retired"),
    (Broken, "broken", "Broken"),
    (Deploying, "deploying", "Deploying"),
    (Allocated, "allocated", "Allocated"),
    (FailedDeployment, "failed_deployment", "Failed deployment"),
    (Releasing, "releasing", "Releasing"),
    (FailedReleasing, "failed_releasing", "Releasing failed"),
    (DiskErasing, "disk_erasing", "Disk erasing"),
    (
        FailedDiskErasing,
        "failed_disk_erasing",
        "Failed disk erasing",
    ),
    (RescueMode, "rescue_mode", "Rescue mode"),
    (
        EnteringRescueMode,
        "entering_rescue_mode",
        "Entering rescue mode",
    ),
    (
        FailedEnteringRescueMode,
        "failed_entering_rescue_mode",
        "Failed to enter rescue mode",
    ),
    (
        ExitingRescueMode,
        "exiting_rescue_mode",
        "Exiting rescue mode",
    ),
    (
        FailedExitingRescueMode,
        "failed_exiting_rescue_mode",
        "Failed to exit rescue mode",
    ),
    (Testing, "testing", "Testing"),
    (FailedTesting, "failed_testing", "Failed testing"),
];

impl Status {
    pub(crate) fn from_code(code: u64) -> Option<Self> {
        TABLE.get(usize::try_from(code).ok()?).map(|row| row.0)
    }

    pub(crate) fn from_filter(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn label(self) -> &'static str {
        TABLE[self as usize].2
    }

    /// The statuses MAAS lets a machine go to from this one.
    fn successors(self) -> &'static [Status] {
        match self {
            New => &[
                Commissioning,
                Testing,
                Missing,
                Ready,
                Retired,
                Broken,
                EnteringRescueMode,
            ],
            Commissioning => &[
                FailedCommissioning,
                Ready,
                Retired,
                Missing,
                New,
                Broken,
                Testing,
            ],
            FailedCommissioning => &[
                Commissioning,
                Missing,
                Retired,
                Broken,
                EnteringRescueMode,
                Testing,
            ],
            Missing => &[
                New,
                Ready,
                Allocated,
                Commissioning,
                Broken,
                EnteringRescueMode,
                Testing,
            ],
            Ready => &[
                EnteringRescueMode,
                Commissioning,
                Allocated,
                Reserved,
                Retired,
                Missing,
                Broken,
                Testing,
            ],
            Reserved => &[
                Ready,
                Allocated,
                Retired,
                Missing,
                Broken,
                DiskErasing,
                Releasing,
                EnteringRescueMode,
                Testing,
            ],
            Deployed | FailedDeployment => &[
                Allocated,
                Missing,
                Broken,
                Ready,
                DiskErasing,
                Releasing,
                EnteringRescueMode,
                Testing,
            ],
            Retired => &[New, Ready, Missing, Broken, EnteringRescueMode, Testing],
            Broken => &[
                Commissioning,
                Ready,
                DiskErasing,
                Releasing,
                EnteringRescueMode,
                Testing,
                Deployed,
            ],
            Deploying => &[
                Allocated,
                Missing,
                Broken,
                FailedDeployment,
                Deployed,
                Ready,
                DiskErasing,
                Releasing,
            ],
            Allocated => &[
                Ready,
                Retired,
                Missing,
                Broken,
                Deploying,
                DiskErasing,
                Releasing,
                EnteringRescueMode,
                Testing,
            ],
            Releasing => &[
                New,
                Allocated,
                Reserved,
                Deployed,
                Ready,
                Broken,
                Missing,
                FailedDeployment,
                FailedDiskErasing,
                FailedReleasing,
            ],
            FailedReleasing => &[Releasing, DiskErasing, Ready, Broken, Testing],
            DiskErasing => &[Broken, DiskErasing, FailedDiskErasing, Ready, Releasing],
            FailedDiskErasing => &[
                DiskErasing,
                Releasing,
                Broken,
                Allocated,
                Ready,
                EnteringRescueMode,
                Testing,
            ],
            RescueMode | FailedExitingRescueMode => &[Broken, ExitingRescueMode, Testing],
            EnteringRescueMode => &[
                Ready,
                Broken,
                Deployed,
                RescueMode,
                FailedEnteringRescueMode,
                ExitingRescueMode,
            ],
            FailedEnteringRescueMode => &[Broken, EnteringRescueMode, ExitingRescueMode, Testing],
            ExitingRescueMode => &[
                New,
                Broken,
                FailedCommissioning,
                Ready,
                Reserved,
                Allocated,
                FailedDeployment,
                Deployed,
                Missing,
                Retired,
                FailedReleasing,
                FailedDiskErasing,
                RescueMode,
                FailedEnteringRescueMode,
                FailedExitingRescueMode,
                FailedTesting,
            ],
            Testing => &[
                Broken,
                New,
                Ready,
                Reserved,
                Allocated,
                Deployed,
                Commissioning,
                FailedDeployment,
                Missing,
                Retired,
                FailedReleasing,
                FailedDiskErasing,
                FailedEnteringRescueMode,
                FailedExitingRescueMode,
                FailedTesting,
            ],
            FailedTesting => &[
                Commissioning,
                Broken,
                Missing,
                EnteringRescueMode,
                Testing,
                Ready,
                Deployed,
            ],
        }
    }

    pub(crate) fn may_become(self, next: Status) -> bool {
        self.successors().contains(&next)
    }

    /// Whether a release may begin in this status.
    pub(crate) fn is_releasable(self) -> bool {
        matches!(
            self,
            Allocated
                | Reserved
                | Broken
                | Deploying
                | Deployed
                | FailedDeployment
                | FailedDiskErasing
                | FailedReleasing
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_table() {
        for (code, (status, filter, _)) in TABLE.iter().enumerate() {
            assert_eq!(status.code() as usize, code);
            assert_eq!(Status::from_code(code as u64), Some(*status));
            assert_eq!(Status::from_filter(filter), Some(*status));
        }
    }
}
