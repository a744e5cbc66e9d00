//! Commissioning, testing, rescue mode, repair: what an administrator does to machines.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::event::Level;
use super::reply::Reply;
use super::state::{Act, Quirk, State};
use super::status::Status;

/// A script that comes with MAAS, and what it looks at.
#[derive(Debug, Deserialize)]
struct Script {
    name: String,
    #[serde(rename = "type")]
    kind: u8,
    hardware_type: u8,
}

const COMMISSIONING: u8 = 0;
const TESTING: u8 = 2;

static SCRIPTS: LazyLock<Vec<Script>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../inventory/scripts.json")).unwrap_or_default()
});

/// What is tested when nothing is said.
const DEFAULT_TEST: &str = "smartctl-validate";

impl Script {
    /// The fields of a machine that show this script's result.
    fn fields(&self) -> &'static [&'static str] {
        match self.hardware_type {
            1 => &["testing_status", "cpu_test_status"],
            2 => &["testing_status", "memory_test_status"],
            3 => &["testing_status", "storage_test_status"],
            4 => &[
                "testing_status",
                "network_test_status",
                "interface_test_status",
            ],
            _ => &["testing_status", "other_test_status"],
        }
    }
}

fn names(scripts: &str) -> impl Iterator<Item = &str> {
    scripts
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// The result fields that tests fill, or the test that does not exist. `None` asks for the default ones, `none` for none.
pub(crate) fn tested_fields(scripts: Option<&str>) -> Result<Vec<&'static str>, &str> {
    let mut fields: Vec<&'static str> = Vec::new();
    for name in names(scripts.unwrap_or(DEFAULT_TEST)).filter(|name| *name != "none") {
        let script = SCRIPTS
            .iter()
            .find(|script| script.kind == TESTING && script.name == name)
            .ok_or(name)?;
        for field in script.fields() {
            if !fields.contains(field) {
                fields.push(field);
            }
        }
    }
    Ok(fields)
}

/// The first of these commissioning scripts that does not exist.
pub(crate) fn unknown_commissioning_script(scripts: &str) -> Option<&str> {
    names(scripts).find(|name| {
        !SCRIPTS
            .iter()
            .any(|script| script.kind == COMMISSIONING && script.name == *name)
    })
}

/// What commissioning leaves as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Skip {
    pub(crate) networking: bool,
    pub(crate) storage: bool,
}

impl State {
    fn start_tests(&mut self, at: usize, fields: &[&'static str]) {
        let testing = self.next_number("result");
        if fields.is_empty() {
            return;
        }
        self.machines[at].set("current_testing_result_id", testing);
        self.machines[at].tested = fields.to_vec();
        for field in fields {
            self.result(at, field, 0);
        }
    }

    /// Begins to commission; the network and storage configuration is found anew.
    pub(crate) fn commission(&mut self, at: usize, user: &str, tests: &[&'static str], skip: Skip) {
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
        let commissioning = self.next_number("result");
        let machine = &mut self.machines[at];
        machine.set("owner", user);
        machine.set("current_commissioning_result_id", commissioning);
        machine.tested.clear();
        if !skip.networking && !skip.storage {
            machine.forget_configuration();
        }
        self.result(at, "commissioning_status", 0);
        self.start_tests(at, tests);
        let lasts = self.spread(self.timings.commissioning);
        self.schedule(at, Duration::ZERO, Act::PowerOn);
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
        self.find_configuration(at);
        if self.machines[at].tested.is_empty() {
            self.set_status(at, Status::Ready, "");
            self.machines[at].set("owner", Value::Null);
            self.schedule(at, Duration::ZERO, Act::PowerOff);
            return;
        }
        self.machines[at].acquired = false;
        self.set_status(at, Status::Testing, "");
        self.machines[at].previous = Some(Status::Ready);
        let lasts = self.spread(self.timings.testing);
        self.schedule(at, lasts, Act::TestingEnds);
    }

    /// The power could not be switched: the status goes back, the owner stays.
    pub(crate) fn take_commissioning_back(&mut self, at: usize, user: &str) {
        let previous = self.machines[at].previous.take().unwrap_or(Status::New);
        let tested = std::mem::take(&mut self.machines[at].tested);
        for field in tested.into_iter().chain(["commissioning_status"]) {
            self.result(at, field, -1);
        }
        self.set_status(at, previous, "");
        let (from, to) = (Status::Commissioning.label(), previous.label());
        let description = format!(
            "({user}) - Aborting {} and reverting to {}. Unable to power control the node. Please check power credentials.",
            from.to_uppercase(),
            to.to_uppercase()
        );
        self.event(
            at,
            Level::Warning,
            "Failed to query node's BMC",
            &description,
            None,
        );
    }

    pub(crate) fn test(&mut self, at: usize, user: &str, tests: &[&'static str]) {
        self.event(
            at,
            Level::Debug,
            "User starting node testing",
            &format!("({user})"),
            Some(user),
        );
        let machine = &mut self.machines[at];
        machine.previous = Some(machine.status());
        if machine.owner().is_none() {
            machine.acquired = false;
            machine.set("owner", user);
        }
        self.set_status(at, Status::Testing, "");
        self.event(at, Level::Info, "Testing", "", None);
        self.start_tests(at, tests);
        let lasts = self.spread(self.timings.testing);
        self.schedule(at, Duration::ZERO, Act::PowerOn);
        self.schedule(at, lasts, Act::TestingEnds);
    }

    pub(crate) fn testing_ends(&mut self, at: usize) {
        for field in std::mem::take(&mut self.machines[at].tested) {
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
        if status == Status::Commissioning {
            self.machines[at].set("owner", Value::Null);
        }
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
                // Whatever it was before: it has to be commissioned again.
                self.result(at, "commissioning_status", 5);
                self.set_status(at, Status::New, "");
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

    /// Takes a machine from its user and sets it aside.
    pub(crate) fn mark_broken(&mut self, at: usize, user: &str, comment: &str) {
        self.event(
            at,
            Level::Debug,
            "User marking node broken",
            comment,
            Some(user),
        );
        let was_on = self.machines[at].is_on();
        if self.machines[at].status().is_releasable() {
            self.start_release(at);
        }
        self.set_status(at, Status::Broken, "");
        self.set_link_address(at, None);
        if was_on {
            self.schedule(at, Duration::ZERO, Act::PowerOff);
        }
        let machine = &mut self.machines[at];
        machine.set("owner", Value::Null);
        machine.set("owner_data", json!({}));
        machine.set("workload_annotations", json!({}));
        machine.set("error_description", comment);
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
        let lasts = self.spread(self.timings.rescue_exit);
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
