//! What the region knows: the recorded inventory, what became of it, the events and the timers that are still to fire.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::{Notify, broadcast};

use super::configuration::Aside;
use super::event::Event;
use super::oauth::{Key, Nonces, User};
use super::status::Status;
use super::{MachineChange, Timings, machine_json};
use crate::TestbedError;

macro_rules! inventory {
    ($name:literal) => {
        include_str!(concat!("../../inventory/", $name, ".json"))
    };
}

/// What is wrong with a machine's hardware, as in the region that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// Nothing.
    None,
    /// It stays in the status it has: its agent never reports.
    Frozen,
    /// Commissioning and deployment fail.
    Fails,
    /// Its power cannot be switched.
    PowerFails,
    /// No rack controller reaches its BMC.
    NoRack,
}

impl Quirk {
    fn of(hostname: &str) -> Self {
        match hostname {
            "node22" => Self::Fails,
            "node23" => Self::PowerFails,
            "node24" => Self::NoRack,
            _ if hostname.starts_with("static-") => Self::Frozen,
            _ => Self::None,
        }
    }
}

/// One machine: what the API shows, and what it does not show.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) json: Map<String, Value>,
    pub(crate) agent_name: String,
    pub(crate) power_parameters: Value,
    pub(crate) quirk: Quirk,
    /// Counts status changes; a timer of an earlier stay is void.
    pub(crate) stay: u64,
    /// Where testing, commissioning or rescue mode return to.
    pub(crate) previous: Option<Status>,
    /// What is under test: the fields that show the results.
    pub(crate) tested: Vec<&'static str>,
    /// Whether its user's file systems exist.
    pub(crate) acquired: bool,
    /// Disks with the file systems that are not shown now.
    pub(crate) file_systems: Option<Aside>,
    /// The configuration that commissioning will find again.
    pub(crate) configuration: Option<Aside>,
    /// The status and owner it had at the start; `None` for a machine that was added.
    pub(crate) first: Option<(Status, Option<String>)>,
    /// The credentials its agent got: consumer, token, secret.
    pub(crate) token: Option<(String, String, String)>,
}

impl Machine {
    pub(crate) fn new(json: Map<String, Value>, healthy: bool) -> Self {
        let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
        let quirk = match Quirk::of(text("hostname")) {
            quirk if healthy && quirk != Quirk::Frozen => Quirk::None,
            quirk => quirk,
        };
        let power_parameters = power_parameters(text("power_type"), text("description"));
        let mut machine = Self {
            json,
            agent_name: String::new(),
            power_parameters,
            quirk,
            stay: 0,
            previous: None,
            tested: Vec::new(),
            acquired: true,
            file_systems: None,
            configuration: None,
            first: None,
            token: None,
        };
        machine.first = Some((machine.status(), machine.owner().map(str::to_owned)));
        machine
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn number(&self, field: &str) -> f64 {
        self.json
            .get(field)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.json
            .get(field)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// A text within an embedded object, such as the name of the zone.
    pub(crate) fn within(&self, object: &str, field: &str) -> &str {
        self.json
            .get(object)
            .and_then(|object| object.get(field))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn list(&self, field: &str) -> &[Value] {
        self.json
            .get(field)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.json.insert(field.to_owned(), value.into());
    }

    pub(crate) fn system_id(&self) -> &str {
        self.text("system_id")
    }

    pub(crate) fn hostname(&self) -> &str {
        self.text("hostname")
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        self.json.get("owner").and_then(Value::as_str)
    }

    pub(crate) fn status(&self) -> Status {
        self.json
            .get("status")
            .and_then(Value::as_u64)
            .and_then(Status::from_code)
            .unwrap_or(Status::New)
    }

    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.list("tag_names").iter().any(|name| name == tag)
    }

    /// Non-administrators see machines that are free or their own.
    pub(crate) fn is_visible_to(&self, user: &User) -> bool {
        user.admin || self.owner().is_none_or(|owner| owner == user.name)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.text("power_state") == "on"
    }
}

/// How the recorded region's machines were reached: by their number.
fn power_parameters(power_type: &str, description: &str) -> Value {
    let number: u32 = description
        .rsplit(' ')
        .next()
        .and_then(|last| last.parse().ok())
        .unwrap_or_default();
    match power_type {
        "virsh" => json!({
            "power_address": format!("qemu+ssh://user@10.0.0.{number}/system"),
            "power_pass": "pw",
            "power_id": format!("vm{number}"),
        }),
        "ipmi" => json!({
            "power_address": format!("10.0.1.{number}"), "power_user": "maas", "power_pass": "pw", "power_driver": "LAN_2_0",
            "power_boot_type": "auto", "privilege_level": "ADMIN", "cipher_suite_id": "3", "k_g": "", "mac_address": "",
        }),
        "redfish" => json!({
            "power_address": format!("10.0.2.{number}"), "power_user": "maas", "power_pass": "pw", "node_id": "",
        }),
        _ => json!({}),
    }
}

/// What happens when a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    PowerOn,
    PowerOff,
    PowerFailed,
    AddressesAssigned,
    AddressesReleased,
    CommissioningEnds,
    TestingEnds,
    DeploymentEnds,
    ErasingEnds,
    ReleaseEnds,
    ReleaseTimedOut,
    AbortEnds,
    RescueModeEntered,
    RescueModeLeft,
}

/// So long MAAS waits for a machine to be released before it calls that failed.
const RELEASE_MONITOR: Duration = Duration::from_secs(300);

/// A timer of one machine.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    pub(crate) system_id: String,
    pub(crate) stay: u64,
    pub(crate) act: Act,
}

