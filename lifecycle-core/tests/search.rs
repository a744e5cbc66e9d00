//! Exhaustive search over small scopes: from each start every state that faults, requests and time can lead to. `PROVE=1` (`make prove`)
//! adds the larger scopes; `SCOPE=text` leaves only those whose title contains the text.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use common::explore::{Ask, Event, Fault, Found, Scope, State, compare, search};
use common::liveness::bound_ms;
use common::scopes::{
    CONTRACT, EXPAND, behind_a_gateway, creating, creating_two, external, falling_back,
    kubelet_down, locked, resizing, rolling, rolling_pools, rolling_workers, sharing_a_spare,
    short_of_addresses, two_voters, upgrading, with_endpoint,
};
use common::world;
use lifecycle_core::{ClusterSpec, Code, PoolSpec, Request, Strategy, admit};
use stateright::{Checker, Model, Property};

const NODE: &[Fault] = &[Fault::Node];
const ANY: &[Fault] = &[Fault::Node, Fault::Creation];

fn proves() -> bool {
    std::env::var_os("PROVE").is_some()
}

/// CP 1/3/5 × expand/contract/fallback × spare 0..2 × faults 0..2; Contract First on one node is refused, so 72.
fn the_72() -> Vec<Scope> {
    let mut out = Vec::new();
    for size in [1, 3, 5] {
        for spares in 0..3 {
            let mut three = vec![
                rolling(size, 0, EXPAND, spares),
                falling_back(rolling(size, 0, EXPAND, spares)),
            ];
            if size > 1 {
                three.push(rolling(size, 0, CONTRACT, spares));
            }
            for scope in three {
                out.extend((0..3).map(|faults| scope.clone().faults(faults, ANY)));
            }
        }
    }
    assert_eq!(out.len(), 72);
    out
}

/// CP3+W2(+W2) × spare 0..2 × faults 0..2.
fn the_18() -> Vec<Scope> {
    let mut out = Vec::new();
    for pools in [1, 2] {
        for spares in 0..3 {
            let scope = rolling_pools(pools, spares);
            out.extend((0..3).map(|faults| scope.clone().faults(faults, NODE)));
        }
    }
    assert_eq!(out.len(), 18);
    out
}

/// Everything else that §3.6 names, and what its invariants need to be asked.
fn the_others() -> Vec<Scope> {
    let mut out = Vec::new();
    for (from, to) in [(3, 5), (5, 3), (3, 1)] {
        let spares = if to > from { 2 } else { 0 };
        for faults in 0..2 {
            out.push(resizing(from, to, EXPAND, spares, false).faults(faults, ANY));
            out.push(resizing(from, to, EXPAND, spares + 1, true).faults(faults, NODE));
        }
    }
    out.push(resizing(3, 5, CONTRACT, 2, true).faults(1, NODE));
    for strategy in [EXPAND, CONTRACT] {
        for faults in 0..2 {
            out.push(sharing_a_spare(strategy).faults(faults, NODE));
        }
        for faults in 0..3 {
            out.push(kubelet_down(strategy).faults(faults, NODE));
        }
        out.push(rolling(3, 0, strategy, 1).faults(1, &[Fault::Kubelet]));
        out.push(rolling(3, 0, strategy, 1).faults(1, &[Fault::Spell]));
        out.push(rolling(3, 0, strategy, 1).faults(1, &[Fault::Power]));
        out.push(rolling(3, 0, strategy, 1).faults(2, &[Fault::Return]));
        out.push(rolling(3, 0, strategy, 1).faults(1, &[Fault::Blind]));
        out.push(with_endpoint(rolling(3, 0, strategy, 1)).faults(1, &[Fault::Node, Fault::Blind]));
        out.push(external(rolling(3, 0, strategy, 1)).faults(1, NODE));
        for n in [2, 3] {
            let pool = rolling_workers(n, strategy, 1);
            out.push(pool.clone().faults(1, ANY));
            out.push(pool.faults(1, &[Fault::Spell, Fault::Power, Fault::Return]));
        }
        out.push(upgrading(1, 2, strategy).faults(1, ANY));
    }
    out.push(falling_back(rolling_workers(3, EXPAND, 0)).faults(1, ANY));
    out.push(two_voters());
    for (sizes, free) in [
        ([(1, 1), (1, 1)], 3),
        ([(3, 0), (1, 0)], 3),
        ([(1, 0), (3, 0)], 3),
    ] {
        out.push(creating_two(sizes, free).faults(1, ANY));
        out.push(creating_two(sizes, free).ask(Ask::Abort));
        out.push(creating_two(sizes, free).ask(Ask::DeleteOne("b")));
    }
    out.push(creating(3, 2, 5).faults(1, ANY));
    out.push(short_of_addresses(creating(1, 2, 3), 4).ends_well());
    out.push(short_of_addresses(creating(1, 2, 3), 3));
    out.push(short_of_addresses(rolling(1, 2, EXPAND, 2), 1).faults(1, ANY));
    for free in [0, 2] {
        out.push(behind_a_gateway(free).faults(1, NODE));
        out.push(behind_a_gateway(free).ask(Ask::Delete));
        out.push(behind_a_gateway(free).ask(Ask::DeleteGateway));
    }
    out
}

