// Generated from lifecycle-core/schemas by a test; `UPDATE_TYPES=1 cargo test -p palette-maas-tests --test typescript` writes it anew.

/**
 * One thing for the host to do.
 *
 * The host carries it out iff no pending action has the same id and the `Guard` holds at that moment. Every action is safe to repeat
 * under its guard. The id is `"{cluster}/{pool}/{node}/{verb}"`, `-` standing for a missing part and the system id for a missing node.
 */
export type Action = {
  /** How many times it was tried, for people. */
  attempt?: number;
  /** When it may be done; absent: always. */
  guard?: Guard | null;
  /** `"{cluster}/{pool}/{node}/{verb}"`. */
  id: string;
} & ({
  /** Node that it becomes. */
  node: string;
  /** Machine. */
  system_id: string;
  verb: 'allocate';
  /** Its zone. */
  zone: string;
} | {
  /** Its part in the cluster. */
  mode: DeployMode;
  /** Node. */
  node: string;
  /** What it is made from. */
  revision: string;
  /** Machine. */
  system_id: string;
  verb: 'deploy';
} | {
  /** Cluster. */
  cluster: string;
  /** Fact. */
  field: RecordField;
  /** Node, for `joined_ms`. */
  node?: string | null;
  /** Moment. */
  value: number;
  verb: 'record';
} | {
  /** Node. */
  node: string;
  verb: 'attach_endpoint';
} | {
  /** Node. */
  node: string;
  verb: 'detach_endpoint';
} | {
  /** Until when. */
  deadline_ms: number;
  /** Node. */
  node: string;
  verb: 'drain';
} | {
  /** Node. */
  node: string;
  verb: 'cancel_drain';
} | {
  /** From this node. */
  from: string;
  /** To this node. */
  to: string;
  verb: 'move_etcd_leader';
} | {
  /** What it is. */
  kind: MemberKind;
  /** Member. */
  member_id: string;
  verb: 'remove_etcd_member';
} | {
  /** How its disks are erased. */
  erase?: Erase;
  /** Machine. */
  system_id: string;
  verb: 'release';
} | {
  /** Node. */
  node: string;
  verb: 'delete_node_object';
} | {
  /** Node. */
  node: string;
  verb: 'power_on';
} | {
  /** Node. */
  node: string;
  verb: 'power_cycle';
} | {
  /** What they hash to. */
  inplace_revision: string;
  /** Node. */
  node: string;
  verb: 'apply_in_place';
} | {
  /** Cluster or gateway. */
  cluster: string;
  /** By a force delete. */
  forced?: boolean;
  /** Machines left behind. */
  orphans?: string[];
  verb: 'finish_deleted';
} | {
  /** About what. */
  args?: Record<string, unknown>;
  /** What. */
  code: string;
  verb: 'notify';
} | {
  verb: 'unknown';
});

/** An accepted request. */
export interface Admission {
  /** What is wanted now. */
  desired: Desired;
  /** What should be known. */
  warnings?: Finding[];
}

/** The same request done otherwise. */
export interface Alternative {
  /** What is changed. */
  change: Change;
  /** How long, at the medians. */
  duration_p50_s: number;
  /** Whether it comes to its end. */
  feasible: boolean;
  /** Fewest nodes available at any time, by `"cluster/pool"`. */
  min_available: Record<string, number>;
  /** Most machines held at once, by `"cluster/pool"`. */
  peak_machines: Record<string, number>;
}

/** CPU architecture of a pool's machines. */
export type Arch = 'amd64' | 'arm64';

/** Backups of the cluster's objects and volumes. */
export interface BackupPolicy {
  /** Back up persistent volumes too. */
  include_all_disks?: boolean;
  /** Whether objects outside of namespaces are included. */
  include_cluster_resources?: IncludeClusterResources;
  /** Name of the backup location in Palette. */
  location: string;
  /** Namespaces to back up; empty: all. */
  namespaces?: string[];
  /** What the names of backups begin with. */
  prefix?: string | null;
  /** When a backup is made. */
  schedule: Schedule;
  /** How long a backup is kept, in hours. */
  ttl_hours: number;
}

/** Whether a cluster finds its machines, pool by pool. */
export interface CapacityReport {
  /** Every pool gets all it needs. */
  enough: boolean;
  /** The control plane first, then the workers as they are listed. */
  pools: PoolCapacity[];
}

/** What an alternative changes. */
export type Change = 'other_strategy' | 'one_more_spare';

/** The cloud account through which Palette reaches MAAS. MAAS's address and key are never written here. */
export interface CloudAccount {
  /** Name of the private cloud gateway behind which MAAS is reached. */
  gateway: string;
  /** Name of the account; it is created if there is none. */
  name: string;
}

/**
 * A cluster as a user describes it.
 *
 * Only data: what MAAS and Palette have to know about the cluster. `examples/cluster.yaml` explains every field.
 */
export interface ClusterDocument {
  /** The cloud account that Palette uses to reach MAAS. Needed when Palette carries the cluster out. */
  cloud_account?: CloudAccount | null;
  /** The cluster profile and what is changed in its packs. Needed when Palette carries the cluster out. */
  cluster_profile?: ClusterProfile | null;
  /** The control-plane pool. */
  control_plane: ControlPlaneDocument;
  /** What the cluster is for. */
  description?: string | null;
  /** DNS domain of the machines in MAAS. It cannot change later. */
  domain: string;
  /** Management features. */
  features?: Features;
  /** Image as MAAS names it (`ubuntu/jammy`, `custom/golden`). When Palette carries the cluster out, the profile's OS pack decides. */
  image?: string | null;
  /** Kubernetes version of the nodes, as in the profile: lets version rules be checked before anything is sent. */
  kubernetes_version?: Version | null;
  /** Who carries the cluster out: `palette` (default), or `engine`, straight on MAAS. */
  managed_by?: ManagedBy;
  /** Name of the cluster: lower-case letters, digits and dashes, at most 63. */
  name: string;
  /** Address ranges. */
  network?: NetworkDocument;
  /** NTP servers instead of the image's own. */
  ntp_servers?: string[];
  /** Version of this shape: 1. */
  schema_version: number;
  /** Public SSH keys that may log in to the nodes. */
  ssh_keys?: string[];
  /** Tags of the cluster in Palette: `key:value`, or a bare word. */
  tags?: string[];
  /** The worker pools. */
  workers?: WorkerPoolDocument[];
}

