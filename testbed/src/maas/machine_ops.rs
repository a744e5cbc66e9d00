//! Operations on machines: allocate, deploy, release, power, commission and the rest.

use serde_json::{Value, json};

use super::call::Call;
use super::commissioning::{Skip, tested_fields, unknown_commissioning_script};
use super::event::Level;
use super::lifecycle::{Deployment, Erasure};
use super::machine::{BridgeAll, administered, editable, shown, visible};
use super::machine_filter::{Constraints, Purpose};
use super::reply::{Answer, Reply};
use super::route::not_simulated;
use super::state::{Act, Quirk, State};
use super::status::Status;

pub(crate) fn dispatch(
    state: &mut State,
    call: &Call,
    path: &str,
    method: &str,
    op: &str,
) -> Answer {
    match (path, op) {
        ("machines/", "allocate") => allocate(state, call),
        ("machines/", "release") => release_many(state, call),
        ("machines/", "accept") => accept(state, call),
        ("machines/", "accept_all") => accept_all(state, call),
        ("machines/{system_id}/", "deploy") => deploy(state, call),
        ("machines/{system_id}/", "release") => release(state, call),
        ("machines/{system_id}/", "power_on") => power_on(state, call),
        ("machines/{system_id}/", "power_off") => power_off(state, call),
        ("machines/{system_id}/", "query_power_state") => query_power_state(state, call),
        ("machines/{system_id}/", "set_owner_data" | "set_workload_annotations") => {
            annotate(state, call, op)
        }
        ("machines/{system_id}/", "lock") => lock(state, call),
        ("machines/{system_id}/", "unlock") => unlock(state, call),
        ("machines/{system_id}/", "mark_broken") => mark_broken(state, call),
        ("machines/{system_id}/", "mark_fixed") => mark_fixed(state, call),
        ("machines/{system_id}/", "commission") => commission(state, call),
        ("machines/{system_id}/", "test") => test(state, call),
        ("machines/{system_id}/", "override_failed_testing") => {
            override_failed_testing(state, call)
        }
        ("machines/{system_id}/", "abort") => abort(state, call),
        ("machines/{system_id}/", "rescue_mode") => rescue_mode(state, call),
        ("machines/{system_id}/", "exit_rescue_mode") => exit_rescue_mode(state, call),
        ("machines/{system_id}/", "get_token") => get_token(state, call),
        ("machines/{system_id}/", "get_curtin_config") => get_curtin_config(state, call),
        _ => Err(not_simulated(path, method, Some(op))),
    }
}

fn comment(call: &Call) -> &str {
    call.form.get("comment").unwrap_or_default()
}

fn bridge_all(call: &Call) -> Result<Option<BridgeAll>, Reply> {
    if !call.flag("bridge_all")? {
        return Ok(None);
    }
    Ok(Some(BridgeAll {
        kind: call
            .form
            .get("bridge_type")
            .unwrap_or("standard")
            .to_owned(),
        stp: call.flag("bridge_stp")?,
        forward_delay: call
            .form
            .get("bridge_fd")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
    }))
}

/// `op=allocate`: the cheapest free machine that meets the constraints.
fn allocate(state: &mut State, call: &Call) -> Answer {
    let user = call.user()?.clone();
    let fields = &call.form.fields;
    let constraints = Constraints::parse(state, fields, Purpose::Allocate)?;
    let dry_run = call.flag("dry_run")?;
    let bridge = bridge_all(call)?;
    let cost = |at: usize| {
        state.machines[at].number("cpu_count") + state.machines[at].number("memory") / 1024.0
    };
    let chosen = (0..state.machines.len())
        .filter(|at| {
            let machine = &state.machines[*at];
            machine.status() == Status::Ready
                && machine.is_visible_to(&user)
                && constraints.matches(machine)
        })
        .min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
    let Some(at) = chosen else {
        return Err(Reply::error(409, &no_match(call, &constraints)));
    };
    let by_type = constraints.by_type(&state.machines[at]);
    if !dry_run {
        let agent_name = call.form.get("agent_name").unwrap_or_default();
        state.allocate(at, &user.name, agent_name, comment(call));
        if let Some(bridge) = &bridge {
            state.bridge_all(at, bridge);
        }
    }
    let mut answer = state.machines[at].json.clone();
    answer.insert("constraints_by_type".to_owned(), by_type);
    Ok(Reply::json(&answer))
}