/// Delete, abort, memory loss and views one step old, in every state.
fn interruptions() -> Vec<Scope> {
    let mut out = Vec::new();
    for strategy in [EXPAND, CONTRACT] {
        let cp_and_workers = || rolling(3, 2, strategy, 1);
        out.push(cp_and_workers().ask(Ask::Delete).ends_well());
        out.push(cp_and_workers().ask(Ask::Abort).ends_well());
        out.push(cp_and_workers().forget().ends_well());
        out.push(cp_and_workers().late().ends_well());
        out.push(rolling(3, 0, strategy, 1).ask(Ask::Delete).faults(1, NODE));
        out.push(rolling(3, 0, strategy, 1).forget().faults(1, NODE));
        out.push(rolling(3, 0, strategy, 1).late().faults(1, ANY));
        out.push(rolling(3, 0, strategy, 1).late().faults(1, &[Fault::Blind]));
        out.push(rolling_workers(3, strategy, 1).forget().faults(1, ANY));
        out.push(rolling_workers(3, strategy, 1).late().faults(1, ANY));
        out.push(kubelet_down(strategy).late());
    }
    out.push(rolling(1, 0, EXPAND, 1).late().faults(1, ANY));
    out.push(rolling(1, 0, EXPAND, 1).forget().faults(1, ANY));
    out.push(creating(3, 2, 5).late().ends_well());
    out.push(creating(3, 2, 5).forget().ends_well());
    out.push(creating(3, 2, 5).ask(Ask::Abort).ends_well());
    out.push(creating(3, 2, 5).ask(Ask::Delete).ends_well());
    out.push(creating(3, 0, 3).ask(Ask::Abort).faults(1, ANY));
    out.push(locked(rolling(3, 2, EXPAND, 1), "c-w-1").ask(Ask::Delete));
    out.push(sharing_a_spare(EXPAND).late());
    out.push(sharing_a_spare(EXPAND).forget());
    out
}

/// Beyond what §3.6 names: three faults, both kinds of fault on five nodes, requests, lost memory and late views beside a fault.
fn beyond() -> Vec<Scope> {
    let mut out = Vec::new();
    for strategy in [EXPAND, CONTRACT] {
        out.push(rolling(3, 0, strategy, 1).faults(3, NODE));
        out.push(rolling_workers(3, strategy, 1).faults(3, NODE));
        out.push(rolling(7, 0, strategy, 1).faults(1, ANY));
        out.push(rolling(3, 2, strategy, 1).faults(1, ANY));
        out.push(rolling(3, 2, strategy, 1).ask(Ask::Delete).faults(1, NODE));
        out.push(rolling(3, 2, strategy, 1).forget().faults(1, NODE));
        out.push(rolling(3, 2, strategy, 1).late().faults(1, NODE));
        out.push(rolling(3, 0, strategy, 1).faults(2, &[Fault::Power, Fault::Kubelet]));
        out.push(rolling(3, 0, strategy, 1).faults(2, &[Fault::Node, Fault::Blind]));
        out.push(resizing(5, 3, strategy, 1, true).faults(2, NODE));
    }
    out.push(rolling(3, 2, CONTRACT, 1).faults(2, NODE));
    out.push(falling_back(rolling(3, 2, EXPAND, 0)).faults(2, NODE));
    out.push(creating(3, 2, 6).faults(2, ANY));
    out.push(creating(3, 2, 5).ask(Ask::Abort).faults(1, ANY));
    out.push(sharing_a_spare(EXPAND).faults(2, NODE));
    out.push(behind_a_gateway(2).faults(2, NODE));
    out
}