/** Of a cluster or gateway. */
export interface ClusterMemory {
  /** Members that belong to no node, by member id: since when. */
  ghosts?: Record<string, number>;
  /** A running mass-failure stop. */
  mass_failure?: MassFailure | null;
  /** Since when it is Deleting or Aborting: starts the force-delete clock. */
  terminating_since_ms?: number | null;
}

/** The record of a cluster or gateway. */
export interface ClusterObs {
  /** When its abort began. */
  abort_started_ms?: number | null;
  /** When its deletion began. */
  deletion_started_ms?: number | null;
  /** The init node's API server has answered once; never taken back. */
  initialized?: boolean;
  /** Palette's message. */
  message?: string | null;
  /** Machines left behind by a force delete. */
  orphans?: string[];
  /** When all pools were first complete. */
  provisioned_ms?: number | null;
  /** Palette's state; for an engine-managed cluster only `deleted`. */
  state?: string | null;
  /** When the running update began. */
  update_started_ms?: number | null;
}

/** A cluster profile of Palette, by name or by uid. */
export interface ClusterProfile {
  /** Name of the profile; either this or `uid`. */
  name?: string | null;
  /** Pack overrides: values that replace those of the profile. */
  packs?: PackOverride[];
  /** Uid of the profile; either this or `name`. */
  uid?: string | null;
  /** Values of the profile's variables. */
  variables?: Record<string, string>;
  /** Version of the profile, with `name`; absent: the latest. */
  version?: string | null;
}

/** A cluster. */
export interface ClusterSpec {
  /** When its abort was asked for. */
  abort_requested_ms?: number | null;
  /** Lets a Palette-managed control plane have 7 nodes. */
  allow_large_control_plane?: boolean;
  /** Its control plane; absent: machines only. */
  control_plane?: PoolSpec | null;
  /** When its deletion was asked for. */
  delete_requested_ms?: number | null;
  /** How its etcd is run. */
  etcd?: Etcd;
  /** An accepted force delete. */
  force_delete?: ForceDelete | null;
  /** Its name, unique among clusters and gateways. */
  id: string;
  /** Who carries it out: the engine's host, or Palette (then the engine validates, admits, previews and watches). */
  managed_by?: ManagedBy;
  /** Where its addresses come from. */
  network?: NetSpec;
  /** Nothing voluntary happens while true. */
  paused?: boolean;
  /** The gateway through which it is created and deleted; absent: gateway rules do not apply. */
  pcg_id?: string | null;
  /** 0 (first) to 9 when machines are short. */
  priority?: number;
  /** Whether a change that replaces nodes is approved. */
  repave?: Repave;
  /** When it was asked for: orders the queue. */
  requested_ms: number;
  /** When it was last resumed: ends a freeze or a mass-failure stop that began earlier. */
  resumed_ms?: number | null;
  /** Its worker pools. */
  workers?: PoolSpec[];
}

/** The stable code of a refusal or a warning. */
export type Code = 'E_CP_SIZE_EVEN' | 'E_CP_SIZE_ZERO' | 'E_CP_SIZE_TOO_LARGE' | 'E_CP_CONTRACT_SINGLE' | 'E_CP_STRATEGY' | 'E_CP_MULTI_STEP_LOSS' | 'E_NO_SPARE_SINGLE_NODE' | 'E_SURGE_AND_UNAVAILABLE_ZERO' | 'E_CONTRACT_WOULD_LOSE_CAPACITY' | 'E_CAPACITY' | 'E_DELETE_NOT_PROVISIONED' | 'E_ABORT_ALREADY_PROVISIONED' | 'E_FORCE_NOT_DELETING' | 'E_FORCE_TOO_EARLY' | 'E_FORBIDDEN_ROLE' | 'E_UPDATE_WHILE_PROVISIONING' | 'E_TERMINATING' | 'E_DELETED' | 'E_REPAVE_NOT_APPROVED' | 'E_PCG_IN_USE' | 'E_PCG_SHRINK' | 'E_PCG_SIZE' | 'E_PCG_RESIZE_BUSY' | 'E_PCG_UNHEALTHY' | 'E_PCG_MISSING' | 'E_VERSION_SKEW' | 'E_VERSION_SKIP' | 'E_DOWNGRADE' | 'E_IP_SHORT' | 'E_CIDR_OVERLAP' | 'E_CIDR_TOO_SMALL' | 'E_CIDR_NOT_CANONICAL' | 'E_VIP_IN_CIDR' | 'E_VIP_OUTSIDE_SUBNET' | 'E_STALE_INPUT' | 'E_POOL_LAST_CP' | 'E_POOL_DUPLICATE' | 'E_AZ_UNKNOWN' | 'E_TAINT_EFFECT' | 'E_LABEL_SYNTAX' | 'E_NAME_TAKEN' | 'E_NOT_FOUND' | 'E_LIMIT' | 'E_UNSUPPORTED' | 'E_UNKNOWN_FIELD' | 'E_DUPLICATE_FIELD' | 'E_REQUIRED' | 'E_TYPE' | 'E_SYNTAX' | 'E_INVALID' | 'W_NO_SPARE' | 'W_IP_PEAK' | 'W_IP_HEADROOM' | 'W_PODS_SHARED' | 'W_MAAS_DEFAULT_SUBNET' | 'W_ORPHANS' | 'W_CUSTOM_ROUNDED_TO_ZERO' | 'W_TOLERANCE_ZERO' | 'W_BELOW_FLOOR' | 'W_WOULD_WAIT' | 'E_MAX_STEPS' | 'E_STUCK';

/** What holds of a cluster beside its state. */
export interface Condition {
  /** Its values. */
  args?: Record<string, unknown>;
  /** Which. */
  code: ConditionCode;
}

