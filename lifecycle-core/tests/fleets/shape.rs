//! Fleets to start from.
use lifecycle_core::{
    ClusterSpec, OnNoSpare, Pct, PoolSpec, Severity, Strategy, Version, World, validate,
};

use crate::common::trace::add_gateway;
use crate::common::{T0, add_running, world};

pub(crate) const ZONES: [&str; 3] = ["z1", "z2", "z3"];

/// No fleet has more nodes.
pub(crate) const LARGEST: usize = 200;

/// A pool to be made.
#[derive(Clone, Debug)]
pub struct PoolShape {
    pub size: u32,
    pub strategy: Strategy,
    pub on_no_spare: OnNoSpare,
    pub max_parallel: u32,
    /// How many zones, from the first; 0: any.
    pub zones: usize,
    pub wide: bool,
}

/// A cluster to be made.
#[derive(Clone, Debug)]
pub struct ClusterShape {
    /// 0: machines only.
    pub cp: PoolShape,
    pub workers: Vec<PoolShape>,
    pub priority: u8,
    pub behind: Option<usize>,
    /// Already there; else it waits to be created.
    pub running: bool,
    /// Outdated from the start.
    pub rolls: bool,
}

/// Everything at the start.
#[derive(Clone, Debug)]
pub struct Shape {
    pub clusters: Vec<ClusterShape>,
    /// Sizes.
    pub gateways: Vec<u32>,
    pub spares: u32,
    /// Free addresses beyond the spare machines; absent: not counted.
    pub addresses: Option<u32>,
    pub pools_rolling: u32,
    pub leases_held: bool,
}

impl PoolShape {
    fn spec(&self, id: &str, is_cp: bool) -> PoolSpec {
        let strategy = match self.strategy {
            Strategy::Custom { .. } if is_cp => Strategy::ExpandFirst,
            Strategy::ContractFirst if is_cp && self.size < 3 => Strategy::ExpandFirst,
            s => s,
        };
        let mut p = if is_cp {
            PoolSpec::control_plane(id, self.size)
        } else {
            PoolSpec::worker(id, self.size)
        };
        p = p.strategy(strategy).on_no_spare(self.on_no_spare);
        p = p.azs(ZONES.into_iter().take(self.zones));
        p.max_parallel = if is_cp { 1 } else { self.max_parallel };
        p.min_cpu = if self.wide { 16 } else { 8 };
        p.k8s_version = Some(Version::new(1, 33, 0));
        if !is_cp {
            p.max_unhealthy = Pct::Percent(50);
        }
        p
    }
}

impl ClusterShape {
    fn spec(&self, id: &str, gateways: usize) -> ClusterSpec {
        let mut c = ClusterSpec::new(id).requested_ms(T0 - 1000);
        c.priority = self.priority;
        if self.cp.size > 0 {
            c = c.control_plane(self.cp.spec("cp", true));
        }
        for (i, p) in self.workers.iter().enumerate() {
            c = c.worker(p.spec(&format!("w{i}"), false));
        }
        if let Some(g) = self.behind.filter(|_| gateways > 0) {
            c = c.pcg(format!("g{}", g % gateways));
        }
        c.network.subnet = Some("s".into());
        c
    }
}

impl Shape {
    /// Without the clusters that would make it too large.
    pub fn limited(mut self) -> Self {
        let mut left = LARGEST - self.gateways.iter().sum::<u32>() as usize;
        self.clusters.retain(|c| {
            let workers = c.workers.iter().map(|p| p.size).sum::<u32>();
            let size = (c.cp.size + workers) as usize;
            let fits = size <= left;
            left -= if fits { size } else { 0 };
            fits
        });
        self
    }

    pub fn world(&self) -> World {
        let mut w = world(self.spares);
        for (i, m) in w.observed.machines.iter_mut().enumerate() {
            m.zone = ZONES[i % 3].into();
            m.cpu = [8, 16, 32][(i / 3) % 3];
        }
        for (i, size) in self.gateways.iter().enumerate() {
            add_gateway(&mut w, &format!("g{i}"), *size);
        }
        for (i, shape) in self.clusters.iter().enumerate() {
            let spec = shape.spec(&format!("c{i}"), self.gateways.len());
            if !shape.running {
                w.desired.clusters.push(spec);
                continue;
            }
            add_running(&mut w, spec);
            if shape.rolls {
                let c = w.desired.clusters.last_mut().unwrap();
                for p in c.control_plane.iter_mut().chain(&mut c.workers) {
                    p.revision = "r2".into();
                }
            }
        }
        if let Some(slack) = self.addresses {
            let free_ips = self.spares + slack;
            let subnet =
                serde_json::json!({"id": "s", "cidr": "10.0.0.0/16", "free_ips": free_ips});
            w.observed.subnets = vec![serde_json::from_value(subnet).unwrap()];
        }
        let findings = validate(&w.desired);
        let error = findings.iter().find(|f| f.severity == Severity::Error);
        assert!(error.is_none(), "the shape is wrong: {error:?}");
        w.policy.max_pools_rolling = self.pools_rolling;
        w.policy.lease_held_while_returning = self.leases_held;
        w
    }
}