/// Too large for every run: half a million states each.
fn is_larger(scope: &Scope) -> bool {
    let nodes: u32 = scope.world.desired.clusters[0]
        .pools()
        .map(|p| p.size)
        .sum();
    let machines = &scope.world.observed.machines;
    scope.faults == 2 && nodes >= 7 && machines.iter().any(|m| m.owner.is_none())
}

struct Row {
    title: String,
    result: Result<Found, String>,
    took: Duration,
}

/// Two at a time, in their order.
fn run_all(scopes: &[Scope]) -> Vec<Row> {
    let next = Mutex::new(scopes.iter().enumerate());
    let rows = Mutex::new(Vec::new());
    let work = || {
        while let Some((i, scope)) = { next.lock().unwrap().next() } {
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| search(scope)));
            let result = result.map_err(|e| {
                let text = e.downcast_ref::<String>().cloned();
                text.unwrap_or_else(|| "panicked".to_owned())
            });
            let row = Row {
                title: scope.title(),
                result: result.and_then(|found| judged(scope, found)),
                took: begun.elapsed(),
            };
            if proves() {
                say(&line(&row));
            }
            rows.lock().unwrap().push((i, row));
        }
    };
    std::thread::scope(|s| {
        s.spawn(work);
        work();
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(i, _)| *i);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// L1: something ends, and in time.
fn judged(scope: &Scope, found: Found) -> Result<Found, String> {
    if found.well + found.explained + found.rounds == 0 {
        return Err("ends nowhere".to_owned());
    }
    let most = bound_ms(&scope.world);
    if found.longest_ms > most {
        return Err(format!(
            "L1 takes {} of {} s",
            found.longest_ms / 1000,
            most / 1000
        ));
    }
    Ok(found)
}

/// Past the capture of the test harness: the table is part of every log.
fn say(text: &str) {
    let mut log = std::io::stderr();
    log.write_all(text.as_bytes()).unwrap();
    log.write_all(b"\n").unwrap();
}

/// Most memory that this process has used.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

fn line(row: &Row) -> String {
    let s = row.took.as_secs_f64();
    match &row.result {
        Ok(f) => format!(
            "{:>8} {:>5} {:>5} {:>5} {:>6} {s:>7.2}  {}",
            f.states,
            f.well,
            f.explained,
            f.rounds,
            f.longest_ms / 60_000,
            row.title
        ),
        Err(why) => {
            let why: String = why.chars().take(600).collect();
            format!("     RED {s:.2}  {}: {why}", row.title)
        }
    }
}

#[test]
fn every_scope_is_safe_and_ends_as_desired_or_says_why() {
    let wanted = std::env::var("SCOPE").unwrap_or_default();
    let mut scopes = the_72();
    scopes.extend(the_18());
    scopes.extend(the_others());
    scopes.extend(interruptions());
    if proves() {
        scopes.extend(beyond());
    }
    scopes.retain(|s| s.title().contains(&wanted) && (proves() || !is_larger(s)));
    let begun = Instant::now();
    let rows = run_all(&scopes);
    let mut table = vec![format!(
        "{:>8} {:>5} {:>5} {:>5} {:>6} {:>7}  scope",
        "states", "well", "why", "round", "min", "s"
    )];
    table.extend(rows.iter().map(line));
    let found = rows.iter().filter_map(|r| r.result.as_ref().ok());
    let states: usize = found.map(|f| f.states).sum();
    let spent: f64 = rows.iter().map(|r| r.took.as_secs_f64()).sum();
    table.push(format!(
        "{states} states in {} scopes, {spent:.0} s of work in {:.0} s, {} MiB at most",
        rows.len(),
        begun.elapsed().as_secs_f64(),
        peak_mib().map_or("?".to_owned(), |n| n.to_string())
    ));
    say(&table.join("\n"));
    let red: Vec<String> = rows
        .iter()
        .filter(|r| r.result.is_err())
        .map(line)
        .collect();
    assert!(red.is_empty(), "\n{}", red.join("\n"));
}

#[test]
fn contract_first_is_refused_for_a_single_node() {
    let mut spec = ClusterSpec::new("c").control_plane(PoolSpec::control_plane("cp", 1));
    spec.control_plane.as_mut().unwrap().strategy = Strategy::ContractFirst;
    for spares in 0..3 {
        let create = Request::Create {
            cluster: Box::new(spec.clone()),
            queue_if_short: true,
        };
        let refusal = admit(&create, &world(spares + 1)).unwrap_err();
        assert_eq!(refusal.code, Code::CpContractSingle);
    }
}

/// What the key of a state leaves out, nothing reads: see `common::key`.
#[test]
fn the_reduction_changes_no_verdict() {
    let mut scopes = vec![
        rolling(1, 0, EXPAND, 1).faults(2, ANY),
        rolling(3, 0, EXPAND, 1).faults(1, ANY),
        rolling(3, 0, CONTRACT, 1).faults(1, ANY),
        rolling(3, 0, CONTRACT, 1).faults(1, &[Fault::Spell, Fault::Power]),
        rolling(3, 0, EXPAND, 1).faults(1, &[Fault::Blind, Fault::Return]),
        falling_back(rolling(3, 0, EXPAND, 0)).faults(1, ANY),
        rolling_workers(2, CONTRACT, 1).faults(2, ANY),
        rolling_workers(3, EXPAND, 1).faults(1, ANY),
        rolling(3, 2, EXPAND, 1).faults(1, NODE),
        resizing(3, 5, CONTRACT, 2, true).faults(1, NODE),
        creating(3, 2, 5).faults(1, ANY),
        creating(3, 2, 5).ask(Ask::Abort),
        rolling(3, 2, EXPAND, 1).ask(Ask::Delete),
        creating_two([(1, 1), (1, 1)], 3).ask(Ask::DeleteOne("b")),
        sharing_a_spare(EXPAND),
        rolling(3, 0, CONTRACT, 1).forget(),
        rolling(1, 0, EXPAND, 1).late().faults(1, ANY),
        kubelet_down(CONTRACT).faults(1, NODE),
        upgrading(1, 2, EXPAND).faults(1, ANY),
        behind_a_gateway(2).faults(1, NODE),
        short_of_addresses(rolling(1, 2, EXPAND, 2), 1).faults(1, ANY),
    ];
    if proves() {
        scopes.push(rolling(3, 0, CONTRACT, 1).faults(2, ANY));
        scopes.push(rolling_workers(3, CONTRACT, 1).faults(2, ANY));
        scopes.push(sharing_a_spare(CONTRACT).faults(1, NODE));
    }
    for scope in scopes {
        let (exact, reduced) = compare(&scope);
        assert_eq!(search(&scope).states, reduced, "{}", scope.title());
        say(&format!(
            "{exact:>8} states are {reduced:>8} by what is read: {}",
            scope.title()
        ));
    }
}

/// The same scope for stateright.
#[derive(Clone)]
struct Checked(Scope);

impl Model for Checked {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        vec![self.0.start()]
    }

    fn actions(&self, s: &State, actions: &mut Vec<Event>) {
        actions.extend(self.0.events(s));
    }

    fn next_state(&self, s: &State, event: Event) -> Option<State> {
        self.0.next(s, &event)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("3.6", |_, s: &State| {
            s.check();
            true
        })]
    }
}

