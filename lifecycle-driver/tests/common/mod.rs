//! A testbed, the example's document, and a driver over both.
#![allow(dead_code, clippy::unwrap_used)] // each test program uses a part of it

use std::time::Duration;

use futures_util::StreamExt;
use lifecycle_core::spec::ClusterDocument;
use lifecycle_core::spec::tree::Positions;
use lifecycle_driver::document::read_cluster;
use lifecycle_driver::{Driver, EventKind, Operation, WatchOptions};
use sdk_transport::{Clock, Error};
use testbed::Testbed;

pub(crate) const EXAMPLE: &str = include_str!("../../../examples/cluster.yaml");

pub(crate) struct Bench {
    pub(crate) testbed: Testbed,
    pub(crate) driver: Driver,
}

/// Fast enough that a deployment passes in a blink.
pub(crate) async fn bench() -> Bench {
    let testbed = Testbed::builder()
        .speed(1500.0)
        .seed(5)
        .start()
        .await
        .unwrap();
    let key = testbed.maas_api_key().to_owned();
    let palette = testbed.palette_api_key();
    let driver = driver(&testbed, &key, &palette);
    Bench { testbed, driver }
}

pub(crate) fn clock(testbed: &Testbed) -> Clock {
    let (now, sleep) = (testbed.clock(), testbed.clock());
    Clock::new(
        move || now.now(),
        move |time| {
            let sleep = sleep.clone();
            async move { sleep.sleep(time).await }
        },
    )
}

pub(crate) fn driver(testbed: &Testbed, maas_key: &str, palette_key: &str) -> Driver {
    let maas = maas_client::Client::builder(testbed.maas_url())
        .api_key(maas_key.parse().unwrap())
        .clock(clock(testbed))
        .build()
        .unwrap();
    let palette = palette_client::Client::builder(testbed.palette_url())
        .api_key(palette_key)
        .project(testbed.palette().project_name())
        .no_rate_limits()
        .clock(clock(testbed))
        .build()
        .unwrap();
    Driver::new(maas, palette, clock(testbed))
        .account_credentials(testbed.maas_url(), testbed.maas_api_key())
        .watch(WatchOptions::new().interval(Duration::from_secs(20)))
}

pub(crate) fn document() -> (ClusterDocument, Positions) {
    read_cluster(EXAMPLE).unwrap()
}

/// The example with one place changed.
pub(crate) fn changed(from: &str, to: &str) -> (ClusterDocument, Positions) {
    assert!(EXAMPLE.contains(from), "{from}");
    read_cluster(&EXAMPLE.replacen(from, to, 1)).unwrap()
}

/// Runs an operation and keeps what it told.
pub(crate) async fn told<T>(mut operation: Operation<T>) -> (Result<T, Error>, Vec<EventKind>) {
    let mut events = Vec::new();
    while let Some(event) = operation.next().await {
        events.push(event.kind);
    }
    (operation.finish().await, events)
}

/// Requests that changed, or tried to change, something.
pub(crate) fn changes(testbed: &Testbed) -> Vec<String> {
    let reads = [
        "/search",
        "/validate",
        "/dashboard/clusterprofiles",
        "/validate/repave",
    ];
    testbed
        .history()
        .requests()
        .iter()
        .filter(|seen| seen.method != "GET" && !reads.iter().any(|end| seen.path.ends_with(end)))
        .map(|seen| format!("{} {}", seen.method, seen.path))
        .collect()
}
