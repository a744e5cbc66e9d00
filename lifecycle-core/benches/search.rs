//! B12 of §4 of the specification: the exhaustive search of CP3+W2+W2 over one spare machine with two faults, one core. The time is printed
//! beside its target. The number of states is asserted: it changes only with what the engine decides or with what the key of a state leaves
//! out, and whoever changes that says so by changing the figure here.
#![allow(clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::explore::{Fault, search};
use common::scopes::rolling_pools;

const STATES: usize = 515_509;

fn main() {
    let scope = rolling_pools(2, 1).faults(2, &[Fault::Node]);
    let begun = Instant::now();
    let found = search(&scope);
    println!(
        "B12  {:<45} {:>9.1} s    target    60 s    {} states",
        scope.title(),
        begun.elapsed().as_secs_f64(),
        found.states
    );
    assert_eq!(
        found.states, STATES,
        "B12: the search reaches other states than at the last commit; if that is meant, STATES is the place to say so"
    );
}