/** The conditions. */
export type ConditionCode = 'Degraded' | 'QuorumLost' | 'EtcdUnknown' | 'EtcdNotObservable' | 'MassFailure' | 'ObservationStale' | 'CapacityShort' | 'RepavePendingApproval' | 'Paused' | 'Frozen' | 'BlockedByPcg' | 'QueuedBehindPcg' | 'MachineLocked' | 'ReturnStuck' | 'CannotRemediate' | 'InvalidSpec' | 'PaletteError' | 'ZoneSkewTolerated' | 'PendingStuck' | 'DrainBlocked';

/** The control-plane pool. */
export interface ControlPlaneDocument {
  /** Lets Palette run a control plane of 7 nodes. */
  allow_large_control_plane?: boolean;
  /** Allow workers on the control plane: its nodes also run workloads. */
  allow_workloads?: boolean;
  /** How long draining a node may take, in seconds. */
  drain_deadline_s?: number;
  /** How MAAS erases the disks of a released machine. */
  erase?: Erase;
  /** Labels of the nodes. */
  labels?: Record<string, string>;
  /** Which machines it takes. */
  machines: MachineRequirements;
  /** Name of the pool; its nodes are called `{name}-1`, `{name}-2`, … */
  name?: string;
  /** What happens then. */
  on_drain_deadline?: OnDrainDeadline;
  /** What Expand First does when no spare machine fits. */
  on_no_spare?: OnNoSpare;
  /** How outdated nodes are replaced: `expand_first` or, with at least 3 nodes, `contract_first`. */
  rolling_update?: Strategy;
  /** Number of nodes: 1, 3, 5 or 7. */
  size: number;
  /** Taints of the nodes. */
  taints?: Taint[];
}

/** The engine's answer. */
export interface Decision {
  /** What to do now, in this order. */
  actions?: Action[];
  /** Oddities of the input. */
  diagnostics?: Diagnostic[];
  /** Why, and why not, for everything that is not as desired. */
  explain?: Explain[];
  /** What to hand in next time. */
  memory?: Memory;
  /** When to ask again at the latest; absent: when something is observed to change. */
  next_wakeup_ms?: number | null;
  /** Where everything stands. */
  status?: FleetStatus;
}

/** A node's part in its cluster. */
export type DeployMode = 'init' | 'join_control_plane' | 'join_worker';

/** What is wanted of a whole fleet. `admit` is the only thing that should write it. */
export interface Desired {
  /** Clusters. */
  clusters?: ClusterSpec[];
  /** Private cloud gateways. */
  pcgs?: PcgSpec[];
  /** The shape's version: 1. */
  schema_version?: number;
}

/** An oddity of the input. */
export interface Diagnostic {
  /** Its values. */
  args?: Record<string, unknown>;
  /** Which. */
  code: DiagnosticCode;
}

/** The oddities. */
export type DiagnosticCode = 'ClockWentBackwards' | 'ClockJumpedForward' | 'ClockHwmReset' | 'ObservationFromFuture' | 'Unmanaged' | 'MachineOwnedTwice' | 'DuplicateId' | 'UnknownPool' | 'LimitExceeded';

/** A node's drain. */
export interface Drain {
  /** What blocks it: `pdb namespace/name`. */
  blocker?: string | null;
  /** Who drains it. */
  by?: DrainBy;
  /** Pods still to be evicted. */
  pods_left?: number;
  /** When it began. */
  started_ms?: number | null;
  /** How far it is. */
  state?: DrainState;
}

/** Who drains a node. */
export type DrainBy = 'none' | 'engine' | 'operator';

/** How far a drain is. */
export type DrainState = 'done' | 'blocked' | 'running';

/** How disks are erased at release. */
export type Erase = 'none' | 'quick' | 'secure';

/** How long a full erase takes, from the disks' sizes. */
export interface EraseRate {
  /** The deadline is p90, and at least this. */
  deadline_min_s: number;
  /** MB/s in half of all cases. */
  p50_mb_s: number;
  /** MB/s reached in nine of ten cases. */
  p90_mb_s: number;
}

/** How a cluster's etcd is run. */
export type Etcd = 'stacked' | 'external' | 'opaque';

/** A member of etcd. */
export interface EtcdMember {
  /** Whether it answers and is in step. */
  healthy?: Tri;
  /** Whether it leads. */
  leader?: boolean;
  /** Not a voter yet. */
  learner?: boolean;
  /** Its id. */
  member_id: string;
  /** Its name; empty: not started. */
  name?: string;
  /** The node it runs on. */
  node?: string | null;
  /** Its peers' addresses. */
  peer_ips?: string[];
}

/** What etcd said of itself. */
export interface EtcdView {
  /** When. */
  as_of_ms: number;
  /** Its members. */
  members?: EtcdMember[];
  /** Whether it answered. */
  reachable?: boolean;
}

/** Why something was done, or not. */
export interface Explain {
  /** What the rule looked at. */
  facts?: Record<string, unknown>;
  /** Rule and facts in a sentence. */
  message: string;
  /** The rule, as the specification names it: `CP-12`, `W-e`, `3.5.2b`. */
  rule: string;
  /** `"c1"`, `"c1/cp"` or `"c1/cp/cp-1"`. */
  subject: string;
  /** What would change the verdict. */
  unblocks_when?: Unblock[];
  /** What became of it. */
  verdict: Verdict;
}

/** Management features of a cluster. Each is off when it is left out. */
export interface Features {
  /** Backups. */
  backup_policy?: BackupPolicy | null;
  /** Machine management: patching of the nodes' operating system. */
  machine_management?: OsPatching | null;
  /** Compliance and security scans. */
  scan_policy?: ScanPolicy | null;
}

/** One thing to say about a document or a plan. */
export interface Finding {
  /** The values in the message. */
  args?: Record<string, unknown>;
  /** Code. */
  code: Code;
  /** What to do. */
  hint?: string;
  /** What is the matter. */
  message: string;
  /** Where: a JSON pointer, empty for the whole. */
  path?: string;
  /** Error or warning. */
  severity: Severity;
}

/** Where everything stands. */
export interface FleetStatus {
  /** Clusters. */
  clusters?: Record<string, Status>;
  /** Gateways. */
  pcgs?: Record<string, Status>;
}

