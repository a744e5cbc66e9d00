//! What machines go through: allocation, deployment, release and what lies between, on the simulated clock.

use std::time::Duration;

use serde_json::{Value, json};

use super::event::Level;
use super::machine_json::refresh_interfaces;
use super::reply::Reply;
use super::state::{Act, Quirk, State};
use super::status::Status;
use super::{MachineChange, subnet};
use crate::Leftover;

/// What a deployment installs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployment {
    /// `jammy`, `ubuntu/jammy`, `22.04`, `custom/golden`; empty for the region's default.
    pub(crate) series: String,
    pub(crate) hwe_kernel: String,
    pub(crate) ephemeral: bool,
    pub(crate) bridge: Option<super::machine::BridgeAll>,
    pub(crate) comment: String,
    pub(crate) agent_name: Option<String>,
    pub(crate) hw_sync: bool,
    pub(crate) kernel_crash_dump: bool,
}

/// How disks are erased before a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Erasure {
    None,
    Quick,
    Full,
}

/// The series deployed when none is asked for.
const DEFAULT_SERIES: &str = "ubuntu/noble";

/// An image that can be deployed: operating system, series and kernel.
struct Image {
    osystem: String,
    series: String,
    kernel: String,
}

impl State {
    /// Moves a machine to another status and tells everybody.
    pub(crate) fn set_status(&mut self, at: usize, to: Status, note: &str) {
        let machine = &mut self.machines[at];
        let from = machine.status();
        debug_assert!(from.may_become(to), "{from:?} cannot become {to:?}");
        machine.stay += 1;
        machine.set("status", to.code());
        machine.set("status_name", to.label());
        machine.show_file_systems();
        let change = MachineChange {
            system_id: machine.system_id().to_owned(),
            from: from.label(),
            to: to.label(),
            at_ms: self.now.div_euclid(1000),
        };
        let description = format!("From '{}' to '{}'{note}", from.label(), to.label());
        self.event(at, Level::Debug, "Node changed status", &description, None);
        // Nobody has to listen.
        let _listeners = self.changes.send(change);
    }

    /// A duration spread around its median.
    pub(crate) fn spread(&mut self, median: Duration) -> Duration {
        let deviation = self.timings.spread.clamp(0.0, 1.0) * (2.0 * self.rng.f64() - 1.0);
        median.mul_f64(1.0 + deviation)
    }

    fn after(&mut self, at: usize, median: Duration, act: Act) {
        let duration = self.spread(median);
        self.schedule(at, duration, act);
    }

    /// Gives a Ready machine to a user.
    pub(crate) fn allocate(&mut self, at: usize, user: &str, agent_name: &str, comment: &str) {
        self.event(
            at,
            Level::Debug,
            "User acquiring node",
            &by(user, comment),
            Some(user),
        );
        self.set_status(at, Status::Allocated, &format!(" (to {user})"));
        let machine = &mut self.machines[at];
        machine.set("owner", user);
        machine.acquired = true;
        agent_name.clone_into(&mut machine.agent_name);
    }

    /// Sets and removes workload annotations.
    pub(crate) fn annotate<'a>(
        &mut self,
        at: usize,
        annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Reply> {
        let machine = &mut self.machines[at];
        if machine.owner().is_none() {
            return Err(Reply::error(
                409,
                "Cannot set owner data because the machine is not owned.",
            ));
        }
        for field in ["owner_data", "workload_annotations"] {
            machine.json.entry(field).or_insert_with(|| json!({}));
        }
        for (key, value) in annotations {
            for field in ["owner_data", "workload_annotations"] {
                let Some(Value::Object(data)) = machine.json.get_mut(field) else {
                    continue;
                };
                if value.is_empty() {
                    data.remove(key);
                } else {
                    data.insert(key.to_owned(), value.into());
                }
            }
        }
        Ok(())
    }

    fn images(&self, architecture: &str) -> Vec<Image> {
        let wanted = architecture.split('/').next().unwrap_or_default();
        let text =
            |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
        self.boot_resources
            .iter()
            .filter_map(|resource| {
                let (name, arch) = (text(resource, "name"), text(resource, "architecture"));
                let (arch, kernel) = arch.split_once('/')?;
                let (osystem, series) = name.split_once('/').unwrap_or(("custom", name.as_str()));
                (arch == wanted).then(|| Image {
                    osystem: osystem.to_owned(),
                    series: series.to_owned(),
                    // Custom images boot the commissioning kernel of their base image.
                    kernel: if osystem == "custom" {
                        "ga-22.04".to_owned()
                    } else {
                        kernel.to_owned()
                    },
                })
            })
            .collect()
    }