fn no_match(call: &Call, constraints: &Constraints) -> String {
    if let Some(system_id) = call.form.get("system_id") {
        return format!("No machine with system ID {system_id} available.");
    }
    if constraints.resolved.is_empty() {
        return "No machine available.".to_owned();
    }
    let mut given: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, value) in &call.form.fields {
        let value = python_string(value);
        match given.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => given.push((name, vec![value])),
        }
    }
    let given: Vec<String> = given
        .into_iter()
        .map(|(name, values)| format!("({}, [{}])", python_string(name), values.join(", ")))
        .collect();
    format!(
        "No available machine matches constraints: [{}] (resolved to \"{}\")",
        given.join(", "),
        constraints.resolved
    )
}

/// A text as Python prints it in a list.
fn python_string(text: &str) -> String {
    if text.contains('\'') && !text.contains('"') {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

fn deploy(state: &mut State, call: &Call) -> Answer {
    let at = editable(state, call)?;
    let user = call.user()?.clone();
    if let Some(owner) = state.machines[at].owner()
        && owner != user.name
        && state.machines[at].status() == Status::Allocated
    {
        return Err(Reply::error(
            409,
            &format!("Can't deploy a machine that is allocated to '{owner}'"),
        ));
    }
    let (install_rackd, install_kvm) = (call.flag("install_rackd")?, call.flag("install_kvm")?);
    let (register_vmhost, ephemeral) = (
        call.flag("register_vmhost")?,
        call.flag("ephemeral_deploy")?,
    );
    if (install_kvm || register_vmhost) && !user.admin {
        // MAAS spells it so.
        return Err(Reply::error(403, "Only administratros can deploy VM hosts"));
    }
    if install_rackd {
        return Err(Reply::error(
            400,
            "Deploying a machine as a rackd has been disabled and it's not supported anymore.",
        ));
    }
    if (install_kvm || register_vmhost) && ephemeral {
        return Err(Reply::error(
            400,
            "Cannot deploy as a VM host for ephemeral deployments.",
        ));
    }
    let text = |name: &str| call.form.get(name).unwrap_or_default().to_owned();
    let deployment = Deployment {
        series: text("distro_series"),
        hwe_kernel: text("hwe_kernel"),
        ephemeral,
        bridge: bridge_all(call)?,
        comment: text("comment"),
        agent_name: call.form.get("agent_name").map(str::to_owned),
        hw_sync: call.flag("enable_hw_sync")?,
        kernel_crash_dump: call.flag("enable_kernel_crash_dump")?,
    };
    state.deploy(at, &user.name, &deployment)?;
    Ok(shown(state, at))
}

fn erasure(call: &Call) -> Result<Erasure, Reply> {
    let (erase, quick, secure) = (
        call.flag("erase")?,
        call.flag("quick_erase")?,
        call.flag("secure_erase")?,
    );
    Ok(match (erase, quick || secure) {
        (false, _) => Erasure::None,
        (true, true) => Erasure::Quick,
        (true, false) => Erasure::Full,
    })
}

fn release(state: &mut State, call: &Call) -> Answer {
    let at = editable(state, call)?;
    let user = call.user()?.name.clone();
    state.release(at, &user, erasure(call)?, comment(call))?;
    Ok(shown(state, at))
}

/// `machines/?op=release`: all or none.
fn release_many(state: &mut State, call: &Call) -> Answer {
    let user = call.user()?.clone();
    let ids = call.form.all("machines");
    let unknown: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| state.position(id).is_none())
        .collect();
    if !unknown.is_empty() {
        return Err(Reply::error(
            400,
            &format!("Unknown machine(s): {}.", unknown.join(", ")),
        ));
    }
    let mut chosen: Vec<usize> = ids.iter().filter_map(|id| state.position(id)).collect();
    chosen.sort_unstable_by(|a, b| b.cmp(a));
    chosen.dedup();
    let refused: Vec<&str> = chosen
        .iter()
        .map(|at| &state.machines[*at])
        .filter(|machine| machine.flag("locked") || !machine.is_visible_to(&user))
        .map(super::state::Machine::system_id)
        .collect();
    if !refused.is_empty() {
        return Err(Reply::error(
            403,
            &format!(
                "You don't have the required permission to release the following machine(s): {}.",
                refused.join(", ")
            ),
        ));
    }
    let wrong: Vec<String> = chosen
        .iter()
        .map(|at| &state.machines[*at])
        .filter(|machine| machine.status() != Status::Ready && !machine.status().is_releasable())
        .map(|machine| format!("{} ('{}')", machine.system_id(), machine.status().label()))
        .collect();
    if !wrong.is_empty() {
        return Err(Reply::error(
            409,
            &format!(
                "Machine(s) cannot be released in their current state: {}.",
                wrong.join(", ")
            ),
        ));
    }
    let mut released = Vec::new();
    for at in chosen {
        if state.machines[at].status() != Status::Ready {
            state.release(at, &user.name, Erasure::None, comment(call))?;
            released.push(state.machines[at].system_id().to_owned());
        }
    }
    Ok(Reply::json(&released))
}

fn unreachable(state: &State, at: usize) -> String {
    format!(
        "No rack controllers can access the BMC of node {}",
        state.machines[at].hostname()
    )
}

fn power_on(state: &mut State, call: &Call) -> Answer {
    let at = editable(state, call)?;
    let user = call.user()?.name.clone();
    let machine = &state.machines[at];
    if machine.owner().is_none() {
        return Err(Reply::error(
            409,
            "Can't start node: it hasn't been allocated.",
        ));
    }
    if machine.quirk == Quirk::NoRack {
        return Err(Reply::late_error(503, &unreachable(state, at)));
    }
    if machine.status() == Status::Allocated {
        // Starting an allocated machine installs it.
        state.start_deployment(at, &user, false, comment(call));
    } else {
        state.event(
            at,
            Level::Debug,
            "User powering up node",
            &format!("({user})"),
            Some(&user),
        );
        state.schedule(at, std::time::Duration::ZERO, Act::PowerOn);
    }
    Ok(shown(state, at))
}

fn power_off(state: &mut State, call: &Call) -> Answer {
    let at = editable(state, call)?;
    let user = call.user()?.name.clone();
    if state.machines[at].quirk == Quirk::NoRack {
        return Err(Reply::late_error(503, &unreachable(state, at)));
    }
    if state.machines[at].text("power_type") == "manual" {
        // Nobody can be asked to switch it off.
        return Ok(Reply::json(&Value::Null));
    }
    state.event(
        at,
        Level::Debug,
        "User powering down node",
        &format!("({user})"),
        Some(&user),
    );
    state.schedule(at, std::time::Duration::ZERO, Act::PowerOff);
    Ok(shown(state, at))
}

fn query_power_state(state: &mut State, call: &Call) -> Answer {
    let at = visible(state, call)?;
    match state.machines[at].quirk {
        Quirk::NoRack => Err(Reply::error(503, &unreachable(state, at))),
        _ => Ok(Reply::json(
            &json!({ "state": state.machines[at].text("power_state") }),
        )),
    }
}

fn annotate(state: &mut State, call: &Call, op: &str) -> Answer {
    let at = editable(state, call)?;
    let pairs: Vec<(&str, &str)> = call
        .form
        .fields
        .iter()
        .filter(|(key, _)| key != "op")
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    if state.machines[at].owner().is_some() && op == "set_workload_annotations" {
        let is_key = |key: &str| {
            key.chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        };
        if pairs.iter().any(|(key, _)| !is_key(key)) {
            return Err(Reply::error(500, "Invalid character in key name"));
        }
    }
    state.annotate(at, pairs)?;
    Ok(shown(state, at))
}

/// Locking is allowed to whoever may see the machine, locked or not.
fn lock(state: &mut State, call: &Call) -> Answer {
    let at = visible(state, call)?;
    let machine = &mut state.machines[at];
    if machine.flag("locked") {
        return Err(Reply::error(409, "Machine is already locked"));
    }
    if !matches!(machine.status(), Status::Deployed | Status::Deploying) {
        return Err(Reply::error(
            409,
            "Can't lock, node is not deployed or deploying",
        ));
    }
    machine.set("locked", true);
    Ok(shown(state, at))
}

fn unlock(state: &mut State, call: &Call) -> Answer {
    let at = visible(state, call)?;
    let machine = &mut state.machines[at];
    if !machine.flag("locked") {
        return Err(Reply::error(409, "Machine is not locked"));
    }
    machine.set("locked", false);
    Ok(shown(state, at))
}

/// Only its owner calls a machine broken, not even an administrator may otherwise.
fn mark_broken(state: &mut State, call: &Call) -> Answer {
    let at = editable(state, call)?;
    let user = call.user()?.name.clone();
    if state.machines[at].owner() != Some(&user) {
        return Err(Reply::forbidden());
    }
    state.mark_broken(at, &user, comment(call));
    Ok(shown(state, at))
}

fn mark_fixed(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let user = call.user()?.name.clone();
    if state.machines[at].status() != Status::Broken {
        return Err(Reply::error(
            409,
            "Can't mark a non-broken node as 'Ready'.",
        ));
    }
    state.mark_fixed(at, &user, comment(call));
    Ok(shown(state, at))
}

/// The tests a call asks for.
fn testing(call: &Call) -> Result<Vec<&'static str>, Reply> {
    tested_fields(call.form.get("testing_scripts")).map_err(|script| {
        Reply::field_error(
            "testing_scripts",
            &format!("Select a valid choice. {script} is not one of the available choices."),
        )
    })
}