/** An accepted force delete. */
export interface ForceDelete {
  /** Who asked. */
  actor_role: Role;
  /** Why. */
  reason?: string;
  /** When it was accepted. */
  requested_ms: number;
}

/** A private cloud gateway as a user describes it: the nodes through which Palette creates and deletes clusters behind a firewall. */
export interface GatewayDocument {
  /** What the gateway is for. */
  description?: string | null;
  /** DNS domain of the machines in MAAS. */
  domain: string;
  /** Kubernetes version of the nodes. */
  kubernetes_version?: Version | null;
  /** Which machines it takes. */
  machines: MachineRequirements;
  /** Who carries the gateway out: `palette` (default), or `engine`, straight on MAAS. */
  managed_by?: ManagedBy;
  /** Name of the gateway: lower-case letters, digits and dashes, at most 63. Clusters and gateways share one set of names. */
  name: string;
  /** Address ranges. */
  network?: NetworkDocument;
  /** NTP servers instead of the image's own. */
  ntp_servers?: string[];
  /** What an upgrade does when no spare machine fits. */
  on_no_spare?: OnNoSpare;
  /** Proxy of the gateway and of every cluster behind it. */
  proxy?: Proxy | null;
  /** Version of this shape: 1. */
  schema_version: number;
  /** Number of nodes: 1 or 3. It can grow from 1 to 3, never shrink. */
  size: number;
  /** Public SSH keys that may log in to the nodes. */
  ssh_keys?: string[];
}

/**
 * When an action may be carried out: every field that is present must hold, judged by the host on what it sees at that moment. If one does
 * not, the action is dropped and reported as `GuardFailed`.
 */
export interface Guard {
  /** The recorded field is absent (or, for `update_started_ms`, older). */
  field_absent?: boolean;
  /** At least this many voters are healthy. */
  healthy_now?: number | null;
  /** This node's member is a healthy voter. */
  healthy_voter?: string | null;
  /** At least this many voters other than the target are healthy. */
  healthy_without?: number | null;
  /** This node's member leads. */
  leads?: string | null;
  /** The machine is (not) locked. */
  locked?: boolean | null;
  /** The node's machine is not ours, or on its way back. */
  machine_left?: boolean;
  /** The node's member is known to be unhealthy. */
  member_unhealthy?: boolean;
  /** The members are exactly these. */
  members?: string[] | null;
  /** There is no learner. */
  no_learner?: boolean;
  /** No machine of the cluster is left. */
  no_machine_left?: boolean;
  /** The node is not ready. */
  node_not_ready?: boolean;
  /** The machine's owner. */
  owner?: OwnerRule | null;
  /** The machine's power. */
  power?: Power | null;
  /** The machine has this status. */
  status?: MachineStatus | null;
  /** The target is a learner. */
  target_is_learner?: boolean;
  /** The cluster is Deleting or Aborting, or the machine's node is no member of its etcd. */
  terminating_or_not_member?: boolean;
  /** The control plane is not initialized and none of its nodes has joined. */
  uninitialised?: boolean;
  /** The etcd view is at most this old, seconds. */
  view_max_age_s?: number | null;
}

/** Whether a backup includes objects outside of namespaces. */
export type IncludeClusterResources = 'always' | 'auto' | 'never';

/** Largest fleet accepted. */
export interface Limits {
  /** Clusters. */
  clusters?: number;
  /** Machines. */
  machines?: number;
  /** Nodes. */
  nodes?: number;
}

/** A MAAS machine. */
export interface Machine {
  /** Architecture, as MAAS writes it (`amd64/generic`). */
  arch?: string;
  /** CPU cores. */
  cpu?: number;
  /** Disks, the boot disk first. */
  disk_gb?: number[];
  /** Host name. */
  hostname?: string;
  /** Locked in MAAS: never touched. */
  locked?: boolean;
  /** Memory. */
  mem_mib?: number;
  /** Whose it is, as our hosts wrote it into agent name and annotations; never MAAS's owner name. */
  owner?: Owner | null;
  /** Power. */
  power?: Power;
  /** Resource pool. */
  resource_pool?: string;
  /** MAAS's status. */
  status: MachineStatus;
  /** Since when, if the host knows (MAAS does not say). */
  status_since_ms?: number | null;
  /** MAAS's id. */
  system_id: string;
  /** Tags. */
  tags?: string[];
  /** Zone. */
  zone?: string;
}

/** Of a machine. */
export interface MachineMemory {
  /** When it failed: the last 8. */
  failures?: number[];
  /** Since when it is ours without a node. */
  orphan_since_ms?: number | null;
  /** Not to be allocated before. */
  quarantined_until_ms?: number | null;
  /** Since when it is on its way back. */
  returning_since_ms?: number | null;
  /** It did not come back in time. */
  stuck?: boolean;
  /** When a release was last tried. */
  tried_ms?: number | null;
  /** Releases tried. */
  tries?: number;
}

/** Which MAAS machines a pool takes. A machine must satisfy all of it. */
export interface MachineRequirements {
  /** CPU architecture. */
  arch?: Arch;
  /** MAAS zones; empty: any. Nodes are spread over them. */
  availability_zones?: string[];
  /** Least number of CPU cores. */
  min_cpu: number;
  /** Least size of the boot disk in GB (10⁹ bytes). */
  min_disk_gb?: number;
  /** Least memory in MiB. */
  min_memory_mib: number;
  /** MAAS resource pool. */
  resource_pool: string;
  /** MAAS tags that a machine must have, all of them. */
  tags?: string[];
}

/** MAAS's machine status: the lower-case names of its enumeration, never its labels. */
export type MachineStatus = 'new' | 'commissioning' | 'failed_commissioning' | 'missing' | 'ready' | 'reserved' | 'deployed' | 'retired' | 'broken' | 'deploying' | 'allocated' | 'failed_deployment' | 'releasing' | 'failed_releasing' | 'disk_erasing' | 'failed_disk_erasing' | 'rescue_mode' | 'entering_rescue_mode' | 'failed_entering_rescue_mode' | 'exiting_rescue_mode' | 'failed_exiting_rescue_mode' | 'testing' | 'failed_testing' | 'unknown';

/** What an operator said about a node. */
export type Maintenance = 'none' | 'locked' | 'cordoned';

