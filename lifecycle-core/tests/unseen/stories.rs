//! Whole rollouts, from the first step to the last.
use lifecycle_core::{Erase, OnNoSpare, Pct, Rollout, Simulation, State, Strategy, World};

use crate::common::pool;
use crate::common::scopes::{CONTRACT, EXPAND};
use crate::{Story, cluster, rolls, story};

fn sized(sim: &mut Simulation, id: &str, size: u32) {
    pool(&mut sim.world, "c", id).size = size;
}

fn cp(size: u32, strategy: Strategy, free: u32) -> World {
    let mut w = cluster(size, 0, free);
    rolls(&mut w, "cp", strategy);
    w
}

fn wk(size: u32, strategy: Strategy, free: u32) -> World {
    let mut w = cluster(0, size, free);
    rolls(&mut w, "w", strategy);
    w
}

/// The story goes as written, and ends Running with all nodes at the target.
fn goes(name: &str, s: &Story, tokens: &str) {
    assert_eq!(s.tokens, tokens, "{name}");
    let c = &s.last.status.clusters["c"];
    assert_eq!(c.state, State::Running, "{name}");
    for p in c.pools.values() {
        assert_eq!((p.live, p.up_to_date), (p.size, p.size), "{name}");
        assert!(
            matches!(p.rollout, Rollout::Idle | Rollout::Complete),
            "{name}: {:?}",
            p.rollout
        );
    }
}

#[test]
fn control_planes_of_every_size_one_node_at_a_time() {
    let expand = |n: u32| -> String {
        let steps = (1..=n).map(|k| format!("+cp-{0} cp-{0}✓ -cp-{k} cp-{k}✗", n + k));
        steps.collect::<Vec<_>>().join(" ")
    };
    let contract = |n: u32| -> String {
        let steps = (1..=n).map(|k| format!("-cp-{k} cp-{k}✗ +cp-{0} cp-{0}✓", n + k));
        steps.collect::<Vec<_>>().join(" ")
    };
    for n in [1, 3, 5, 7] {
        for free in [1, 2] {
            let s = story(cp(n, EXPAND, free), &[]);
            goes(&format!("CP{n} expand, {free} free"), &s, &expand(n));
            assert_eq!((s.held_max["c/cp"], s.available_min["c/cp"]), (n + 1, n));
        }
    }
    for n in [3, 5, 7] {
        for free in [0, 1] {
            let s = story(cp(n, CONTRACT, free), &[]);
            goes(&format!("CP{n} contract, {free} free"), &s, &contract(n));
            assert_eq!(
                (s.held_max["c/cp"], s.available_min["c/cp"]),
                (n + free, n - 1)
            );
        }
    }
}

#[test]
fn a_rollout_takes_the_sum_of_its_steps() {
    // 1280 s each and the release between two; contract 1340 s with an erase of nothing.
    for (n, strategy, free, seconds) in [
        (5, EXPAND, 1, 5 * 1280 + 4 * 60),
        (5, EXPAND, 2, 5 * 1280 + 4 * 60),
        (3, CONTRACT, 0, 3 * 1340),
        (7, CONTRACT, 0, 7 * 1340),
        // The spare is there at once.
        (3, CONTRACT, 1, 3 * 1280),
    ] {
        assert_eq!(story(cp(n, strategy, free), &[]).seconds, seconds, "CP{n}");
    }
}

#[test]
fn a_secure_erase_is_not_waited_for_while_another_machine_is_free() {
    let mut w = cp(3, EXPAND, 3);
    pool(&mut w, "c", "cp").erase = Erase::Secure;
    let s = story(w, &[]);
    goes(
        "erase",
        &s,
        "+cp-4 cp-4✓ -cp-1 cp-1✗ +cp-5 cp-5✓ -cp-2 cp-2✗ +cp-6 cp-6✓ -cp-3 cp-3✗",
    );
    assert_eq!(s.seconds, 3 * 1280);
    // With one spare the erase of 500 GB at 150 MB/s is waited for: 3333 s.
    let mut w = cp(3, EXPAND, 1);
    pool(&mut w, "c", "cp").erase = Erase::Secure;
    let took = story(w, &[]).seconds;
    assert!(
        (3 * 1280 + 2 * (60 + 3333)..=3 * 1280 + 2 * (60 + 3334)).contains(&took),
        "{took}"
    );
}

