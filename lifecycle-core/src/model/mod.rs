//! The data model: what goes into the engine and what comes out, one file per noun.
//!
//! JSON is snake_case with integers only. Units follow the suffix: `_ms` milliseconds since the epoch (`i64`), `_s` seconds (`u32`), `_mib`
//! MiB, `_gb` 10⁹ bytes. Unknown fields are refused in what a user asks for ([`Desired`], [`Request`], [`Policy`]) and ignored in what was
//! observed. A field that equals its default is left out of the canonical form ([`canonical_json`]).
mod action;
mod canonical;
mod decision;
mod desired;
mod finding;
mod ids;
mod machine;
mod memory;
mod network;
mod observed;
mod plan;
mod policy;
mod request;
mod table;
mod time;
mod values;
mod world;

pub use action::{
    Action, DeployMode, Guard, MemberKind, OwnerRule, PendingAction, RecordField, Verb,
};
pub use canonical::canonical_json;
pub use decision::{
    Condition, ConditionCode, Decision, Diagnostic, DiagnosticCode, Explain, FleetStatus,
    PoolStatus, Progress, Rollout, State, Status, Unblock, UnblockKind, Verdict,
};
pub use desired::{
    ClusterSpec, Desired, Erase, Etcd, ForceDelete, ManagedBy, OnDrainDeadline, OnNoSpare, PcgSpec,
    PoolRole, PoolSpec, Repave, Role, Strategy, Taint,
};
pub use finding::{Admission, Code, Finding, Refusal, Severity};
pub use ids::{Args, Id, Rev, cluster_pool_key, is_id};
pub use machine::{Machine, MachineStatus, Owner, Power};
pub use memory::{
    ClusterMemory, MachineMemory, MassFailure, Memory, NodeMemory, PoolMemory, RolloutMemory,
};
pub use network::{NetSpec, NetworkInput, NetworkOwner, NetworkPlan, Subnet, SubnetUse};
pub use observed::{
    ClusterObs, Drain, DrainBy, DrainState, EtcdMember, EtcdView, Maintenance, Node, Observed,
    PcgObs,
};
pub use plan::{Alternative, Change, Plan, Planner, PreviewOptions, Step};
pub use policy::{EraseRate, Limits, Policy, StepTime, Timings};
pub use request::Request;
pub use time::{FORCE_DELETE_AFTER_MS, Millis, clock_text, duration_text, moment_text, ms_of};
pub use values::{Pct, Tri, ValueError, Version};
pub use world::World;

/// Default helpers for serde: `default = "defaults::num::<1>"` and the matching skip.
pub(crate) mod defaults {
    pub(crate) const fn num<const N: u32>() -> u32 {
        N
    }
    pub(crate) const fn num8<const N: u8>() -> u8 {
        N
    }
    pub(crate) const fn yes() -> bool {
        true
    }
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) const fn is_num<const N: u32>(v: &u32) -> bool {
        *v == N
    }
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) const fn is_num8<const N: u8>(v: &u8) -> bool {
        *v == N
    }
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) const fn is_yes(v: &bool) -> bool {
        *v
    }
    pub(crate) fn is_default<T: Default + PartialEq>(v: &T) -> bool {
        *v == T::default()
    }
}