/** Who carries a cluster or gateway out. */
export type ManagedBy = 'engine' | 'palette';

/** A mass-failure stop. */
export interface MassFailure {
  /** The observation counted last. */
  as_of_ms?: number;
  /** Observations running in which it was not so: it ends at 2. */
  clear?: number;
  /** When it began. */
  since_ms: number;
}

/** What an etcd member is. */
export type MemberKind = 'voter' | 'learner';

/** What `decide` remembers. */
export interface Memory {
  /** The highest clock reading so far. */
  clock_hwm_ms?: number | null;
  /** By cluster or gateway. */
  clusters?: Record<string, ClusterMemory>;
  /** By system id. */
  machines?: Record<string, MachineMemory>;
  /** By `"cluster/node"`. */
  nodes?: Record<string, NodeMemory>;
  /** By `"cluster/pool"`. */
  pools?: Record<string, PoolMemory>;
  /** The shape's version: 1. */
  v?: number;
}

/** Where a cluster's addresses come from. */
export interface NetSpec {
  /** Prefix length of one node's share of `pod_cidr` (24; for IPv6 write 64). */
  node_mask?: number;
  /** Pods. */
  pod_cidr?: string | null;
  /** Pods are reachable from outside: their ranges must not overlap across clusters. */
  routable_pods?: boolean;
  /** Services. */
  service_cidr?: string | null;
  /** Subnet of the nodes; absent: addresses are not counted. */
  subnet?: string | null;
  /** Address of the control-plane endpoint. */
  vip?: string | null;
}

/** Address ranges of a cluster. All may be left out; what is given must be disjoint. */
export interface NetworkDocument {
  /** The MAAS subnet from which nodes get their addresses, by its range (`10.10.0.0/24`). */
  machine_subnet?: string | null;
  /** Prefix length of one node's part of `pod_cidr`; absent: 24, for IPv6 64. */
  node_mask?: number | null;
  /** Range of the pods. It must not overlap the machines' or the services' range. */
  pod_cidr?: string | null;
  /** Whether pods of several clusters share one routed network, so that their ranges must differ. */
  routable_pods?: boolean;
  /** Range of the services, between /28 and /12. */
  service_cidr?: string | null;
  /** Virtual address of the API server, in the machine subnet; absent: MAAS gives one. */
  vip?: string | null;
}

/** What `plan_network` reads. */
export interface NetworkInput {
  /** Clusters and gateways. */
  desired: Desired;
  /** Rolling limits that set the peak. */
  policy?: Policy;
  /** Subnets. */
  subnets?: Subnet[];
}

/** Addresses a cluster or gateway needs. */
export interface NetworkOwner {
  /** At most, while rolling. */
  peak: number;
  /** When nothing is being replaced. */
  steady: number;
}

/** Addresses needed and had. */
export interface NetworkPlan {
  /** Overlaps, shortages, warnings. */
  findings?: Finding[];
  /** By cluster or gateway. */
  owners?: Record<string, NetworkOwner>;
  /** By subnet. */
  subnets?: Record<string, SubnetUse>;
}

/** A node: a machine's part in a cluster, from its allocation on. */
export interface Node {
  /** Its cluster or gateway. */
  cluster: string;
  /** Unschedulable. */
  cordoned?: boolean;
  /** When its machine was allocated (an annotation). */
  created_ms?: number;
  /** Its drain. */
  drain?: Drain;
  /** Whether it serves the control-plane endpoint; absent: the host has no endpoint to manage. */
  endpoint_attached?: boolean | null;
  /** Its name, unique in its cluster: `"{pool}-{k}"`. */
  id: string;
  /** Labels and taints it carries, hashed. */
  inplace_revision?: string | null;
  /** When it first settled (an annotation that the engine records). */
  joined_ms?: number | null;
  /** Its kubelet's version; an unreadable one counts as absent. */
  k8s_version?: Version | null;
  /** What an operator said about it. */
  maintenance?: Maintenance;
  /** Whether a Kubernetes node object exists. */
  object?: boolean;
  /** Its pool. */
  pool: string;
  /** The Ready condition. */
  ready?: Tri;
  /** When `ready` last changed. */
  ready_since_ms?: number | null;
  /** What it was made from. */
  revision?: string | null;
  /** Its machine. */
  system_id?: string | null;
  /** Its zone. */
  zone?: string | null;
}

/** Of a node. */
export interface NodeMemory {
  /** When it was last power-cycled. */
  power_cycle_ms?: number | null;
  /** When it was last powered on. */
  power_on_ms?: number | null;
  /** Since when it is not well. */
  suspect_since_ms?: number | null;
}

/** One observation of the whole fleet. */
export interface Observed {
  /** The server's clock, taken before the first read. */
  as_of_ms: number;
  /** Records of clusters and gateways. */
  clusters?: Record<string, ClusterObs>;
  /** etcd by cluster or gateway. */
  etcd?: Record<string, EtcdView>;
  /** MAAS machines. */
  machines?: Machine[];
  /** Nodes of clusters and gateways. */
  nodes?: Node[];
  /** Gateways that Palette manages. */
  pcgs?: Record<string, PcgObs>;
  /** Actions whose call has begun and is not yet reflected above. */
  pending?: PendingAction[];
  /** Subnets; of one that is not listed the addresses are not counted. */
  subnets?: Subnet[];
}

/** What happens when a drain's deadline is reached. */
export type OnDrainDeadline = 'force' | 'wait';

/** What Expand First does without a spare machine. */
export type OnNoSpare = 'wait' | 'fallback_contract' | 'refuse';

/** Patching of the nodes' operating system. */
export interface OsPatching {
  /** Patch once, when a node first boots. */
  patch_on_boot?: boolean;
  /** Reboot nodes whose patches need it. */
  reboot_if_required?: boolean;
  /** When security patches are applied; absent: never on a schedule. */
  schedule?: Schedule | null;
}

/** Whose a machine is. */
export interface Owner {
  /** Cluster or gateway. */
  cluster: string;
  /** Node. */
  node?: string | null;
  /** Pool. */
  pool?: string | null;
}

/** Who must own a machine. */
export type OwnerRule = 'none' | {
  is: Owner;
};