#[test]
fn a_control_plane_changes_its_size() {
    let grow = |from, to, strategy, free| {
        let mut w = cp(from, strategy, free);
        pool(&mut w, "c", "cp").size = to;
        story(w, &[])
    };
    let s = grow(5, 3, EXPAND, 0);
    goes(
        "5→3 and replaced",
        &s,
        "-cp-1 cp-1✗ -cp-2 cp-2✗ +cp-6 cp-6✓ -cp-3 cp-3✗ +cp-7 cp-7✓ -cp-4 cp-4✗ +cp-8 cp-8✓ -cp-5 cp-5✗",
    );
    assert_eq!(s.available_min["c/cp"], 3);
    let s = grow(3, 1, CONTRACT, 0);
    // Contract First needs three nodes: validate refuses it, decide lets it be.
    assert_eq!(s.tokens, "");
    let s = grow(1, 3, EXPAND, 3);
    goes(
        "1→3 and replaced",
        &s,
        "+cp-2 cp-2✓ +cp-3 cp-3✓ +cp-4 cp-4✓ -cp-1 cp-1✗",
    );
    let s = grow(3, 5, EXPAND, 3);
    goes(
        "3→5 and replaced",
        &s,
        "+cp-4 cp-4✓ +cp-5 cp-5✓ +cp-6 cp-6✓ -cp-1 cp-1✗ +cp-7 cp-7✓ -cp-2 cp-2✗ +cp-8 cp-8✓ -cp-3 cp-3✗",
    );
    for (from, to, tokens) in [
        (3, 1, "-cp-1 cp-1✗ -cp-2 cp-2✗"),
        (7, 3, "-cp-1 cp-1✗ -cp-2 cp-2✗ -cp-3 cp-3✗ -cp-4 cp-4✗"),
        (5, 7, "+cp-6 cp-6✓ +cp-7 cp-7✓"),
    ] {
        let mut w = cluster(from, 0, 2);
        pool(&mut w, "c", "cp").size = to;
        goes(&format!("{from}→{to}"), &story(w, &[]), tokens);
    }
}

#[test]
fn a_size_that_changes_while_it_rolls() {
    // CP-8 waits for the node on its way, CP-13 removes the outdated ones, the leader last.
    let s = story(cp(3, EXPAND, 1), &[("+cp-4", &|s| sized(s, "cp", 1))]);
    goes(
        "3→1 after +4",
        &s,
        "+cp-4 cp-4✓ -cp-1 cp-1✗ -cp-2 cp-2✗ -cp-3 cp-3✗",
    );
    let s = story(cp(1, EXPAND, 3), &[("+cp-2", &|s| sized(s, "cp", 3))]);
    goes(
        "1→3 after +2",
        &s,
        "+cp-2 cp-2✓ +cp-3 cp-3✓ +cp-4 cp-4✓ -cp-1 cp-1✗",
    );
    // One outdated node is drained already; its drain goes on, since it is still to go.
    let s = story(cp(3, EXPAND, 1), &[("-cp-1", &|s| sized(s, "cp", 1))]);
    goes(
        "3→1 after -1",
        &s,
        "+cp-4 cp-4✓ -cp-1 cp-1✗ -cp-2 cp-2✗ -cp-3 cp-3✗",
    );
    // Workers: the surplus goes without a new node; one at a time.
    let s = story(wk(3, EXPAND, 1), &[("w-4✓", &|s| sized(s, "w", 1))]);
    goes(
        "W3→1 after 4✓",
        &s,
        "+w-4 w-4✓ -w-1 w-1✗ -w-2 w-2✗ -w-3 w-3✗",
    );
    let s = story(wk(3, CONTRACT, 0), &[("w-1✗", &|s| sized(s, "w", 1))]);
    goes(
        "W3→1 after 1✗",
        &s,
        "-w-1 w-1✗ -w-2 w-2✗ -w-3 w-3✗ +w-4 w-4✓",
    );
    // W-c fills up at the target, then W-e and W-f replace the one left.
    let mut w = wk(1, EXPAND, 3);
    pool(&mut w, "c", "w").size = 3;
    goes(
        "W1→3",
        &story(w, &[]),
        "+w-2 +w-3 w-2✓ w-3✓ +w-4 w-4✓ -w-1 w-1✗",
    );
    // The size comes back before the surplus is gone: its drain is cancelled.
    let mut w = cluster(0, 3, 0);
    pool(&mut w, "c", "w").size = 2;
    goes(
        "W3→2→3",
        &story(w, &[("-w-1", &|s| sized(s, "w", 3))]),
        "-w-1 ↺w-1",
    );
}