/// What a test ordered about the deployments of one machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeployOrder {
    pub(crate) fail: Option<String>,
    pub(crate) lasts: Option<Duration>,
}

/// Everything in the region.
pub(crate) struct State {
    /// The instant of whatever is happening, in simulated microseconds.
    pub(crate) now: i64,
    pub(crate) machines: Vec<Machine>,
    pub(crate) zones: Vec<Value>,
    pub(crate) pools: Vec<Value>,
    pub(crate) subnets: Vec<Value>,
    pub(crate) vlans: Vec<Value>,
    pub(crate) fabrics: Vec<Value>,
    pub(crate) spaces: Vec<Value>,
    pub(crate) domains: Vec<Value>,
    pub(crate) tags: Vec<Value>,
    pub(crate) users: Vec<Value>,
    pub(crate) ip_ranges: Vec<Value>,
    pub(crate) boot_resources: Vec<Value>,
    pub(crate) keys: Vec<Key>,
    pub(crate) nonces: Nonces,
    pub(crate) events: Vec<Event>,
    pub(crate) last_event: u64,
    /// The highest number given out so far, by noun.
    numbers: HashMap<&'static str, u64>,
    timers: BTreeMap<(i64, u64), Timer>,
    last_timer: u64,
    pub(crate) timings: Timings,
    pub(crate) deploy_orders: HashMap<String, DeployOrder>,
    pub(crate) rng: fastrand::Rng,
    /// What existed at the start.
    pub(crate) first_uris: HashSet<String>,
    pub(crate) changes: broadcast::Sender<MachineChange>,
    pub(crate) rescheduled: Arc<Notify>,
}

/// The key of `admin` and that of `user1` and `user2`: consumer, token, secret.
const KEYS: [(&str, &str); 3] = [
    ("admin", super::ADMIN_KEY),
    ("user1", super::USER1_KEY),
    ("user2", super::USER2_KEY),
];

impl State {
    pub(crate) fn from_inventory(
        now: i64,
        seed: u64,
        timings: Timings,
        healthy: bool,
        changes: broadcast::Sender<MachineChange>,
        rescheduled: Arc<Notify>,
    ) -> Result<Self, TestbedError> {
        let list = |text: &str| serde_json::from_str::<Vec<Value>>(text);
        let machines = serde_json::from_str::<Vec<Map<String, Value>>>(inventory!("machines"))?;
        let fabrics = list(inventory!("fabrics"))?;
        let vlans = fabrics
            .iter()
            .flat_map(|fabric| items(&fabric["vlans"]))
            .cloned()
            .collect();
        let events = serde_json::from_str::<Vec<Event>>(inventory!("events"))?;
        let mut state = Self {
            now,
            machines: machines
                .into_iter()
                .map(|json| Machine::new(json, healthy))
                .collect(),
            zones: list(inventory!("zones"))?,
            pools: list(inventory!("resource_pools"))?,
            subnets: list(inventory!("subnets"))?,
            vlans,
            fabrics,
            spaces: list(inventory!("spaces"))?,
            domains: list(inventory!("domains"))?,
            tags: list(inventory!("tags"))?,
            users: list(inventory!("users"))?,
            ip_ranges: list(inventory!("ip_ranges"))?,
            boot_resources: list(inventory!("boot_resources"))?,
            keys: KEYS
                .iter()
                .map(|(user, key)| {
                    let mut parts = key.split(':').map(str::to_owned);
                    let mut next = || parts.next().unwrap_or_default();
                    Key {
                        user: (*user).to_owned(),
                        consumer: next(),
                        token: next(),
                        secret: next(),
                    }
                })
                .collect(),
            nonces: Nonces::default(),
            last_event: events.last().map_or(0, |event| event.id),
            events,
            numbers: HashMap::new(),
            timers: BTreeMap::new(),
            last_timer: 0,
            timings,
            deploy_orders: HashMap::new(),
            rng: fastrand::Rng::with_seed(seed),
            first_uris: HashSet::new(),
            changes,
            rescheduled,
        };
        state.number_on();
        state.monitor_releases();
        let nouns = [&state.zones, &state.pools, &state.subnets, &state.tags];
        state.first_uris = nouns
            .into_iter()
            .flatten()
            .filter_map(|value| value["resource_uri"].as_str().map(str::to_owned))
            .collect();
        Ok(state)
    }