/** A pack of the profile whose values are replaced. */
export interface PackOverride {
  /** Name of the pack in the profile. */
  name: string;
  /** Version tag of the pack; absent: as in the profile. */
  tag?: string | null;
  /** The values, as the text of the pack's `values.yaml`. */
  values: string;
}

/** A gateway that Palette manages, as Palette reports it. */
export interface PcgObs {
  /** Whether it is healthy. */
  healthy?: boolean;
  /** Its nodes. */
  size?: number;
  /** Palette's state. */
  state?: string | null;
  /** Its version; an unreadable one counts as absent. */
  version?: Version | null;
}

/** A private cloud gateway: planned as a cluster of this one control-plane pool. */
export interface PcgSpec {
  /** When its deletion was asked for. */
  delete_requested_ms?: number | null;
  /** Its name, unique among clusters and gateways. */
  id: string;
  /** Who carries it out. */
  managed_by?: ManagedBy;
  /** Where its addresses come from. */
  network?: NetSpec;
  /** Its nodes: role control plane, size 1 or 3. */
  pool: PoolSpec;
  /** When it was asked for. */
  requested_ms: number;
}

/** A count (5) or a share of a pool's size ("20%"). */
export type Pct = number | string;

/** An action whose call has begun and whose effect the observation may not show yet. */
export interface PendingAction {
  /** The action. */
  action: Action;
  /** When the call began. */
  issued_ms: number;
}

/** What will happen. */
export interface Plan {
  /** The same request done otherwise. */
  alternatives?: Alternative[];
  /** Why not. */
  blockers?: Finding[];
  /** How long, when every step takes its median. */
  duration_p50_s: number;
  /** How long, when every step takes its 90th percentile. */
  duration_p90_s: number;
  /** Steps at which Expand First fell back to Contract First. */
  fallbacks_used?: number;
  /** Whether it comes to its end. */
  feasible: boolean;
  /** Machines that were released and taken again. */
  machines_reused?: number;
  /** Fewest nodes available at any time, by `"cluster/pool"`. */
  min_available?: Record<string, number>;
  /** Fewest etcd failures tolerated at any time, by cluster. */
  min_etcd_tolerance?: Record<string, number>;
  /** Most addresses used at once beyond those in use at the beginning, by subnet. */
  peak_ips?: Record<string, number>;
  /** Most machines held at once, by `"cluster/pool"`. */
  peak_machines?: Record<string, number>;
  /** Whose rules. */
  planner: Planner;
  /** What may go wrong meanwhile, and for how long. */
  risks?: Finding[];
  /** What happens when. */
  steps?: Step[];
}

/** Whose rules a plan follows. */
export type Planner = 'engine' | 'cluster_api';

/** What the host may set for a fleet; every field has a default. */
export interface Policy {
  /** A drain of an unhealthy node is cut off after this. */
  bad_drain_s?: number;
  /** After a cancelled drain no voluntary one for this long. */
  cancel_hold_s?: number;
  /** An older etcd view is Unknown. */
  etcd_view_max_age_s?: number;
  /** Failures of new nodes that freeze a rollout. */
  failure_limit?: number;
  /** A node may be not well this long before anything is done. */
  grace_s?: number;
  /** Whether a machine on its way back still holds its address. */
  lease_held_while_returning?: boolean;
  /** Largest fleet accepted. */
  limits?: Limits;
  /** Machines being deployed at a time, in the whole fleet. */
  max_concurrent_deploys?: number;
  /** Clusters being provisioned at a time. */
  max_concurrent_provisions?: number;
  /** Worker pools of a cluster that roll at a time. */
  max_pools_rolling?: number;
  /** An older observation is not acted upon. */
  observation_max_age_s?: number;
  /** Quarantine of a machine after its first failure. */
  quarantine_base_s?: number;
  /** Longest quarantine. */
  quarantine_max_s?: number;
  /** Whether a resizing gateway makes creates and deletes wait. */
  queue_while_resizing?: boolean;
  /** Whether unhealthy nodes are powered on, power-cycled and replaced. */
  remediation?: boolean;
  /** A new node must be ready this long before it counts. */
  settle_s?: number;
  /** Failures in 24 h after which marking the machine broken is suggested. */
  suggest_broken_after?: number;
  /** Step times. */
  timings?: Timings;
}

/** What a pool finds of machines. */
export interface PoolCapacity {
  /** Machines that it gets when every demand before it is served: at most `need`. */
  available: number;
  /** How many machines each constraint keeps out; a machine counts once for every constraint that it misses. */
  excluded?: Record<string, number>;
  /** When the first of them should be back, or the first quarantine ends. */
  first_eta_ms?: number | null;
  /** Free machines that meet all of its constraints, whoever else may want them. */
  fitting: number;
  /** Machines that it still needs to reach its size. */
  need: number;
  /** The pool. */
  pool: string;
  /** Fitting machines on their way back to MAAS's pool. */
  returning: number;
  /** Fitting machines beyond that: spares for Expand First, unless another pool takes them. */
  spare: number;
  /** The fitting ones by zone. */
  zones?: Record<string, number>;
}

/** Of a pool. */
export interface PoolMemory {
  /** The last cancelled drain: starts the hold-off. */
  last_cancel_ms?: number | null;
  /** The highest number given to a node. */
  last_k?: number;
  /** The size last reached, lowered by a shrink. */
  reached?: number | null;
  /** The rollout under way. */
  rollout?: RolloutMemory | null;
}

/** What a pool's nodes are. */
export type PoolRole = 'control_plane' | 'worker';