#[test]
fn another_revision_while_it_rolls() {
    let newer = |s: &mut Simulation| pool(&mut s.world, "c", "cp").revision = "r3".into();
    let s = story(cp(3, EXPAND, 1), &[("+cp-4", &newer)]);
    // cp-4 is left to finish, is outdated then, and goes when its turn comes: the oldest first, the leader last.
    assert!(
        s.tokens
            .starts_with("+cp-4 cp-4✓ -cp-1 cp-1✗ +cp-5 cp-5✓ -cp-2 cp-2✗ +cp-6 cp-6✓"),
        "{}",
        s.tokens
    );
    assert_eq!(s.last.status.clusters["c"].pools["cp"].up_to_date, 3);
    // Rolled back while the first new one is deployed: it goes, nothing else does.
    let back = |s: &mut Simulation| pool(&mut s.world, "c", "cp").revision = "r1".into();
    let s = story(cp(3, EXPAND, 1), &[("deploying_cp-4", &back)]);
    goes("rollback", &s, "+cp-4 cp-4✓ -cp-4 cp-4✗");
    // Afterwards: the drain that is under way has a reason still, there is one node too many.
    let s = story(cp(3, EXPAND, 1), &[("-cp-1", &back)]);
    goes(
        "late rollback",
        &s,
        "+cp-4 cp-4✓ -cp-1 cp-1✗ +cp-5 cp-5✓ -cp-4 cp-4✗",
    );
    let back = |s: &mut Simulation| pool(&mut s.world, "c", "w").revision = "r1".into();
    let s = story(wk(3, CONTRACT, 1), &[("-w-1", &back)]);
    goes("rollback of a drain", &s, "-w-1 ↺w-1");
}

#[test]
fn two_workers_at_a_time() {
    let mut w = wk(5, EXPAND, 2);
    pool(&mut w, "c", "w").max_parallel = 2;
    let s = story(w, &[]);
    goes(
        "surge 2",
        &s,
        "+w-6 +w-7 w-6✓ w-7✓ -w-1 -w-2 w-1✗ w-2✗ +w-8 +w-9 w-8✓ w-9✓ -w-3 -w-4 w-3✗ w-4✗ +w-10 w-10✓ -w-5 w-5✗",
    );
    assert_eq!((s.held_max["c/w"], s.available_min["c/w"]), (7, 5));
    let mut w = wk(5, CONTRACT, 0);
    pool(&mut w, "c", "w").max_parallel = 2;
    let s = story(w, &[]);
    goes(
        "unavailable 2",
        &s,
        "-w-1 -w-2 w-1✗ w-2✗ +w-6 +w-7 w-6✓ w-7✓ -w-3 -w-4 w-3✗ w-4✗ +w-8 +w-9 w-8✓ w-9✓ -w-5 w-5✗ +w-10 w-10✓",
    );
    assert_eq!((s.held_max["c/w"], s.available_min["c/w"]), (5, 3));
    // One machine for a surge of two: it is used over and over.
    let mut w = wk(3, EXPAND, 1);
    pool(&mut w, "c", "w").max_parallel = 2;
    let s = story(w, &[]);
    goes(
        "surge 2, one spare",
        &s,
        "+w-4 w-4✓ -w-1 w-1✗ +w-5 w-5✓ -w-2 w-2✗ +w-6 w-6✓ -w-3 w-3✗",
    );
}

