//! Machines.

mod calls;
mod model;
mod options;
mod status;
mod wait;

pub(crate) use calls::OPERATIONS;
pub use calls::{MachineHandle, Machines};
pub use model::{
    ConstraintMatches, DefaultGateways, Gateway, HardwareInfo, HugePages, Machine, NumaNode,
    PowerParameters,
};
pub use options::{
    AllocateOptions, DeployOptions, MachineFilter, MachineUpdate, PowerOffOptions, PowerOnOptions,
    ReleaseOptions, UserData,
};
pub use status::{NodeStatus, PowerState, ScriptStatus};