fn commission(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let user = call.user()?.name.clone();
    if !state.machines[at]
        .status()
        .may_become(Status::Commissioning)
    {
        return Err(Reply::field_error(
            "__all__",
            "Commission is not available because of the current state of the node.",
        ));
    }
    let scripts = call.form.get("commissioning_scripts").unwrap_or_default();
    if let Some(bad) = unknown_commissioning_script(scripts) {
        return Err(Reply::field_error(
            "commissioning_scripts",
            &format!("Select a valid choice. {bad} is not one of the available choices."),
        ));
    }
    let tests = testing(call)?;
    let skip = Skip {
        networking: call.flag("skip_networking")?,
        storage: call.flag("skip_storage")?,
    };
    let quirk = state.machines[at].quirk;
    state.commission(at, &user, &tests, skip);
    match quirk {
        // The commission is committed before the power is tried, and then taken back, but for the owner.
        Quirk::NoRack => {
            state.take_commissioning_back(at, &user);
            Err(Reply::late_error(503, &unreachable(state, at)))
        }
        Quirk::PowerFails => {
            state.take_commissioning_back(at, &user);
            Err(Reply::late_error(500, "simulated power failure"))
        }
        _ => Ok(shown(state, at)),
    }
}

fn test(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let user = call.user()?.name.clone();
    if !state.machines[at].status().may_become(Status::Testing) {
        return Err(Reply::field_error(
            "__all__",
            "Test is not available because of the current state of the node.",
        ));
    }
    let tests = testing(call)?;
    state.test(at, &user, &tests);
    Ok(shown(state, at))
}