#[test]
fn own_figures_of_surge_and_unavailable() {
    let custom = |n, up, down, parallel, free| {
        let strategy = Strategy::Custom {
            max_surge: up,
            max_unavailable: down,
        };
        let mut w = wk(n, strategy, free);
        pool(&mut w, "c", "w").max_parallel = parallel;
        story(w, &[])
    };
    let (n, pct) = (Pct::Count, Pct::Percent);
    let figures = |s: &Story| (s.held_max["c/w"], s.available_min["c/w"]);
    // 25 % of 4 up is 1, 25 % down is 1.
    for (name, s, expected) in [
        ("1/0", custom(3, n(1), n(0), 1, 1), (4, 3)),
        ("0/1", custom(3, n(0), n(1), 1, 0), (3, 2)),
        ("1/1", custom(3, n(1), n(1), 2, 1), (4, 2)),
        ("25%/25%", custom(4, pct(25), pct(25), 2, 1), (5, 3)),
        ("1%/0", custom(4, pct(1), n(0), 1, 1), (5, 4)),
        // Rounds down to nothing, so one is unavailable.
        ("0/24%", custom(4, n(0), pct(24), 1, 0), (4, 3)),
        ("0/50%", custom(4, n(0), pct(50), 2, 0), (4, 2)),
    ] {
        assert_eq!(figures(&s), expected, "{name}: {}", s.tokens);
        assert_eq!(s.last.status.clusters["c"].state, State::Running, "{name}");
        let creates = s.tokens.matches('+').count() as u32;
        assert_eq!(
            creates, s.last.status.clusters["c"].pools["w"].size,
            "{name}"
        );
    }
}

#[test]
fn without_a_spare_only_who_may_fall_back_does() {
    let mut w = wk(3, EXPAND, 0);
    pool(&mut w, "c", "w").on_no_spare = OnNoSpare::FallbackContract;
    let s = story(w, &[]);
    goes(
        "W3",
        &s,
        "-w-1 w-1✗ +w-4 w-4✓ -w-2 w-2✗ +w-5 w-5✓ -w-3 w-3✗ +w-6 w-6✓",
    );
    assert_eq!((s.held_max["c/w"], s.available_min["c/w"]), (3, 2));
    for on_no_spare in [OnNoSpare::Wait, OnNoSpare::Refuse] {
        for mut w in [wk(3, EXPAND, 0), cp(3, EXPAND, 0)] {
            let id = w.desired.clusters[0].pools().next().unwrap().id.clone();
            pool(&mut w, "c", &id).on_no_spare = on_no_spare;
            assert_eq!(story(w, &[]).tokens, "", "{on_no_spare:?}");
        }
    }
    // A single node never goes first.
    let mut w = cp(1, EXPAND, 0);
    pool(&mut w, "c", "cp").on_no_spare = OnNoSpare::FallbackContract;
    assert_eq!(story(w, &[]).tokens, "");
    // Five, of which one may be missing.
    let mut w = cp(5, EXPAND, 0);
    pool(&mut w, "c", "cp").on_no_spare = OnNoSpare::FallbackContract;
    assert!(
        story(w, &[])
            .tokens
            .starts_with("-cp-1 cp-1✗ +cp-6 cp-6✓ -cp-2")
    );
}

#[test]
fn a_peer_that_dies_takes_the_drain_back() {
    // Expand First: cp-2 dies while cp-1 drains; two spares, since its machine is in quarantine.
    let s = story(
        cp(3, EXPAND, 2),
        &[("-cp-1", &|s| s.fail_node("c", "cp-2"))],
    );
    assert!(
        s.tokens
            .starts_with("+cp-4 cp-4✓ -cp-1 ↺cp-1 cycle_cp-2 -cp-2 cp-2✗ +cp-5 cp-5✓ -cp-1 cp-1✗"),
        "{}",
        s.tokens
    );
    // It comes back: the drain is taken up after ten minutes, nothing else happens.
    let s = story(
        cp(3, CONTRACT, 0),
        &[
            ("-cp-1", &|s| s.fail_node("c", "cp-3")),
            ("↺cp-1", &|s| s.heal_node("c", "cp-3")),
        ],
    );
    assert!(
        s.tokens.starts_with("-cp-1 ↺cp-1 -cp-1 cp-1✗ +cp-4"),
        "{}",
        s.tokens
    );
    // Workers: the floor is what counts.
    let s = story(
        wk(3, CONTRACT, 1),
        &[("-w-1", &|s| s.fail_node("c", "w-2"))],
    );
    assert!(
        s.tokens.starts_with("-w-1 ↺w-1 cycle_w-2 -w-2 w-2✗ +w-4"),
        "{}",
        s.tokens
    );
}
