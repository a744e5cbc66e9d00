//! From a document to what Palette is asked for. Pure.

use lifecycle_core::spec::{
    BackupPolicy as BackupDocument, ClusterDocument, ClusterProfile, IncludeClusterResources,
    OsPatching, Scan, ScanPolicy as ScanDocument,
};
use palette_client::{
    BackupPolicy, ClusterOptions, ClusterResourceMode, NodePoolOptions, OsPatchPolicy, PackOptions,
    ProfileOptions, ProfilesOptions, ScanPolicy, Variable,
};

use crate::facts::palette::BackupLocation;
use crate::pools;

/// What Palette knows by other names than a document does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uids {
    pub(crate) account: String,
    pub(crate) profile: Option<String>,
    pub(crate) backup_location: Option<BackupLocation>,
}

/// The cluster that Palette is to create.
pub(crate) fn cluster(document: &ClusterDocument, uids: &Uids) -> ClusterOptions {
    let mut options = ClusterOptions::new(&document.name, &uids.account, &document.domain)
        .tags(&document.tags)
        .ssh_keys(&document.ssh_keys)
        .ntp_servers(&document.ntp_servers)
        .node_pools(
            pools::of_document(document)
                .iter()
                .map(|pool| pool.to_options(NodePoolOptions::default())),
        );
    if let Some(description) = &document.description {
        options
            .annotations
            .insert("description".to_owned(), description.clone());
    }
    if let (Some(uid), Some(wanted)) = (&uids.profile, &document.cluster_profile) {
        options.profiles = vec![profile(wanted, uid)];
    }
    let features = &document.features;
    options.backup_policy = features
        .backup_policy
        .as_ref()
        .map(|policy| backup(policy, uids.backup_location.as_ref()));
    options.scan_policy = features.scan_policy.as_ref().map(scans);
    options.os_patch_policy = features.machine_management.as_ref().map(patches);
    options
}

/// A profile with the document's pack overrides and variables.
pub(crate) fn profile(wanted: &ClusterProfile, uid: &str) -> ProfileOptions {
    let packs = wanted.packs.iter().map(|pack| {
        let options = PackOptions::new(&pack.name, &pack.values);
        match &pack.tag {
            Some(tag) => options.tag(tag),
            None => options,
        }
    });
    let variables = wanted
        .variables
        .iter()
        .map(|(name, value)| Variable::default().name(name).value(value));
    ProfileOptions::new(uid).packs(packs).variables(variables)
}

/// The exchange of an attached profile for this one, or for other values of the same.
pub(crate) fn profiles(
    wanted: &ClusterProfile,
    uid: &str,
    attached: Option<&str>,
) -> ProfilesOptions {
    let options = profile(wanted, uid);
    ProfilesOptions::new(
        match attached.filter(|attached| *attached != uid && !attached.is_empty()) {
            Some(attached) => options.replaces(attached),
            None => options,
        },
    )
}

fn backup(policy: &BackupDocument, location: Option<&BackupLocation>) -> BackupPolicy {
    let mut options = BackupPolicy::default()
        .location_name(&policy.location)
        .schedule(policy.schedule.as_str())
        .keep_hours(i64::from(policy.ttl_hours))
        .include_all_disks(policy.include_all_disks)
        .cluster_resources(match policy.include_cluster_resources {
            IncludeClusterResources::Always => ClusterResourceMode::Always,
            IncludeClusterResources::Auto => ClusterResourceMode::Auto,
            IncludeClusterResources::Never => ClusterResourceMode::Never,
        })
        .namespaces(&policy.namespaces);
    options.prefix.clone_from(&policy.prefix);
    if let Some(location) = location {
        options.location_uid = Some(location.uid.clone());
        options.location_kind = Some(location.kind.clone()).filter(|kind| !kind.is_empty());
    }
    options
}

fn scans(policy: &ScanDocument) -> ScanPolicy {
    let at = |scan: &Option<Scan>| scan.as_ref().map(|scan| scan.schedule.as_str().to_owned());
    let mut options = ScanPolicy::default();
    options.kube_bench = at(&policy.kube_bench);
    options.kube_hunter = at(&policy.kube_hunter);
    options.sonobuoy = at(&policy.sonobuoy);
    options
}

fn patches(policy: &OsPatching) -> OsPatchPolicy {
    let mut options = OsPatchPolicy::default()
        .on_boot(policy.patch_on_boot)
        .reboot_if_required(policy.reboot_if_required);
    options.schedule = policy
        .schedule
        .as_ref()
        .map(|schedule| schedule.as_str().to_owned());
    options
}
