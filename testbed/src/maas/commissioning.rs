//! Commissioning, testing, rescue mode, repair: what an administrator does to machines.

use std::time::Duration;

use serde_json::{Value, json};

use super::event::Level;
use super::reply::Reply;
use super::state::{Act, Quirk, State};
use super::status::Status;

/// The tests that come with MAAS 3.7.3.
const TESTS: [&str; 16] = [
    "7z",
    "badblocks",
    "badblocks-destructive",
    "fio",
    "gateway-connectivity",
    "internet-connectivity",
    "memtester",
    "ntp",
    "rack-controller-connectivity",
    "seven_z",
    "smartctl-conveyance",
    "smartctl-long",
    "smartctl-short",
    "smartctl-validate",
    "stress-ng-cpu-long",
    "stress-ng-memory-long",
];

impl State {
    pub(crate) fn has_test(&self, name: &str) -> bool {
        TESTS.contains(&name)
            || ["cpu", "memory", "storage", "network", "commissioning"].contains(&name)
    }

    /// Begins to commission; the network and storage configuration is found anew.
    pub(crate) fn commission(&mut self, at: usize, user: &str, tests: bool) {
        self.event(
            at,
            Level::Debug,
            "User starting node commissioning",
            &format!("({user})"),
            Some(user),
        );
        self.machines[at].previous = Some(self.machines[at].status());
        self.set_status(at, Status::Commissioning, "");
        self.event(at, Level::Info, "Commissioning", "", None);
        let (commissioning, testing) = (self.next_number("result"), self.next_number("result"));
        let machine = &mut self.machines[at];
        machine.set("owner", user);
        machine.set("current_commissioning_result_id", commissioning);
        machine.set("commissioning_status", 0);
        machine.set("commissioning_status_name", "Pending");
        if tests {
            machine.set("current_testing_result_id", testing);
            for field in ["testing_status", "storage_test_status"] {
                machine.set(field, 0);
                machine.set(&format!("{field}_name"), "Pending");
            }
        }
        machine.tests_follow = tests;
        let lasts = self.spread(self.timings.commissioning);
        self.schedule(at, self.timings.power, Act::PowerOn);
        self.schedule(at, lasts, Act::CommissioningEnds);
    }

    pub(crate) fn commissioning_ends(&mut self, at: usize) {
        if self.machines[at].quirk == Quirk::Fails {
            self.result(at, "commissioning_status", 3);
            self.fail(at, Status::FailedCommissioning, "Commissioning failed");
            self.machines[at].set("owner", Value::Null);
            self.schedule(at, Duration::ZERO, Act::PowerOff);
            return;
        }
        self.result(at, "commissioning_status", 2);
        if self.machines[at].tests_follow {
            self.set_status(at, Status::Testing, "");
            self.machines[at].previous = Some(Status::Ready);
            let lasts = self.spread(self.timings.testing);
            self.schedule(at, lasts, Act::TestingEnds);
            return;
        }
        self.set_status(at, Status::Ready, "");
        self.machines[at].set("owner", Value::Null);
        self.schedule(at, Duration::ZERO, Act::PowerOff);
    }

    /// The power could not be switched: the status goes back, the owner stays.
    pub(crate) fn take_commissioning_back(&mut self, at: usize) {
        let previous = self.machines[at].previous.take().unwrap_or(Status::New);
        self.set_status(at, previous, "");
    }

    pub(crate) fn test(&mut self, at: usize, user: &str) {
        self.event(
            at,
            Level::Debug,
            "User starting node testing",
            &format!("({user})"),
            Some(user),
        );
        let machine = &mut self.machines[at];
        machine.previous = Some(machine.status());
        self.set_status(at, Status::Testing, "");
        self.event(at, Level::Info, "Testing", "", None);
        let testing = self.next_number("result");
        let machine = &mut self.machines[at];
        machine.set("current_testing_result_id", testing);
        if machine.owner().is_none() {
            machine.set("owner", user);
        }
        for field in ["testing_status", "storage_test_status"] {
            machine.set(field, 0);
            machine.set(&format!("{field}_name"), "Pending");
        }
        let lasts = self.spread(self.timings.testing);
        self.schedule(at, self.timings.power, Act::PowerOn);
        self.schedule(at, lasts, Act::TestingEnds);
    }

    pub(crate) fn testing_ends(&mut self, at: usize) {
        for field in ["testing_status", "storage_test_status"] {
            self.result(at, field, 2);
        }
        let previous = self.machines[at].previous.take().unwrap_or(Status::Ready);
        self.set_status(at, previous, "");
        if matches!(
            previous,
            Status::Ready | Status::New | Status::Broken | Status::Retired
        ) {
            self.machines[at].set("owner", Value::Null);
            self.schedule(at, Duration::ZERO, Act::PowerOff);
        }
    }

    fn result(&mut self, at: usize, field: &str, code: i64) {
        let name = match code {
            0 => "Pending",
            2 => "Passed",
            3 => "Failed",
            5 => "Aborted",
            _ => "Unknown",
        };
        let machine = &mut self.machines[at];
        machine.set(field, code);
        machine.set(&format!("{field}_name"), name);
    }