/** A pool of alike nodes. */
export interface PoolSpec {
  /** Whether workloads may run on a control plane. */
  allow_workloads?: boolean;
  /** The Kubernetes version of `approved_revision`. */
  approved_k8s_version?: Version | null;
  /** The last approved revision, while a repave is not approved. */
  approved_revision?: string | null;
  /** Architecture of a machine, as MAAS writes it (`amd64/generic`); absent: any. */
  arch?: string | null;
  /** The MAAS zones its machines come from; empty: any. */
  azs?: string[];
  /** How long a drain may take. */
  drain_deadline_s?: number;
  /** How disks are erased at release. */
  erase?: Erase;
  /** Whether a machine on its way back still counts as held; absent: unless its disks are erased securely (which takes hours). */
  hold_returning?: boolean | null;
  /** Its name, unique in the cluster. */
  id: string;
  /** Labels and taints, hashed: applied to running nodes without replacing them. */
  inplace_revision?: string | null;
  /** The Kubernetes version of `revision`. */
  k8s_version?: Version | null;
  /** Node labels: validated here, applied by the host through `inplace_revision`. */
  labels?: Record<string, string>;
  /** Nodes replaced at a time, at least 1 (control plane: exactly 1). */
  max_parallel?: number;
  /** Above this many unhealthy nodes none is replaced (workers). */
  max_unhealthy?: Pct;
  /** Least CPU cores of a machine. */
  min_cpu?: number;
  /** Least size of a machine's boot disk. */
  min_disk_gb?: number;
  /** Least memory of a machine. */
  min_mem_mib?: number;
  /** Pause between two replaced nodes (workers). */
  node_repave_interval_s?: number;
  /** What happens then. */
  on_drain_deadline?: OnDrainDeadline;
  /** What Expand First does without a spare machine. */
  on_no_spare?: OnNoSpare;
  /** The MAAS resource pool its machines come from. */
  resource_pool: string;
  /** When this pool was last resumed. */
  resumed_ms?: number | null;
  /** What its nodes should be made from. */
  revision: string;
  /** Control plane or worker. */
  role: PoolRole;
  /** Nodes wanted. */
  size: number;
  /** Leave outdated nodes alone (workers). */
  skip_update?: boolean;
  /** How outdated nodes are replaced. */
  strategy?: Strategy;
  /** Subnet of its addresses; absent: the cluster's. */
  subnet?: string | null;
  /** MAAS tags that a machine must carry, all of them. */
  tags?: string[];
  /** Node taints: as labels. */
  taints?: Taint[];
}

/** Where a pool stands. */
export interface PoolStatus {
  /** Nodes that take work. */
  available: number;
  /** Machines that count against the pool's ceiling. */
  held: number;
  /** Nodes that are or become nodes. */
  live: number;
  /** How far it is. */
  progress?: Progress;
  /** The rollout. */
  rollout: Rollout;
  /** Nodes wanted. */
  size: number;
  /** Nodes at the target. */
  up_to_date: number;
}

/** A machine's power state. */
export type Power = 'on' | 'off' | 'error' | 'unknown';

/** How to preview. */
export interface PreviewOptions {
  /** Also compare with the other strategy and with one more spare machine. */
  alternatives?: boolean;
  /** Give up after this many steps. */
  max_steps?: number;
  /** Whose rules; absent: the engine's, or Cluster API's for what Palette manages. */
  planner?: Planner | null;
}

/** How far something is. */
export interface Progress {
  /** Nodes as desired (when deleting: machines given back). */
  done: number;
  /** Likely end, at the median step times. */
  eta_ms?: number | null;
  /** Nodes in all. */
  total: number;
}

/** An HTTP proxy; both addresses are needed. */
export interface Proxy {
  /** Proxy for `http://` addresses, without credentials. */
  http_proxy: string;
  /** Proxy for `https://` addresses, without credentials. */
  https_proxy: string;
  /** Hosts, domains and ranges that are reached directly: MAAS, the machines, pods and services belong here. */
  no_proxy?: string[];
}

/** A fact that the host writes down. */
export type RecordField = 'joined_ms' | 'provisioned_ms' | 'update_started_ms';

/** Why a request was not accepted. */
export interface Refusal {
  /** The values in the message. */
  args?: Record<string, unknown>;
  /** Code. */
  code: Code;
  /** What to do. */
  hint?: string;
  /** What is the matter. */
  message: string;
  /** The same request may be accepted after this many milliseconds. */
  retry_after_ms?: number | null;
}

/** Whether a change that replaces nodes is approved. */
export type Repave = 'approved' | 'pending' | 'reverted';

/** A user's request, judged by `admit` and, accepted, written into `Desired`. */
export type Request = {
  /** The cluster. */
  cluster: ClusterSpec;
  kind: 'create';
  /** Accept it although machines are short now; it waits. */
  queue_if_short?: boolean;
} | {
  /** The cluster as it should be. */
  cluster: ClusterSpec;
  kind: 'update';
} | {
  /** Who asks. */
  actor_role: Role;
  /** Cluster. */
  id: string;
  kind: 'delete';
} | {
  /** Who asks. */
  actor_role: Role;
  /** Cluster. */
  id: string;
  kind: 'abort';
} | {
  /** Who asks: administrators only. */
  actor_role: Role;
  /** Cluster. */
  id: string;
  kind: 'force_delete';
  /** Why. */
  reason?: string;
} | {
  /** Cluster. */
  id: string;
  kind: 'pause';
} | {
  /** Cluster. */
  id: string;
  kind: 'resume';
  /** Only this pool. */
  pool?: string | null;
} | {
  /** Cluster. */
  id: string;
  kind: 'approve_repave';
} | {
  /** Cluster. */
  id: string;
  kind: 'revert_repave';
} | {
  kind: 'create_pcg';
  /** The gateway. */
  pcg: PcgSpec;
} | {
  /** Gateway. */
  id: string;
  kind: 'resize_pcg';
  /** Nodes. */
  size: number;
} | {
  /** Gateway. */
  id: string;
  /** Its Kubernetes version. */
  k8s_version?: Version | null;
  kind: 'upgrade_pcg';
  /** New revision. */
  revision: string;
} | {
  /** Gateway. */
  id: string;
  kind: 'delete_pcg';
};

/** Who asks: only administrators may force a delete. */
export type Role = 'tenant_admin' | 'project_admin' | 'other';

/** Where a pool's rollout stands. */
export type Rollout = 'idle' | 'awaiting_approval' | {
  waiting: string;
} | 'progressing' | 'complete' | 'complete_except_locked' | {
  frozen: string;
} | 'paused';