    /// Finds the image a deployment asks for, by its series, its full name or its version.
    fn image(&self, at: usize, deployment: &Deployment) -> Result<Image, Reply> {
        let images = self.images(self.machines[at].text("architecture"));
        let wanted = if deployment.series.is_empty() {
            DEFAULT_SERIES
        } else {
            deployment.series.as_str()
        };
        let is_version = |image: &Image| {
            self.boot_resources.iter().any(|resource| {
                let title = resource["title"].as_str().unwrap_or_default();
                resource["name"] == format!("{}/{}", image.osystem, image.series).as_str()
                    && title.split(' ').next() == Some(wanted)
            })
        };
        let valid: Vec<String> = images
            .iter()
            .map(|image| format!("'{}/{}'", image.osystem, image.series))
            .collect();
        let found = images.into_iter().find(|image| {
            format!("{}/{}", image.osystem, image.series) == wanted
                || image.series == wanted
                || is_version(image)
        });
        let Some(mut image) = found else {
            return Err(Reply::field_error(
                "distro_series",
                &format!(
                    "'{wanted}' is not a valid distro_series.  It should be one of: {}.",
                    valid.join(", ")
                ),
            ));
        };
        let kernel = deployment.hwe_kernel.as_str();
        if !kernel.is_empty() && kernel != image.kernel {
            return Err(Reply::field_error(
                "hwe_kernel",
                &format!(
                    "{kernel} is not available for {}/{} on {}.",
                    image.osystem,
                    image.series,
                    self.machines[at].text("architecture")
                ),
            ));
        }
        if !kernel.is_empty() {
            kernel.clone_into(&mut image.kernel);
        }
        Ok(image)
    }

    /// Begins to deploy; a Ready machine is allocated to the user first.
    pub(crate) fn deploy(
        &mut self,
        at: usize,
        user: &str,
        deployment: &Deployment,
    ) -> Result<(), Reply> {
        let status = self.machines[at].status();
        if !matches!(status, Status::Ready | Status::Allocated) {
            return Err(Reply::error(
                409,
                &format!(
                    "Can't deploy a machine that is in the '{}' state",
                    status.label()
                ),
            ));
        }
        let image = self.image(at, deployment)?;
        if self.machines[at].quirk == Quirk::NoRack {
            return Err(Reply::error(
                500,
                &format!(
                    "Error determining BMC task queue for machine {}",
                    self.machines[at].system_id()
                ),
            ));
        }
        if status == Status::Ready {
            let agent_name = deployment.agent_name.clone().unwrap_or_default();
            self.allocate(at, user, &agent_name, "");
        } else if let Some(agent_name) = &deployment.agent_name {
            self.machines[at].agent_name.clone_from(agent_name);
        }
        if let Some(bridge) = &deployment.bridge {
            self.bridge_all(at, bridge);
        }
        let machine = &mut self.machines[at];
        machine.set("osystem", image.osystem);
        machine.set("distro_series", image.series);
        machine.set("hwe_kernel", image.kernel);
        machine.set("min_hwe_kernel", "");
        machine.set("ephemeral_deploy", deployment.ephemeral);
        machine.set("enable_hw_sync", deployment.hw_sync);
        machine.set("enable_kernel_crash_dump", deployment.kernel_crash_dump);
        self.start_deployment(at, user, deployment.ephemeral, &deployment.comment);
        Ok(())
    }

    /// What powering on an allocated machine and deploying one have in common.
    pub(crate) fn start_deployment(
        &mut self,
        at: usize,
        user: &str,
        ephemeral: bool,
        comment: &str,
    ) {
        self.event(
            at,
            Level::Debug,
            "User starting deployment",
            &by(user, comment),
            Some(user),
        );
        self.set_status(at, Status::Deploying, "");
        self.event(at, Level::Info, "Deploying", "", None);
        if !ephemeral {
            let result = self.next_number("result");
            self.machines[at].set("current_installation_result_id", result);
        }
        self.schedule(at, Duration::ZERO, Act::AddressesAssigned);
        if self.machines[at].quirk == Quirk::PowerFails {
            self.schedule(at, self.timings.power, Act::PowerFailed);
            return;
        }
        self.after(at, self.timings.power, Act::PowerOn);
        let order = self.deploy_orders.get(self.machines[at].hostname());
        let lasts = order.and_then(|order| order.lasts);
        match lasts {
            Some(lasts) => self.schedule(at, lasts, Act::DeploymentEnds),
            None => self.after(at, self.timings.deploy, Act::DeploymentEnds),
        }
    }

