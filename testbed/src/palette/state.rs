//! What Palette knows. Every request and every step of the simulated clock works on this under one lock.

use std::sync::Arc;

use lifecycle_core::{Memory, Planner};
use serde_json::{Value, json};

use super::account::Account;
use super::backup_location;
use super::cluster::Cluster;
use super::gateway::Gateway;
use super::limit::Limits;
use super::node::Node;
use super::profile::Profile;
use super::reply::Refusal;
use super::tenant::{Tenant, Uids};

/// Everything in Palette.
pub(crate) struct State {
    /// The simulated instant of whatever is happening, milliseconds.
    pub(crate) now_ms: i64,
    started_ms: i64,
    /// `http://127.0.0.1:PORT`
    pub(crate) origin: Arc<str>,
    pub(crate) uids: Uids,
    /// Names of requests, apart from the uids so that reading does not change what is created next.
    pub(crate) references: Uids,
    pub(crate) tenant: Tenant,
    pub(crate) gateway: Gateway,
    pub(crate) profiles: Vec<Profile>,
    /// Where backups go.
    pub(crate) locations: Vec<Value>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) planner: Planner,
    pub(crate) memory: Memory,
    pub(crate) limits: Limits,
    /// When something is to happen next, milliseconds.
    pub(crate) next_due_ms: Option<i64>,
}

impl State {
    pub(crate) fn new(seed: u64, now_ms: i64, origin: Arc<str>, planner: Planner) -> Self {
        let mut uids = Uids::new(seed);
        let tenant = Tenant::new(&mut uids);
        let gateway = Gateway::new(&mut uids);
        let profiles = Profile::builtin(&mut uids);
        let locations = vec![backup_location::builtin(&mut uids, &tenant, now_ms)];
        Self {
            now_ms,
            started_ms: now_ms,
            origin,
            uids,
            references: Uids::new(!seed),
            tenant,
            gateway,
            profiles,
            locations,
            accounts: Vec::new(),
            clusters: Vec::new(),
            nodes: Vec::new(),
            planner,
            memory: Memory::default(),
            limits: Limits::default(),
            next_due_ms: None,
        }
    }

    /// When the testbed started, as text.
    pub(crate) fn started(&self) -> String {
        time(self.started_ms)
    }

    /// Now, as text.
    pub(crate) fn now(&self) -> String {
        time(self.now_ms)
    }

    /// `metadata` of a resource of the project.
    pub(crate) fn metadata(
        &self,
        name: &str,
        uid: &str,
        created_ms: i64,
        modified_ms: i64,
    ) -> Value {
        json!({
            "name": name, "uid": uid, "labels": {}, "annotations": self.tenant.annotations(),
            "creationTimestamp": time(created_ms), "lastModifiedTimestamp": time(modified_ms),
        })
    }

    pub(crate) fn cluster(&self, uid: &str) -> Result<&Cluster, Refusal> {
        let found = self.clusters.iter().find(|cluster| cluster.uid == uid);
        found.ok_or_else(|| Refusal::not_found("spectrocluster", uid))
    }

    pub(crate) fn cluster_mut(&mut self, uid: &str) -> Result<&mut Cluster, Refusal> {
        let found = self.clusters.iter_mut().find(|cluster| cluster.uid == uid);
        found.ok_or_else(|| Refusal::not_found("spectrocluster", uid))
    }

    /// The cluster that has this cloud config.
    pub(crate) fn cluster_of_config(&self, config_uid: &str) -> Result<&Cluster, Refusal> {
        let found = self
            .clusters
            .iter()
            .find(|cluster| cluster.config_uid == config_uid);
        found.ok_or_else(|| Refusal::not_found("cloudconfig", config_uid))
    }

    pub(crate) fn profile(&self, uid: &str) -> Result<&Profile, Refusal> {
        let found = self.profiles.iter().find(|profile| profile.uid == uid);
        found.ok_or_else(|| Refusal::not_found("clusterprofile", uid))
    }

    pub(crate) fn account(&self, uid: &str) -> Result<&Account, Refusal> {
        let found = self.accounts.iter().find(|account| account.uid == uid);
        found.ok_or_else(|| Refusal::not_found("cloudaccount", uid))
    }
}

/// An instant as Palette writes it: UTC with milliseconds.
pub(crate) fn time(ms: i64) -> String {
    format!("{:.3}", crate::clock::timestamp(ms.saturating_mul(1000)))
}

/// A text of a JSON document; empty if it is not there.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// The elements of a JSON array; none of anything else.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A short name for a content, the same in every run: FNV-1a.
pub(crate) fn digest(content: &str) -> String {
    let hash = content
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    format!("{hash:016x}")
}