fn override_failed_testing(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let user = call.user()?.name.clone();
    if state.machines[at].status() != Status::FailedTesting {
        return Err(Reply::field_error(
            "__all__",
            "Override failed testing is not available because of the current state of the node.",
        ));
    }
    state.override_failed_testing(at, &user, comment(call));
    Ok(shown(state, at))
}

/// `op=abort` answers before anything has changed.
fn abort(state: &mut State, call: &Call) -> Answer {
    let at = editable(state, call)?;
    let user = call.user()?.name.clone();
    state.abort(at, &user, comment(call))?;
    Ok(shown(state, at))
}

fn rescue_mode(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let user = call.user()?.name.clone();
    if !state.machines[at]
        .status()
        .may_become(Status::EnteringRescueMode)
    {
        return Err(Reply::field_error(
            "__all__",
            "Rescue mode is not available because of the current state of the node.",
        ));
    }
    state.enter_rescue_mode(at, &user);
    Ok(shown(state, at))
}

fn exit_rescue_mode(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let user = call.user()?.name.clone();
    if !state.machines[at]
        .status()
        .may_become(Status::ExitingRescueMode)
    {
        return Err(Reply::field_error(
            "__all__",
            "Exit rescue mode is not available because of the current state of the node.",
        ));
    }
    state.exit_rescue_mode(at, &user);
    Ok(shown(state, at))
}