    fn deployment_ends(&mut self, at: usize) {
        let hostname = self.machines[at].hostname().to_owned();
        let ordered = self
            .deploy_orders
            .get_mut(&hostname)
            .and_then(|order| order.fail.take());
        let reason = ordered.or_else(|| {
            (self.machines[at].quirk == Quirk::Fails).then(|| {
                "Installation failed (refer to the installation log for more information)."
                    .to_owned()
            })
        });
        if let Some(reason) = reason {
            self.fail(at, Status::FailedDeployment, &reason);
            return;
        }
        self.event(at, Level::Info, "Image Deployed", "", None);
        self.set_status(at, Status::Deployed, "");
        self.event(at, Level::Info, "Deployed", "", None);
        self.machines[at].set("netboot", false);
    }

    /// Lets a running deployment fail.
    pub(crate) fn fail_deployment(&mut self, at: usize, reason: &str) -> Result<(), Reply> {
        let status = self.machines[at].status();
        if status != Status::Deploying {
            return Err(Reply::error(
                409,
                &format!("The machine is {}, not Deploying", status.label()),
            ));
        }
        self.fail(at, Status::FailedDeployment, reason);
        Ok(())
    }

    /// Marks a machine as failed.
    pub(crate) fn fail(&mut self, at: usize, to: Status, reason: &str) {
        self.event(at, Level::Error, "Marking node failed", reason, None);
        self.set_status(at, to, "");
        self.machines[at].set("error_description", reason);
    }

    /// Begins to release. Nothing happens to a machine that is free or being freed.
    pub(crate) fn release(
        &mut self,
        at: usize,
        user: &str,
        erasure: Erasure,
        comment: &str,
    ) -> Result<(), Reply> {
        let status = self.machines[at].status();
        if matches!(status, Status::Ready | Status::Releasing) {
            return Ok(());
        }
        if !status.is_releasable() {
            return Err(Reply::error(
                409,
                &format!(
                    "Machine cannot be released in its current state ('{}').",
                    status.label()
                ),
            ));
        }
        let erases = erasure != Erasure::None && status != Status::Allocated;
        let kind = if erases {
            "User erasing disk"
        } else {
            "User releasing node"
        };
        self.event(at, Level::Debug, kind, &by(user, comment), Some(user));
        if erases {
            self.set_status(at, Status::DiskErasing, "");
            self.after(at, self.timings.power, Act::PowerOn);
            let lasts = if erasure == Erasure::Quick {
                self.timings.quick_erase
            } else {
                self.timings.erase
            };
            self.after(at, lasts, Act::ErasingEnds);
            return Ok(());
        }
        self.start_release(at);
        Ok(())
    }

    pub(crate) fn start_release(&mut self, at: usize) {
        self.machines[at].acquired = false;
        self.set_status(at, Status::Releasing, "");
        self.event(at, Level::Info, "Releasing", "", None);
        let machine = &mut self.machines[at];
        machine.agent_name.clear();
        machine.token = None;
        machine.set("netboot", true);
        machine.set("osystem", "");
        machine.set("distro_series", "");
        machine.set("hwe_kernel", Value::Null);
        machine.set("ephemeral_deploy", false);
        machine.set("enable_hw_sync", false);
        machine.set("locked", false);
        machine.set("error_description", "");
        if self.machines[at].is_on() {
            self.schedule(at, Duration::ZERO, Act::AddressesReleased);
            self.schedule(at, Duration::ZERO, Act::PowerOff);
            self.after(at, self.timings.release, Act::ReleaseEnds);
        } else {
            // A machine that is off has nothing to wait for.
            self.set_link_address(at, None);
            self.release_ends(at);
        }
    }

    /// The end of a release: nothing of the last owner is left.
    pub(crate) fn release_ends(&mut self, at: usize) {
        self.set_status(at, Status::Ready, "");
        self.event(at, Level::Info, "Released", "", None);
        self.remove_bridges(at);
        let machine = &mut self.machines[at];
        machine.set("owner", Value::Null);
        machine.set("owner_data", json!({}));
        machine.set("workload_annotations", json!({}));
    }