#[test]
fn a_second_explorer_finds_as_many_states() {
    let mut scopes = vec![
        rolling(1, 0, EXPAND, 1).faults(2, ANY),
        rolling(3, 0, EXPAND, 1),
        rolling(3, 0, CONTRACT, 0).faults(1, NODE),
        rolling_workers(2, CONTRACT, 1).faults(2, NODE),
        creating(1, 1, 2).ask(Ask::Abort),
        creating_two([(1, 1), (1, 1)], 3).ask(Ask::DeleteOne("b")),
        sharing_a_spare(EXPAND),
        rolling(1, 0, EXPAND, 1).forget(),
        rolling(1, 0, EXPAND, 1).late().faults(1, ANY),
        rolling(1, 0, EXPAND, 1).faults(1, &[Fault::Blind, Fault::Return]),
    ];
    if proves() {
        scopes.push(rolling(3, 0, EXPAND, 1).faults(2, NODE));
        scopes.push(sharing_a_spare(CONTRACT).faults(1, NODE));
    }
    for scope in scopes {
        let own = search(&scope).states;
        let checker = Checked(scope.clone()).checker().spawn_bfs().join();
        checker.assert_properties();
        assert_eq!(checker.unique_state_count(), own, "{}", scope.title());
        say(&format!(
            "{own:>8} states by both explorers: {}",
            scope.title()
        ));
    }
}