/** Of a rollout. */
export interface RolloutMemory {
  /** The machines they failed on. */
  failed_machines?: string[];
  /** When one last failed. */
  failed_ms?: number | null;
  /** Nodes at target that failed since one at target last became Active. */
  failures?: number;
  /** When it was frozen. */
  frozen_ms?: number | null;
  /** When a node last became Active or Gone. */
  last_progress_ms: number;
  /** Its target. */
  revision: string;
  /** When it began. */
  started_ms: number;
}

/** One kind of scan. */
export interface Scan {
  /** When it runs. */
  schedule: Schedule;
}

/** Which scans run, and when. */
export interface ScanPolicy {
  /** Configuration security, against the CIS benchmark. */
  kube_bench?: Scan | null;
  /** Penetration testing. */
  kube_hunter?: Scan | null;
  /** Conformance testing. */
  sonobuoy?: Scan | null;
}

/** A cron expression of five fields: minute, hour, day of the month, month, day of the week. */
export type Schedule = string;

/** How bad a finding is. */
export type Severity = 'error' | 'warning';

/** State of a cluster (Pending … Deleted) or gateway (Installing, Running, Upgrading, Resizing, Deleting, Deleted). */
export type State = 'pending' | 'provisioning' | 'running' | 'updating' | 'aborting' | 'deleting' | 'deleted' | 'installing' | 'upgrading' | 'resizing';

/** Where a cluster or gateway stands. */
export interface Status {
  /** What else holds. */
  conditions?: Condition[];
  /** When it last got anywhere. */
  last_progress_ms?: number | null;
  /** Its pools. */
  pools?: Record<string, PoolStatus>;
  /** How far it is. */
  progress?: Progress;
  /** Place among those that wait to start, from 1. */
  queue_position?: number | null;
  /** State. */
  state: State;
}

/** What happens at one moment. */
export interface Step {
  /** What. */
  actions: Action[];
  /** When. */
  at_ms: number;
  /** Why. */
  why?: Explain[];
}

/** How long a step takes. */
export interface StepTime {
  /** After this it has failed. */
  deadline_s: number;
  /** In half of all cases. */
  p50_s: number;
  /** In nine of ten cases. */
  p90_s: number;
}

/** How outdated nodes are replaced. */
export type Strategy = 'expand_first' | 'contract_first' | {
  custom: {
    /** Nodes above the size; a percentage rounds up. */
    max_surge: Pct;
    /** Nodes below the size; a percentage rounds down. */
    max_unavailable: Pct;
  };
};

/** A MAAS subnet. */
export interface Subnet {
  /** Its range. */
  cidr: string;
  /** Addresses that can still be given out. */
  free_ips?: number;
  /** Gateway address. */
  gateway?: string | null;
  /** Its id. */
  id: string;
  /** Reserved ranges. */
  reserved?: string[];
}

/** Addresses needed of a subnet. */
export interface SubnetUse {
  /** Free addresses and those in use, less the peak. */
  headroom: number;
  /** At most, while rolling. */
  peak: number;
  /** When nothing is being replaced. */
  steady: number;
}

/** A node taint. */
export interface Taint {
  /** `NoSchedule`, `PreferNoSchedule` or `NoExecute` (checked by `validate`). */
  effect: string;
  /** Key. */
  key: string;
  /** Value. */
  value?: string | null;
}

/** Step times, learned by the host. */
export interface Timings {
  /** Allocate a machine. */
  allocate?: StepTime;
  /** Deploy it (the deadline lies after MAAS's own 30 minutes). */
  deploy?: StepTime;
  /** Drain a node. */
  drain?: StepTime;
  /** From deployed to a node that reports. */
  join?: StepTime;
  /** Power on or cycle until the node is ready again. */
  power?: StepTime;
  /** Erase quickly. */
  quick_erase?: StepTime;
  /** Release a machine. */
  release?: StepTime;
  /** Move the leader, remove the member. */
  remove?: StepTime;
  /** Erase fully. */
  secure_erase?: EraseRate;
  /** Learner, promotion, ready for `settle_s`. */
  settle?: StepTime;
}

/** Yes, no, or not known. */
export type Tri = true | false | 'unknown';

/** What would change a verdict. */
export interface Unblock {
  /** Which. */
  args?: Record<string, unknown>;
  /** What kind of thing. */
  kind: UnblockKind;
}

/** Kinds of things that are waited for. */
export type UnblockKind = 'time' | 'machine' | 'node' | 'etcd' | 'control_plane' | 'gateway' | 'approval' | 'operator';

/** What became of something. */
export type Verdict = 'did' | 'waiting' | 'blocked' | 'refused';

/** A Kubernetes version. */
export type Version = string;

/** A worker pool. */
export interface WorkerPoolDocument {
  /** How long draining a node may take, in seconds. */
  drain_deadline_s?: number;
  /** How MAAS erases the disks of a released machine. */
  erase?: Erase;
  /** Labels of the nodes. */
  labels?: Record<string, string>;
  /** Which machines it takes. */
  machines: MachineRequirements;
  /** How many nodes are replaced at a time. */
  max_parallel?: number;
  /** No unhealthy node is replaced while more than this many are unhealthy. */
  max_unhealthy?: Pct;
  /** Name of the pool, unique in the cluster; its nodes are called `{name}-1`, `{name}-2`, … */
  name: string;
  /** Least time between two replaced nodes, in seconds. */
  node_repave_interval_s?: number;
  /** What happens then. */
  on_drain_deadline?: OnDrainDeadline;
  /** What Expand First does when no spare machine fits. */
  on_no_spare?: OnNoSpare;
  /** How outdated nodes are replaced: `expand_first`, `contract_first` or `custom` with `max_surge` and `max_unavailable`. */
  rolling_update?: Strategy;
  /** Number of nodes. */
  size: number;
  /** Leave outdated nodes as they are. */
  skip_update?: boolean;
  /** Taints of the nodes. */
  taints?: Taint[];
}

/** Everything `decide` reads. */
export interface World {
  /** What is wanted. */
  desired?: Desired;
  /** What the previous decision asked to be kept; losing it is safe. */
  memory?: Memory;
  /** The host's clock at this call. */
  now_ms: number;
  /** What was seen. */
  observed?: Observed;
  /** Limits, timings and tolerances. */
  policy?: Policy;
}