/// The credentials of the machine's agent: null until it was deployed.
fn get_token(state: &mut State, call: &Call) -> Answer {
    let at = administered(state, call)?;
    let token = state.machines[at].token.clone();
    Ok(Reply::json(&token.map_or(Value::Null, |(consumer, token, secret)| {
        json!({ "consumer_key": consumer, "token_key": token, "token_secret": secret })
    })))
}

fn get_curtin_config(state: &mut State, call: &Call) -> Answer {
    let at = visible(state, call)?;
    let machine = &state.machines[at];
    if !matches!(
        machine.status(),
        Status::Deploying | Status::Deployed | Status::FailedDeployment
    ) {
        return Err(Reply::error(
            400,
            &format!(
                "Machine {} is not in a deployment state.",
                machine.hostname()
            ),
        ));
    }
    Err(not_simulated(
        "machines/{system_id}/",
        "GET",
        Some("get_curtin_config"),
    ))
}

/// `op=accept` of machines that were enlisted: they are commissioned.
fn accept(state: &mut State, call: &Call) -> Answer {
    let user = call.admin()?.name.clone();
    let ids = call.form.all("machines");
    let unknown: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| state.position(id).is_none())
        .collect();
    if !unknown.is_empty() {
        return Err(Reply::error(
            400,
            &format!("Unknown machine(s): {}.", unknown.join(", ")),
        ));
    }
    let chosen: Vec<usize> = ids.iter().filter_map(|id| state.position(id)).collect();
    commission_new(state, &user, &chosen)
}

fn accept_all(state: &mut State, call: &Call) -> Answer {
    let user = call.admin()?.name.clone();
    let all: Vec<usize> = (0..state.machines.len()).collect();
    commission_new(state, &user, &all)
}

fn commission_new(state: &mut State, user: &str, chosen: &[usize]) -> Answer {
    let new: Vec<usize> = chosen
        .iter()
        .copied()
        .filter(|at| state.machines[*at].status() == Status::New)
        .collect();
    if new
        .iter()
        .any(|at| state.machines[*at].text("power_type").is_empty())
    {
        return Err(Reply::error(
            500,
            "Unconfigured power type. Please configure the power type and try again.",
        ));
    }
    let tests = tested_fields(None).unwrap_or_default();
    let mut accepted = Vec::new();
    for at in new {
        state.commission(at, user, &tests, Skip::default());
        accepted.push(state.machines[at].json.clone());
    }
    Ok(Reply::json(&accepted))
}