    /// A timer of a machine has fired.
    pub(crate) fn fire(&mut self, at: usize, act: Act) {
        let works = self.machines[at].quirk != Quirk::PowerFails;
        match act {
            Act::PowerOn if works => self.machines[at].set("power_state", "on"),
            Act::PowerOff if works => self.machines[at].set("power_state", "off"),
            Act::PowerOn | Act::PowerOff => {}
            Act::PowerFailed => self.power_failed(at),
            Act::AddressesAssigned => self.assign_addresses(at),
            Act::AddressesReleased => self.set_link_address(at, None),
            Act::DeploymentEnds => self.deployment_ends(at),
            Act::ErasingEnds => self.start_release(at),
            Act::ReleaseEnds => self.release_ends(at),
            Act::ReleaseTimedOut => self.release_timed_out(at),
            Act::CommissioningEnds => self.commissioning_ends(at),
            Act::TestingEnds => self.testing_ends(at),
            Act::AbortEnds => self.abort_ends(at),
            Act::RescueModeEntered => self.set_status(at, Status::RescueMode, ""),
            Act::RescueModeLeft => self.rescue_mode_left(at),
        }
    }

    /// The region's own doing: nobody has left anything over.
    fn release_timed_out(&mut self, at: usize) {
        self.fail(
            at,
            Status::FailedReleasing,
            "Machine operation 'Releasing' timed out after 5 minutes.",
        );
        let machine = &mut self.machines[at];
        machine.first = Some((machine.status(), machine.owner().map(str::to_owned)));
    }

    /// MAAS takes the start back when the power cannot be switched.
    fn power_failed(&mut self, at: usize) {
        if self.machines[at].status() == Status::Deploying {
            self.fail(
                at,
                Status::FailedDeployment,
                "Power on for the node failed: simulated power failure",
            );
        }
    }

    /// Gives the interface that boots an address of its subnet.
    fn assign_addresses(&mut self, at: usize) {
        let wanted = self.machines[at]
            .list("interface_set")
            .iter()
            .find_map(|interface| {
                super::state::items(&interface["links"])
                    .iter()
                    .find(|link| {
                        link["mode"] == "auto" && link.get("ip_address").is_none_or(Value::is_null)
                    })
                    .and_then(|link| link["subnet"]["id"].as_u64())
            });
        let Some(subnet) = wanted else { return };
        if let Some(address) = subnet::free_address(self, subnet) {
            self.set_link_address(at, Some(address));
        }
    }

    pub(crate) fn set_link_address(&mut self, at: usize, address: Option<String>) {
        let machine = &mut self.machines[at];
        let Some(Value::Array(interfaces)) = machine.json.get_mut("interface_set") else {
            return;
        };
        let mut address = address;
        for interface in interfaces {
            let Some(Value::Array(links)) = interface.get_mut("links") else {
                continue;
            };
            for link in links.iter_mut().filter(|link| link["mode"] == "auto") {
                let Some(link) = link.as_object_mut() else {
                    continue;
                };
                match address.take() {
                    Some(address) => {
                        link.insert("ip_address".to_owned(), address.into());
                    }
                    None => {
                        link.remove("ip_address");
                    }
                }
            }
        }
        refresh_interfaces(&mut machine.json);
    }

    /// What differs from the recorded inventory.
    pub(crate) fn leftovers(&self) -> Vec<Leftover> {
        let machines = self.machines.iter().filter_map(|machine| {
            let detail = match &machine.first {
                None => format!("was added and is {}", machine.status().label()),
                Some((status, owner))
                    if *status != machine.status() || owner.as_deref() != machine.owner() =>
                {
                    let owner = machine
                        .owner()
                        .map(|owner| format!(", owned by {owner}"))
                        .unwrap_or_default();
                    format!(
                        "is {}{owner}; it was {}",
                        machine.status().label(),
                        status.label()
                    )
                }
                Some(_) => return None,
            };
            Some(Leftover::new(
                "machine",
                machine.system_id(),
                machine.hostname(),
                &detail,
            ))
        });
        let nouns = [
            ("zone", &self.zones),
            ("resource_pool", &self.pools),
            ("subnet", &self.subnets),
            ("tag", &self.tags),
        ];
        let objects = nouns.into_iter().flat_map(|(kind, values)| {
            values.iter().filter_map(move |value| {
                let uri = value["resource_uri"].as_str().unwrap_or_default();
                let name = value["name"].as_str().unwrap_or_default();
                let id = value["id"]
                    .as_u64()
                    .map_or_else(|| name.to_owned(), |id| id.to_string());
                (!self.first_uris.contains(uri))
                    .then(|| Leftover::new(kind, &id, name, "was created"))
            })
        });
        machines.chain(objects).collect()
    }
}

/// How an event describes a user's act: `(admin) - comment`.
fn by(user: &str, comment: &str) -> String {
    if comment.is_empty() {
        format!("({user})")
    } else {
        format!("({user}) - {comment}")
    }
}
