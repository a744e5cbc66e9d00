//! The states of a machine.

use crate::{
    model::{named_enum, numbered_enum},
    options::displayed_fields,
};

numbered_enum! {
    /// Where a machine stands in its life.
    ///
    /// The server sends the number (and a label beside it, which is not regular); filters take the name.
    pub enum NodeStatus, 0 {
        /// Enlisted, not commissioned yet:
        New = 0 "new" "New",
        /// Being inspected:
        Commissioning = 1 "commissioning" "Commissioning",
        /// Inspection failed:
        FailedCommissioning = 2 "failed_commissioning" "Failed commissioning",
        /// Cannot be contacted:
        Missing = 3 "missing" "Missing",
        /// Free for use:
        Ready = 4 "ready" "Ready",
        /// Set aside for a user:
        Reserved = 5 "reserved" "Reserved",
        /// Running an operating system for its owner:
        Deployed = 6 "deployed" "Deployed",
        /// Taken out of service:
        Retired = 7 "retired" "Retired",
        /// Marked as broken:
        Broken = 8 "broken" "Broken",
        /// Being installed:
        Deploying = 9 "deploying" "Deploying",
        /// Has an owner, not deployed:
        Allocated = 10 "allocated" "Allocated",
        /// Installation failed:
        FailedDeployment = 11 "failed_deployment" "Failed deployment",
        /// Being given back:
        Releasing = 12 "releasing" "Releasing",
        /// Giving back failed:
        FailedReleasing = 13 "failed_releasing" "Releasing failed",
        /// Disks are being erased:
        DiskErasing = 14 "disk_erasing" "Disk erasing",
        /// Erasing failed:
        FailedDiskErasing = 15 "failed_disk_erasing" "Failed disk erasing",
        /// In rescue mode:
        RescueMode = 16 "rescue_mode" "Rescue mode",
        /// Going into rescue mode:
        EnteringRescueMode = 17 "entering_rescue_mode" "Entering rescue mode",
        /// Did not get into rescue mode:
        FailedEnteringRescueMode = 18 "failed_entering_rescue_mode" "Failed to enter rescue mode",
        /// Coming back from rescue mode:
        ExitingRescueMode = 19 "exiting_rescue_mode" "Exiting rescue mode",
        /// Did not come back from rescue mode:
        FailedExitingRescueMode = 20 "failed_exiting_rescue_mode" "Failed to exit rescue mode",
        /// Hardware tests are running:
        Testing = 21 "testing" "Testing",
        /// Hardware tests failed:
        FailedTesting = 22 "failed_testing" "Failed testing",
    }
}

displayed_fields!(NodeStatus);

impl NodeStatus {
    /// Whether something has failed and nothing goes on by itself.
    pub const fn is_failed(self) -> bool {
        matches!(
            self,
            Self::FailedCommissioning
                | Self::FailedDeployment
                | Self::FailedReleasing
                | Self::FailedDiskErasing
                | Self::FailedEnteringRescueMode
                | Self::FailedExitingRescueMode
                | Self::FailedTesting
        )
    }

    /// Whether the machine is on its way to another state by itself.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Commissioning
                | Self::Deploying
                | Self::Releasing
                | Self::DiskErasing
                | Self::EnteringRescueMode
                | Self::ExitingRescueMode
                | Self::Testing
        )
    }
}

numbered_enum! {
    /// How a set of scripts ended, or how far it is.
    pub enum ScriptStatus, -1 {
        /// There are no results:
        Unknown = -1 "unknown" "Unknown",
        /// Not begun:
        Pending = 0 "pending" "Pending",
        /// Under way:
        Running = 1 "running" "Running",
        /// Good:
        Passed = 2 "passed" "Passed",
        /// Bad:
        Failed = 3 "failed" "Failed",
        /// Took too long:
        TimedOut = 4 "timedout" "Timed out",
        /// Stopped by somebody:
        Aborted = 5 "aborted" "Aborted",
        /// Works, but not well:
        Degraded = 6 "degraded" "Degraded",
        /// Installing what the script needs:
        Installing = 7 "installing" "Installing dependencies",
        /// What the script needs could not be installed:
        FailedInstalling = 8 "failed_installing" "Failed installing dependencies",
        /// Left out:
        Skipped = 9 "skipped" "Skipped",
        /// Applying a network configuration:
        ApplyingNetconf = 10 "applying_netconf" "Applying custom network configuration",
        /// The network configuration could not be applied:
        FailedApplyingNetconf = 11 "failed_applying_netconf" "Failed to apply custom network configuration",
    }
}

named_enum! {
    /// Whether a machine is on, as far as MAAS knows.
    pub enum PowerState, Unknown {
        /// On.
        On = "on",
        /// Off.
        Off = "off",
        /// Not known.
        Unknown = "unknown",
        /// The power controller could not be asked.
        Error = "error",
    }
}

displayed_fields!(PowerState);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_name_and_label_lead_to_the_same_status() {
        assert_eq!(NodeStatus::ALL.len(), 23);
        for &status in NodeStatus::ALL {
            assert_eq!(NodeStatus::from_number(status.number()), status);
            assert_eq!(NodeStatus::from_name(status.name()), Some(status));
            assert_eq!(NodeStatus::from_name(status.label()), Some(status));
            assert!(!(status.is_failed() && status.is_transient()));
        }
        assert_eq!(NodeStatus::from_number(99), NodeStatus::Other(99));
        assert_eq!(serde_json::to_string(&NodeStatus::Other(99)).unwrap(), "99");
    }

    #[test]
    fn a_wrong_name_lists_the_right_ones() {
        let error = serde_json::from_str::<NodeStatus>("\"redy\"")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`redy`") && error.contains("`ready`"),
            "{error}"
        );
    }
}