    pub(crate) fn override_failed_testing(&mut self, at: usize, user: &str, comment: &str) {
        self.event(
            at,
            Level::Debug,
            "User overrode 'Failed testing' status",
            comment,
            Some(user),
        );
        let deployed = !self.machines[at].text("osystem").is_empty();
        self.set_status(
            at,
            if deployed {
                Status::Deployed
            } else {
                Status::Ready
            },
            "",
        );
    }

    /// Ends what a machine is doing; the status changes after the answer.
    pub(crate) fn abort(&mut self, at: usize, user: &str, comment: &str) -> Result<(), Reply> {
        let status = self.machines[at].status();
        let (kind, said) = match status {
            Status::Commissioning => ("User aborting node commissioning", "Aborted commissioning"),
            Status::Deploying => ("User aborting deployment", "Aborted deployment"),
            Status::DiskErasing => ("User aborting disk erase", "Aborted disk erasing"),
            Status::Testing => ("User aborting node testing", "Aborted testing"),
            _ => {
                let machine = &self.machines[at];
                return Err(Reply::error(
                    409,
                    &format!(
                        "Cannot abort in current state: node {} is in state {}.",
                        machine.system_id(),
                        status.label()
                    ),
                ));
            }
        };
        self.event(at, Level::Debug, kind, comment, Some(user));
        self.event(at, Level::Info, said, "", None);
        // Whatever was under way will not end any more.
        self.machines[at].stay += 1;
        self.schedule(at, Duration::ZERO, Act::AbortEnds);
        Ok(())
    }

    pub(crate) fn abort_ends(&mut self, at: usize) {
        match self.machines[at].status() {
            Status::Deploying => {
                self.set_status(at, Status::Allocated, "");
                let machine = &mut self.machines[at];
                machine.set("osystem", "");
                machine.set("distro_series", "");
                machine.set("ephemeral_deploy", false);
                self.schedule(at, Duration::ZERO, Act::AddressesReleased);
            }
            Status::Commissioning => {
                let previous = self.machines[at].previous.take().unwrap_or(Status::New);
                self.result(at, "commissioning_status", 5);
                self.set_status(
                    at,
                    if previous == Status::Ready {
                        Status::Ready
                    } else {
                        Status::New
                    },
                    "",
                );
                self.machines[at].set("owner", Value::Null);
            }
            Status::Testing => {
                let previous = self.machines[at].previous.take().unwrap_or(Status::Ready);
                self.set_status(at, previous, "");
            }
            Status::DiskErasing => self.set_status(at, Status::FailedDiskErasing, ""),
            _ => {}
        }
        self.schedule(at, Duration::ZERO, Act::PowerOff);
    }

    pub(crate) fn mark_broken(&mut self, at: usize, user: &str, comment: &str) {
        self.event(
            at,
            Level::Debug,
            "User marking node broken",
            comment,
            Some(user),
        );
        self.set_status(at, Status::Broken, "");
        let machine = &mut self.machines[at];
        machine.set("owner", Value::Null);
        machine.set("owner_data", json!({}));
        machine.set("workload_annotations", json!({}));
        machine.set("error_description", comment);
        machine.set("osystem", "");
        machine.set("distro_series", "");
        machine.set("netboot", true);
        machine.agent_name.clear();
        self.schedule(at, Duration::ZERO, Act::AddressesReleased);
    }

    pub(crate) fn mark_fixed(&mut self, at: usize, user: &str, comment: &str) {
        self.event(
            at,
            Level::Debug,
            "User marking node fixed",
            comment,
            Some(user),
        );
        self.set_status(at, Status::Ready, "");
        self.machines[at].set("error_description", "");
    }

    pub(crate) fn enter_rescue_mode(&mut self, at: usize, user: &str) {
        self.event(
            at,
            Level::Debug,
            "User entering rescue mode",
            &format!("({user})"),
            Some(user),
        );
        let machine = &mut self.machines[at];
        machine.previous = Some(machine.status());
        self.set_status(at, Status::EnteringRescueMode, "");
        self.event(at, Level::Info, "Entering rescue mode", "", None);
        let lasts = self.spread(self.timings.rescue);
        self.schedule(at, self.timings.power, Act::PowerOn);
        self.schedule(at, lasts, Act::RescueModeEntered);
    }

    pub(crate) fn exit_rescue_mode(&mut self, at: usize, user: &str) {
        self.event(
            at,
            Level::Debug,
            "User exiting rescue mode",
            &format!("({user})"),
            Some(user),
        );
        self.set_status(at, Status::ExitingRescueMode, "");
        self.event(at, Level::Info, "Exiting rescue mode", "", None);
        let lasts = self.spread(self.timings.rescue);
        self.schedule(at, lasts, Act::RescueModeLeft);
    }

    pub(crate) fn rescue_mode_left(&mut self, at: usize) {
        let previous = self.machines[at].previous.take().unwrap_or(Status::Ready);
        self.set_status(at, previous, "");
        self.event(at, Level::Info, "Exited rescue mode", "", None);
        if previous != Status::Deployed {
            self.schedule(at, Duration::ZERO, Act::PowerOff);
        }
    }
}
