//! What Palette does to a cluster by itself: backups, compliance scans, patches of the operating system.

use jiff::Timestamp;

use crate::options::{options, wire_enum};

wire_enum! {
    /// Which cluster-wide resources a backup holds. Mirrors `v1IncludeClusterResourceMode`.
    pub enum ClusterResourceMode {
        /// All.
        Always = "Always",
        /// Those that the namespaces refer to.
        Auto = "Auto",
        /// None.
        Never = "Never",
    }
}

options! {
    /// When and what to back up. Mirrors `v1ClusterBackupConfig`.
    pub struct BackupPolicy, new {
        /// The prefix of the backups' names.
        prefix: Option<String> => "backupPrefix",
        /// The backup's name.
        name: Option<String> => "backupName",
        /// Where they are stored.
        location_uid: Option<String> => "backupLocationUid",
        /// The location's name.
        location_name: Option<String> => "backupLocationName",
        /// The location's kind, e.g. `s3` or `minio`.
        location_kind: Option<String> => "locationType",
        /// When, in cron's syntax.
        schedule: Option<String> => "schedule/scheduledRunTime",
        /// How long they are kept, in hours.
        keep_hours: Option<i64> => "durationInHours",
        /// Whether disks are included.
        include_all_disks: Option<bool> => "includeAllDisks",
        /// Which cluster-wide resources are included.
        cluster_resources: Option<ClusterResourceMode> => "includeClusterResourceMode",
        /// The namespaces; all if there are none.
        namespaces: Vec<String> => "namespaces",
    }
}

options! {
    /// When to scan; each in cron's syntax. Mirrors `v1ClusterComplianceScheduleConfig`.
    pub struct ScanPolicy, new {
        /// Configuration security (CIS).
        kube_bench: Option<String> => "kubeBench/schedule/scheduledRunTime",
        /// Penetration tests.
        kube_hunter: Option<String> => "kubeHunter/schedule/scheduledRunTime",
        /// Conformance; takes up to two hours.
        sonobuoy: Option<String> => "sonobuoy/schedule/scheduledRunTime",
    }
}

options! {
    /// When the nodes' operating system is patched. Mirrors `v1OsPatchConfig`.
    pub struct OsPatchPolicy, new {
        /// When a node first boots.
        on_boot: bool => "patchOnBoot",
        /// Whether to boot again if a patch asks for it.
        reboot_if_required: bool => "rebootIfRequired",
        /// When, in cron's syntax.
        schedule: Option<String> => "schedule",
        /// Once, after this time.
        once_after: Option<Timestamp> => "onDemandPatchAfter",
    }
}