    /// Of a machine that was being released when the region was recorded nothing is heard any more; MAAS does not wait for it for ever.
    fn monitor_releases(&mut self) {
        for at in 0..self.machines.len() {
            if self.machines[at].status() == Status::Releasing {
                self.set_timer(at, RELEASE_MONITOR, Act::ReleaseTimedOut);
            }
        }
    }

    /// Numbers of new objects go on after the recorded ones.
    fn number_on(&mut self) {
        let highest = |values: &[Value]| {
            values
                .iter()
                .filter_map(|value| value["id"].as_u64())
                .max()
                .unwrap_or(0)
        };
        let results = [
            "current_commissioning_result_id",
            "current_testing_result_id",
            "current_installation_result_id",
        ];
        let result = self
            .machines
            .iter()
            .flat_map(|machine| {
                results
                    .iter()
                    .filter_map(|field| machine.json.get(*field)?.as_u64())
            })
            .max()
            .unwrap_or(0);
        let interface = self
            .machines
            .iter()
            .map(|machine| highest(machine.list("interface_set")))
            .max()
            .unwrap_or(0);
        // Devices and controllers, which are not played, hold the next few.
        let interface = interface.max(84);
        self.numbers = HashMap::from([
            ("zone", highest(&self.zones)),
            ("pool", highest(&self.pools)),
            ("subnet", highest(&self.subnets)),
            ("vlan", highest(&self.vlans)),
            ("fabric", highest(&self.fabrics)),
            ("space", highest(&self.spaces)),
            ("result", result),
            ("interface", interface),
        ]);
    }

    /// A new number for a noun.
    pub(crate) fn next_number(&mut self, noun: &'static str) -> u64 {
        let number = self.numbers.entry(noun).or_insert(0);
        *number += 1;
        *number
    }

    pub(crate) fn position(&self, system_id: &str) -> Option<usize> {
        self.machines
            .iter()
            .position(|machine| machine.system_id() == system_id)
    }

    pub(crate) fn user(&self, name: &str) -> Option<User> {
        self.users
            .iter()
            .find(|user| user["username"] == name)
            .map(|user| User {
                name: name.to_owned(),
                admin: user["is_superuser"] == true,
            })
    }

    /// Lets `act` happen to a machine after `after`, unless its status changes before.
    pub(crate) fn schedule(&mut self, at: usize, after: Duration, act: Act) {
        if self.machines[at].quirk != Quirk::Frozen {
            self.set_timer(at, after, act);
        }
    }

    fn set_timer(&mut self, at: usize, after: Duration, act: Act) {
        let machine = &self.machines[at];
        let timer = Timer {
            system_id: machine.system_id().to_owned(),
            stay: machine.stay,
            act,
        };
        self.last_timer += 1;
        let due = self
            .now
            .saturating_add(i64::try_from(after.as_micros()).unwrap_or(i64::MAX));
        self.timers.insert((due, self.last_timer), timer);
        self.rescheduled.notify_one();
    }

    /// When the next timer is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.timers.first_key_value().map(|((due, _), _)| *due)
    }

    /// Fires, each at its own instant, every timer that is due at `now`.
    pub(crate) fn settle(&mut self, now: i64) {
        while let Some(entry) = self.timers.first_entry() {
            let due = entry.key().0;
            if due > now {
                break;
            }
            let timer = entry.remove();
            self.now = due;
            if let Some(at) = self.position(&timer.system_id)
                && self.machines[at].stay == timer.stay
            {
                self.fire(at, timer.act);
            }
        }
        self.now = now;
    }

    /// Puts the current form of a zone, pool, domain, VLAN or subnet into every machine that shows it.
    pub(crate) fn refresh_embedded(&mut self, field: &str, value: &Value) {
        for machine in &mut self.machines {
            let mut json = Value::Object(std::mem::take(&mut machine.json));
            machine_json::replace_embedded(&mut json, field, value);
            if let Value::Object(json) = json {
                machine.json = json;
            }
        }
    }
}

/// The elements of a list; none of anything else.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a JSON number is the one that a text of the request spells.
pub(crate) fn is_number(number: &Value, text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|wanted| *number == wanted)
}
