"""The engine's values, as dicts. Written by `bindings-python/generate.py` from the engine's JSON Schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired


class ActionAllocate(TypedDict):
    """Allocate this machine in MAAS and write owner, node, zone and creation time on it."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node that it becomes."""
    system_id: str
    """Machine."""
    verb: Literal['allocate']
    zone: str
    """Its zone."""


class ActionApplyInPlace(TypedDict):
    """Apply labels and taints."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    inplace_revision: str
    """What they hash to."""
    node: str
    """Node."""
    verb: Literal['apply_in_place']


class ActionAttachEndpoint(TypedDict):
    """Put the node behind the control-plane endpoint."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node."""
    verb: Literal['attach_endpoint']


class ActionCancelDrain(TypedDict):
    """Stop draining it and uncordon it."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node."""
    verb: Literal['cancel_drain']


class ActionDeleteNodeObject(TypedDict):
    """Delete the Kubernetes node object. Irreversible."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node."""
    verb: Literal['delete_node_object']


class ActionDeploy(TypedDict):
    """Deploy it. Irreversible."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    mode: DeployMode
    """Its part in the cluster."""
    node: str
    """Node."""
    revision: str
    """What it is made from."""
    system_id: str
    """Machine."""
    verb: Literal['deploy']


class ActionDetachEndpoint(TypedDict):
    """Take the node out of the control-plane endpoint."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node."""
    verb: Literal['detach_endpoint']


class ActionDrain(TypedDict):
    """Cordon the node and evict its pods."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    deadline_ms: int
    """Until when."""
    node: str
    """Node."""
    verb: Literal['drain']


class ActionFinishDeleted(TypedDict):
    """Write the cluster off as deleted. Irreversible."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    cluster: str
    """Cluster or gateway."""
    forced: NotRequired[bool]
    """By a force delete."""
    orphans: NotRequired[list[str]]
    """Machines left behind."""
    verb: Literal['finish_deleted']


ActionMoveEtcdLeader = TypedDict('ActionMoveEtcdLeader', {'attempt': 'NotRequired[int]', 'guard': 'NotRequired[Guard | None]', 'id': 'str', 'from': 'str', 'to': 'str', 'verb': "Literal['move_etcd_leader']"})


class ActionNotify(TypedDict):
    """Tell people."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    args: NotRequired[dict[str, Any]]
    """About what."""
    code: str
    """What."""
    verb: Literal['notify']


class ActionPowerCycle(TypedDict):
    """Power-cycle the node's machine. Irreversible."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node."""
    verb: Literal['power_cycle']


class ActionPowerOn(TypedDict):
    """Power the node's machine on."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    node: str
    """Node."""
    verb: Literal['power_on']


class ActionRecord(TypedDict):
    """Write a fact down where it survives."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    cluster: str
    """Cluster."""
    field: RecordField
    """Fact."""
    node: NotRequired[str | None]
    """Node, for `joined_ms`."""
    value: int
    """Moment."""
    verb: Literal['record']


class ActionRelease(TypedDict):
    """Release a machine in MAAS, never with `force`. Irreversible."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    erase: NotRequired[Erase]
    """How its disks are erased."""
    system_id: str
    """Machine."""
    verb: Literal['release']


class ActionRemoveEtcdMember(TypedDict):
    """Remove a member from etcd. Irreversible."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    kind: MemberKind
    """What it is."""
    member_id: str
    """Member."""
    verb: Literal['remove_etcd_member']


class ActionUnknown(TypedDict):
    """A verb of another version, among the pending actions: waited for."""

    attempt: NotRequired[int]
    """How many times it was tried, for people."""
    guard: NotRequired[Guard | None]
    """When it may be done; absent: always."""
    id: str
    """`"{cluster}/{pool}/{node}/{verb}"`."""
    verb: Literal['unknown']


class Admission(TypedDict):
    """An accepted request."""

    desired: Desired
    """What is wanted now."""
    warnings: NotRequired[list[Finding]]
    """What should be known."""


class Alternative(TypedDict):
    """The same request done otherwise."""

    change: Change
    """What is changed."""
    duration_p50_s: int
    """How long, at the medians."""
    feasible: bool
    """Whether it comes to its end."""
    min_available: dict[str, int]
    """Fewest nodes available at any time, by `"cluster/pool"`."""
    peak_machines: dict[str, int]
    """Most machines held at once, by `"cluster/pool"`."""


class CapacityReport(TypedDict):
    """Whether a cluster finds its machines, pool by pool."""

    enough: bool
    """Every pool gets all it needs."""
    pools: list[PoolCapacity]
    """The control plane first, then the workers as they are listed."""


class ClusterMemory(TypedDict):
    """Of a cluster or gateway."""

    ghosts: NotRequired[dict[str, int]]
    """Members that belong to no node, by member id: since when."""
    mass_failure: NotRequired[MassFailure | None]
    """A running mass-failure stop."""
    terminating_since_ms: NotRequired[int | None]
    """Since when it is Deleting or Aborting: starts the force-delete clock."""


class ClusterObs(TypedDict):
    """The record of a cluster or gateway."""

    abort_started_ms: NotRequired[int | None]
    """When its abort began."""
    deletion_started_ms: NotRequired[int | None]
    """When its deletion began."""
    initialized: NotRequired[bool]
    """The init node's API server has answered once; never taken back."""
    message: NotRequired[str | None]
    """Palette's message."""
    orphans: NotRequired[list[str]]
    """Machines left behind by a force delete."""
    provisioned_ms: NotRequired[int | None]
    """When all pools were first complete."""
    state: NotRequired[str | None]
    """Palette's state; for an engine-managed cluster only `deleted`."""
    update_started_ms: NotRequired[int | None]
    """When the running update began."""


class ClusterSpec(TypedDict):
    """A cluster."""

    abort_requested_ms: NotRequired[int | None]
    """When its abort was asked for."""
    allow_large_control_plane: NotRequired[bool]
    """Lets a Palette-managed control plane have 7 nodes."""
    control_plane: NotRequired[PoolSpec | None]
    """Its control plane; absent: machines only."""
    delete_requested_ms: NotRequired[int | None]
    """When its deletion was asked for."""
    etcd: NotRequired[Etcd]
    """How its etcd is run."""
    force_delete: NotRequired[ForceDelete | None]
    """An accepted force delete."""
    id: str
    """Its name, unique among clusters and gateways."""
    managed_by: NotRequired[ManagedBy]
    """Who carries it out: the engine's host, or Palette (then the engine validates, admits, previews and watches)."""
    network: NotRequired[NetSpec]
    """Where its addresses come from."""
    paused: NotRequired[bool]
    """Nothing voluntary happens while true."""
    pcg_id: NotRequired[str | None]
    """The gateway through which it is created and deleted; absent: gateway rules do not apply."""
    priority: NotRequired[int]
    """0 (first) to 9 when machines are short."""
    repave: NotRequired[Repave]
    """Whether a change that replaces nodes is approved."""
    requested_ms: int
    """When it was asked for: orders the queue."""
    resumed_ms: NotRequired[int | None]
    """When it was last resumed: ends a freeze or a mass-failure stop that began earlier."""
    workers: NotRequired[list[PoolSpec]]
    """Its worker pools."""


class Condition(TypedDict):
    """What holds of a cluster beside its state."""

    args: NotRequired[dict[str, Any]]
    """Its values."""
    code: ConditionCode
    """Which."""


class Decision(TypedDict):
    """The engine's answer."""

    actions: NotRequired[list[Action]]
    """What to do now, in this order."""
    diagnostics: NotRequired[list[Diagnostic]]
    """Oddities of the input."""
    explain: NotRequired[list[Explain]]
    """Why, and why not, for everything that is not as desired."""
    memory: NotRequired[Memory]
    """What to hand in next time."""
    next_wakeup_ms: NotRequired[int | None]
    """When to ask again at the latest; absent: when something is observed to change."""
    status: NotRequired[FleetStatus]
    """Where everything stands."""


class Desired(TypedDict):
    """What is wanted of a whole fleet. `admit` is the only thing that should write it."""

    clusters: NotRequired[list[ClusterSpec]]
    """Clusters."""
    pcgs: NotRequired[list[PcgSpec]]
    """Private cloud gateways."""
    schema_version: NotRequired[int]
    """The shape's version: 1."""


class Diagnostic(TypedDict):
    """An oddity of the input."""

    args: NotRequired[dict[str, Any]]
    """Its values."""
    code: DiagnosticCode
    """Which."""


class Drain(TypedDict):
    """A node's drain."""

    blocker: NotRequired[str | None]
    """What blocks it: `pdb namespace/name`."""
    by: NotRequired[DrainBy]
    """Who drains it."""
    pods_left: NotRequired[int]
    """Pods still to be evicted."""
    started_ms: NotRequired[int | None]
    """When it began."""
    state: NotRequired[DrainState]
    """How far it is."""


class EraseRate(TypedDict):
    """How long a full erase takes, from the disks' sizes."""

    deadline_min_s: int
    """The deadline is p90, and at least this."""
    p50_mb_s: int
    """MB/s in half of all cases."""
    p90_mb_s: int
    """MB/s reached in nine of ten cases."""


class EtcdMember(TypedDict):
    """A member of etcd."""

    healthy: NotRequired[Tri]
    """Whether it answers and is in step."""
    leader: NotRequired[bool]
    """Whether it leads."""
    learner: NotRequired[bool]
    """Not a voter yet."""
    member_id: str
    """Its id."""
    name: NotRequired[str]
    """Its name; empty: not started."""
    node: NotRequired[str | None]
    """The node it runs on."""
    peer_ips: NotRequired[list[str]]
    """Its peers' addresses."""


class EtcdView(TypedDict):
    """What etcd said of itself."""

    as_of_ms: int
    """When."""
    members: NotRequired[list[EtcdMember]]
    """Its members."""
    reachable: NotRequired[bool]
    """Whether it answered."""


class Explain(TypedDict):
    """Why something was done, or not."""

    facts: NotRequired[dict[str, Any]]
    """What the rule looked at."""
    message: str
    """Rule and facts in a sentence."""
    rule: str
    """The rule, as the specification names it: `CP-12`, `W-e`, `3.5.2b`."""
    subject: str
    """`"c1"`, `"c1/cp"` or `"c1/cp/cp-1"`."""
    unblocks_when: NotRequired[list[Unblock]]
    """What would change the verdict."""
    verdict: Verdict
    """What became of it."""


class Finding(TypedDict):
    """One thing to say about a document or a plan."""

    args: NotRequired[dict[str, Any]]
    """The values in the message."""
    code: Code
    """Code."""
    hint: NotRequired[str]
    """What to do."""
    message: str
    """What is the matter."""
    path: NotRequired[str]
    """Where: a JSON pointer, empty for the whole."""
    severity: Severity
    """Error or warning."""


class FleetStatus(TypedDict):
    """Where everything stands."""

    clusters: NotRequired[dict[str, Status]]
    """Clusters."""
    pcgs: NotRequired[dict[str, Status]]
    """Gateways."""


class ForceDelete(TypedDict):
    """An accepted force delete."""

    actor_role: Role
    """Who asked."""
    reason: NotRequired[str]
    """Why."""
    requested_ms: int
    """When it was accepted."""


class Guard(TypedDict):
    """When an action may be carried out: every field that is present must hold, judged by the host on what it sees at that moment. If one does"""

    field_absent: NotRequired[bool]
    """The recorded field is absent (or, for `update_started_ms`, older)."""
    healthy_now: NotRequired[int | None]
    """At least this many voters are healthy."""
    healthy_voter: NotRequired[str | None]
    """This node's member is a healthy voter."""
    healthy_without: NotRequired[int | None]
    """At least this many voters other than the target are healthy."""
    leads: NotRequired[str | None]
    """This node's member leads."""
    locked: NotRequired[bool | None]
    """The machine is (not) locked."""
    machine_left: NotRequired[bool]
    """The node's machine is not ours, or on its way back."""
    member_unhealthy: NotRequired[bool]
    """The node's member is known to be unhealthy."""
    members: NotRequired[list[str] | None]
    """The members are exactly these."""
    no_learner: NotRequired[bool]
    """There is no learner."""
    no_machine_left: NotRequired[bool]
    """No machine of the cluster is left."""
    node_not_ready: NotRequired[bool]
    """The node is not ready."""
    owner: NotRequired[OwnerRule | None]
    """The machine's owner."""
    power: NotRequired[Power | None]
    """The machine's power."""
    status: NotRequired[MachineStatus | None]
    """The machine has this status."""
    target_is_learner: NotRequired[bool]
    """The target is a learner."""
    terminating_or_not_member: NotRequired[bool]
    """The cluster is Deleting or Aborting, or the machine's node is no member of its etcd."""
    uninitialised: NotRequired[bool]
    """The control plane is not initialized and none of its nodes has joined."""
    view_max_age_s: NotRequired[int | None]
    """The etcd view is at most this old, seconds."""


class Limits(TypedDict):
    """Largest fleet accepted."""

    clusters: NotRequired[int]
    """Clusters."""
    machines: NotRequired[int]
    """Machines."""
    nodes: NotRequired[int]
    """Nodes."""


class Machine(TypedDict):
    """A MAAS machine."""

    arch: NotRequired[str]
    """Architecture, as MAAS writes it (`amd64/generic`)."""
    cpu: NotRequired[int]
    """CPU cores."""
    disk_gb: NotRequired[list[int]]
    """Disks, the boot disk first."""
    hostname: NotRequired[str]
    """Host name."""
    locked: NotRequired[bool]
    """Locked in MAAS: never touched."""
    mem_mib: NotRequired[int]
    """Memory."""
    owner: NotRequired[Owner | None]
    """Whose it is, as our hosts wrote it into agent name and annotations; never MAAS's owner name."""
    power: NotRequired[Power]
    """Power."""
    resource_pool: NotRequired[str]
    """Resource pool."""
    status: MachineStatus
    """MAAS's status."""
    status_since_ms: NotRequired[int | None]
    """Since when, if the host knows (MAAS does not say)."""
    system_id: str
    """MAAS's id."""
    tags: NotRequired[list[str]]
    """Tags."""
    zone: NotRequired[str]
    """Zone."""


class MachineMemory(TypedDict):
    """Of a machine."""

    failures: NotRequired[list[int]]
    """When it failed: the last 8."""
    orphan_since_ms: NotRequired[int | None]
    """Since when it is ours without a node."""
    quarantined_until_ms: NotRequired[int | None]
    """Not to be allocated before."""
    returning_since_ms: NotRequired[int | None]
    """Since when it is on its way back."""
    stuck: NotRequired[bool]
    """It did not come back in time."""
    tried_ms: NotRequired[int | None]
    """When a release was last tried."""
    tries: NotRequired[int]
    """Releases tried."""


class MassFailure(TypedDict):
    """A mass-failure stop."""

    as_of_ms: NotRequired[int]
    """The observation counted last."""
    clear: NotRequired[int]
    """Observations running in which it was not so: it ends at 2."""
    since_ms: int
    """When it began."""


class Memory(TypedDict):
    """What `decide` remembers."""

    clock_hwm_ms: NotRequired[int | None]
    """The highest clock reading so far."""
    clusters: NotRequired[dict[str, ClusterMemory]]
    """By cluster or gateway."""
    machines: NotRequired[dict[str, MachineMemory]]
    """By system id."""
    nodes: NotRequired[dict[str, NodeMemory]]
    """By `"cluster/node"`."""
    pools: NotRequired[dict[str, PoolMemory]]
    """By `"cluster/pool"`."""
    v: NotRequired[int]
    """The shape's version: 1."""


class NetSpec(TypedDict):
    """Where a cluster's addresses come from."""

    node_mask: NotRequired[int]
    """Prefix length of one node's share of `pod_cidr` (24; for IPv6 write 64)."""
    pod_cidr: NotRequired[str | None]
    """Pods."""
    routable_pods: NotRequired[bool]
    """Pods are reachable from outside: their ranges must not overlap across clusters."""
    service_cidr: NotRequired[str | None]
    """Services."""
    subnet: NotRequired[str | None]
    """Subnet of the nodes; absent: addresses are not counted."""
    vip: NotRequired[str | None]
    """Address of the control-plane endpoint."""


class NetworkInput(TypedDict):
    """What `plan_network` reads."""

    desired: Desired
    """Clusters and gateways."""
    policy: NotRequired[Policy]
    """Rolling limits that set the peak."""
    subnets: NotRequired[list[Subnet]]
    """Subnets."""


class NetworkOwner(TypedDict):
    """Addresses a cluster or gateway needs."""

    peak: int
    """At most, while rolling."""
    steady: int
    """When nothing is being replaced."""


class NetworkPlan(TypedDict):
    """Addresses needed and had."""

    findings: NotRequired[list[Finding]]
    """Overlaps, shortages, warnings."""
    owners: NotRequired[dict[str, NetworkOwner]]
    """By cluster or gateway."""
    subnets: NotRequired[dict[str, SubnetUse]]
    """By subnet."""


class Node(TypedDict):
    """A node: a machine's part in a cluster, from its allocation on."""

    cluster: str
    """Its cluster or gateway."""
    cordoned: NotRequired[bool]
    """Unschedulable."""
    created_ms: NotRequired[int]
    """When its machine was allocated (an annotation)."""
    drain: NotRequired[Drain]
    """Its drain."""
    endpoint_attached: NotRequired[bool | None]
    """Whether it serves the control-plane endpoint; absent: the host has no endpoint to manage."""
    id: str
    """Its name, unique in its cluster: `"{pool}-{k}"`."""
    inplace_revision: NotRequired[str | None]
    """Labels and taints it carries, hashed."""
    joined_ms: NotRequired[int | None]
    """When it first settled (an annotation that the engine records)."""
    k8s_version: NotRequired[Version | None]
    """Its kubelet's version; an unreadable one counts as absent."""
    maintenance: NotRequired[Maintenance]
    """What an operator said about it."""
    object: NotRequired[bool]
    """Whether a Kubernetes node object exists."""
    pool: str
    """Its pool."""
    ready: NotRequired[Tri]
    """The Ready condition."""
    ready_since_ms: NotRequired[int | None]
    """When `ready` last changed."""
    revision: NotRequired[str | None]
    """What it was made from."""
    system_id: NotRequired[str | None]
    """Its machine."""
    zone: NotRequired[str | None]
    """Its zone."""


class NodeMemory(TypedDict):
    """Of a node."""

    power_cycle_ms: NotRequired[int | None]
    """When it was last power-cycled."""
    power_on_ms: NotRequired[int | None]
    """When it was last powered on."""
    suspect_since_ms: NotRequired[int | None]
    """Since when it is not well."""


class Observed(TypedDict):
    """One observation of the whole fleet."""

    as_of_ms: int
    """The server's clock, taken before the first read."""
    clusters: NotRequired[dict[str, ClusterObs]]
    """Records of clusters and gateways."""
    etcd: NotRequired[dict[str, EtcdView]]
    """etcd by cluster or gateway."""
    machines: NotRequired[list[Machine]]
    """MAAS machines."""
    nodes: NotRequired[list[Node]]
    """Nodes of clusters and gateways."""
    pcgs: NotRequired[dict[str, PcgObs]]
    """Gateways that Palette manages."""
    pending: NotRequired[list[PendingAction]]
    """Actions whose call has begun and is not yet reflected above."""
    subnets: NotRequired[list[Subnet]]
    """Subnets; of one that is not listed the addresses are not counted."""


class Owner(TypedDict):
    """Whose a machine is."""

    cluster: str
    """Cluster or gateway."""
    node: NotRequired[str | None]
    """Node."""
    pool: NotRequired[str | None]
    """Pool."""


OwnerRuleIs = TypedDict('OwnerRuleIs', {'is': 'Owner'})


class PcgObs(TypedDict):
    """A gateway that Palette manages, as Palette reports it."""

    healthy: NotRequired[bool]
    """Whether it is healthy."""
    size: NotRequired[int]
    """Its nodes."""
    state: NotRequired[str | None]
    """Palette's state."""
    version: NotRequired[Version | None]
    """Its version; an unreadable one counts as absent."""


class PcgSpec(TypedDict):
    """A private cloud gateway: planned as a cluster of this one control-plane pool."""

    delete_requested_ms: NotRequired[int | None]
    """When its deletion was asked for."""
    id: str
    """Its name, unique among clusters and gateways."""
    managed_by: NotRequired[ManagedBy]
    """Who carries it out."""
    network: NotRequired[NetSpec]
    """Where its addresses come from."""
    pool: PoolSpec
    """Its nodes: role control plane, size 1 or 3."""
    requested_ms: int
    """When it was asked for."""


class PendingAction(TypedDict):
    """An action whose call has begun and whose effect the observation may not show yet."""

    action: Action
    """The action."""
    issued_ms: int
    """When the call began."""


class Plan(TypedDict):
    """What will happen."""

    alternatives: NotRequired[list[Alternative]]
    """The same request done otherwise."""
    blockers: NotRequired[list[Finding]]
    """Why not."""
    duration_p50_s: int
    """How long, when every step takes its median."""
    duration_p90_s: int
    """How long, when every step takes its 90th percentile."""
    fallbacks_used: NotRequired[int]
    """Steps at which Expand First fell back to Contract First."""
    feasible: bool
    """Whether it comes to its end."""
    machines_reused: NotRequired[int]
    """Machines that were released and taken again."""
    min_available: NotRequired[dict[str, int]]
    """Fewest nodes available at any time, by `"cluster/pool"`."""
    min_etcd_tolerance: NotRequired[dict[str, int]]
    """Fewest etcd failures tolerated at any time, by cluster."""
    peak_ips: NotRequired[dict[str, int]]
    """Most addresses used at once beyond those in use at the beginning, by subnet."""
    peak_machines: NotRequired[dict[str, int]]
    """Most machines held at once, by `"cluster/pool"`."""
    planner: Planner
    """Whose rules."""
    risks: NotRequired[list[Finding]]
    """What may go wrong meanwhile, and for how long."""
    steps: NotRequired[list[Step]]
    """What happens when."""


class Policy(TypedDict):
    """What the host may set for a fleet; every field has a default."""

    bad_drain_s: NotRequired[int]
    """A drain of an unhealthy node is cut off after this."""
    cancel_hold_s: NotRequired[int]
    """After a cancelled drain no voluntary one for this long."""
    etcd_view_max_age_s: NotRequired[int]
    """An older etcd view is Unknown."""
    failure_limit: NotRequired[int]
    """Failures of new nodes that freeze a rollout."""
    grace_s: NotRequired[int]
    """A node may be not well this long before anything is done."""
    lease_held_while_returning: NotRequired[bool]
    """Whether a machine on its way back still holds its address."""
    limits: NotRequired[Limits]
    """Largest fleet accepted."""
    max_concurrent_deploys: NotRequired[int]
    """Machines being deployed at a time, in the whole fleet."""
    max_concurrent_provisions: NotRequired[int]
    """Clusters being provisioned at a time."""
    max_pools_rolling: NotRequired[int]
    """Worker pools of a cluster that roll at a time."""
    observation_max_age_s: NotRequired[int]
    """An older observation is not acted upon."""
    quarantine_base_s: NotRequired[int]
    """Quarantine of a machine after its first failure."""
    quarantine_max_s: NotRequired[int]
    """Longest quarantine."""
    queue_while_resizing: NotRequired[bool]
    """Whether a resizing gateway makes creates and deletes wait."""
    remediation: NotRequired[bool]
    """Whether unhealthy nodes are powered on, power-cycled and replaced."""
    settle_s: NotRequired[int]
    """A new node must be ready this long before it counts."""
    suggest_broken_after: NotRequired[int]
    """Failures in 24 h after which marking the machine broken is suggested."""
    timings: NotRequired[Timings]
    """Step times."""


class PoolCapacity(TypedDict):
    """What a pool finds of machines."""

    available: int
    """Machines that it gets when every demand before it is served: at most `need`."""
    excluded: NotRequired[dict[str, int]]
    """How many machines each constraint keeps out; a machine counts once for every constraint that it misses."""
    first_eta_ms: NotRequired[int | None]
    """When the first of them should be back, or the first quarantine ends."""
    fitting: int
    """Free machines that meet all of its constraints, whoever else may want them."""
    need: int
    """Machines that it still needs to reach its size."""
    pool: str
    """The pool."""
    returning: int
    """Fitting machines on their way back to MAAS's pool."""
    spare: int
    """Fitting machines beyond that: spares for Expand First, unless another pool takes them."""
    zones: NotRequired[dict[str, int]]
    """The fitting ones by zone."""


class PoolMemory(TypedDict):
    """Of a pool."""

    last_cancel_ms: NotRequired[int | None]
    """The last cancelled drain: starts the hold-off."""
    last_k: NotRequired[int]
    """The highest number given to a node."""
    reached: NotRequired[int | None]
    """The size last reached, lowered by a shrink."""
    rollout: NotRequired[RolloutMemory | None]
    """The rollout under way."""


class PoolSpec(TypedDict):
    """A pool of alike nodes."""

    allow_workloads: NotRequired[bool]
    """Whether workloads may run on a control plane."""
    approved_k8s_version: NotRequired[Version | None]
    """The Kubernetes version of `approved_revision`."""
    approved_revision: NotRequired[str | None]
    """The last approved revision, while a repave is not approved."""
    arch: NotRequired[str | None]
    """Architecture of a machine, as MAAS writes it (`amd64/generic`); absent: any."""
    azs: NotRequired[list[str]]
    """The MAAS zones its machines come from; empty: any."""
    drain_deadline_s: NotRequired[int]
    """How long a drain may take."""
    erase: NotRequired[Erase]
    """How disks are erased at release."""
    hold_returning: NotRequired[bool | None]
    """Whether a machine on its way back still counts as held; absent: unless its disks are erased securely (which takes hours)."""
    id: str
    """Its name, unique in the cluster."""
    inplace_revision: NotRequired[str | None]
    """Labels and taints, hashed: applied to running nodes without replacing them."""
    k8s_version: NotRequired[Version | None]
    """The Kubernetes version of `revision`."""
    labels: NotRequired[dict[str, str]]
    """Node labels: validated here, applied by the host through `inplace_revision`."""
    max_parallel: NotRequired[int]
    """Nodes replaced at a time, at least 1 (control plane: exactly 1)."""
    max_unhealthy: NotRequired[Pct]
    """Above this many unhealthy nodes none is replaced (workers)."""
    min_cpu: NotRequired[int]
    """Least CPU cores of a machine."""
    min_disk_gb: NotRequired[int]
    """Least size of a machine's boot disk."""
    min_mem_mib: NotRequired[int]
    """Least memory of a machine."""
    node_repave_interval_s: NotRequired[int]
    """Pause between two replaced nodes (workers)."""
    on_drain_deadline: NotRequired[OnDrainDeadline]
    """What happens then."""
    on_no_spare: NotRequired[OnNoSpare]
    """What Expand First does without a spare machine."""
    resource_pool: str
    """The MAAS resource pool its machines come from."""
    resumed_ms: NotRequired[int | None]
    """When this pool was last resumed."""
    revision: str
    """What its nodes should be made from."""
    role: PoolRole
    """Control plane or worker."""
    size: int
    """Nodes wanted."""
    skip_update: NotRequired[bool]
    """Leave outdated nodes alone (workers)."""
    strategy: NotRequired[Strategy]
    """How outdated nodes are replaced."""
    subnet: NotRequired[str | None]
    """Subnet of its addresses; absent: the cluster's."""
    tags: NotRequired[list[str]]
    """MAAS tags that a machine must carry, all of them."""
    taints: NotRequired[list[Taint]]
    """Node taints: as labels."""


class PoolStatus(TypedDict):
    """Where a pool stands."""

    available: int
    """Nodes that take work."""
    held: int
    """Machines that count against the pool's ceiling."""
    live: int
    """Nodes that are or become nodes."""
    progress: NotRequired[Progress]
    """How far it is."""
    rollout: Rollout
    """The rollout."""
    size: int
    """Nodes wanted."""
    up_to_date: int
    """Nodes at the target."""


class PreviewOptions(TypedDict):
    """How to preview."""

    alternatives: NotRequired[bool]
    """Also compare with the other strategy and with one more spare machine."""
    max_steps: NotRequired[int]
    """Give up after this many steps."""
    planner: NotRequired[Planner | None]
    """Whose rules; absent: the engine's, or Cluster API's for what Palette manages."""


class Progress(TypedDict):
    """How far something is."""

    done: int
    """Nodes as desired (when deleting: machines given back)."""
    eta_ms: NotRequired[int | None]
    """Likely end, at the median step times."""
    total: int
    """Nodes in all."""


class Refusal(TypedDict):
    """Why a request was not accepted."""

    args: NotRequired[dict[str, Any]]
    """The values in the message."""
    code: Code
    """Code."""
    hint: NotRequired[str]
    """What to do."""
    message: str
    """What is the matter."""
    retry_after_ms: NotRequired[int | None]
    """The same request may be accepted after this many milliseconds."""


class RequestAbort(TypedDict):
    """Stop a cluster that is still being provisioned, and give everything back."""

    actor_role: Role
    """Who asks."""
    id: str
    """Cluster."""
    kind: Literal['abort']


class RequestApproveRepave(TypedDict):
    """Approve a change that replaces nodes."""

    id: str
    """Cluster."""
    kind: Literal['approve_repave']


class RequestCreate(TypedDict):
    """Create a cluster."""

    cluster: ClusterSpec
    """The cluster."""
    kind: Literal['create']
    queue_if_short: NotRequired[bool]
    """Accept it although machines are short now; it waits."""


class RequestCreatePcg(TypedDict):
    """Create a gateway."""

    kind: Literal['create_pcg']
    pcg: PcgSpec
    """The gateway."""


class RequestDelete(TypedDict):
    """Delete a provisioned cluster."""

    actor_role: Role
    """Who asks."""
    id: str
    """Cluster."""
    kind: Literal['delete']


class RequestDeletePcg(TypedDict):
    """Delete a gateway whose clusters are all deleted."""

    id: str
    """Gateway."""
    kind: Literal['delete_pcg']


class RequestForceDelete(TypedDict):
    """Declare a cluster deleted that has been Deleting or Aborting for 15 minutes, leaving orphans."""

    actor_role: Role
    """Who asks: administrators only."""
    id: str
    """Cluster."""
    kind: Literal['force_delete']
    reason: NotRequired[str]
    """Why."""


class RequestPause(TypedDict):
    """Stop everything voluntary."""

    id: str
    """Cluster."""
    kind: Literal['pause']


class RequestResizePcg(TypedDict):
    """Change a gateway's size: 1 to 3."""

    id: str
    """Gateway."""
    kind: Literal['resize_pcg']
    size: int
    """Nodes."""


class RequestResume(TypedDict):
    """Go on; ends a freeze too."""

    id: str
    """Cluster."""
    kind: Literal['resume']
    pool: NotRequired[str | None]
    """Only this pool."""


class RequestRevertRepave(TypedDict):
    """Refuse it."""

    id: str
    """Cluster."""
    kind: Literal['revert_repave']


class RequestUpdate(TypedDict):
    """Change a cluster to this."""

    cluster: ClusterSpec
    """The cluster as it should be."""
    kind: Literal['update']


class RequestUpgradePcg(TypedDict):
    """Upgrade a gateway."""

    id: str
    """Gateway."""
    k8s_version: NotRequired[Version | None]
    """Its Kubernetes version."""
    kind: Literal['upgrade_pcg']
    revision: str
    """New revision."""


class RolloutFrozen(TypedDict):
    """Stopped for this reason: `new_revision_failing` or `no_progress`."""

    frozen: str


class RolloutMemory(TypedDict):
    """Of a rollout."""

    failed_machines: NotRequired[list[str]]
    """The machines they failed on."""
    failed_ms: NotRequired[int | None]
    """When one last failed."""
    failures: NotRequired[int]
    """Nodes at target that failed since one at target last became Active."""
    frozen_ms: NotRequired[int | None]
    """When it was frozen."""
    last_progress_ms: int
    """When a node last became Active or Gone."""
    revision: str
    """Its target."""
    started_ms: int
    """When it began."""


class RolloutWaiting(TypedDict):
    """Waits for this."""

    waiting: str


class Status(TypedDict):
    """Where a cluster or gateway stands."""

    conditions: NotRequired[list[Condition]]
    """What else holds."""
    last_progress_ms: NotRequired[int | None]
    """When it last got anywhere."""
    pools: NotRequired[dict[str, PoolStatus]]
    """Its pools."""
    progress: NotRequired[Progress]
    """How far it is."""
    queue_position: NotRequired[int | None]
    """Place among those that wait to start, from 1."""
    state: State
    """State."""


class Step(TypedDict):
    """What happens at one moment."""

    actions: list[Action]
    """What."""
    at_ms: int
    """When."""
    why: NotRequired[list[Explain]]
    """Why."""


class StepTime(TypedDict):
    """How long a step takes."""

    deadline_s: int
    """After this it has failed."""
    p50_s: int
    """In half of all cases."""
    p90_s: int
    """In nine of ten cases."""


class StrategyCustom(TypedDict):
    """That many more, that many fewer (workers)."""

    custom: StrategyCustomCustom


class StrategyCustomCustom(TypedDict):
    max_surge: Pct
    """Nodes above the size; a percentage rounds up."""
    max_unavailable: Pct
    """Nodes below the size; a percentage rounds down."""


class Subnet(TypedDict):
    """A MAAS subnet."""

    cidr: str
    """Its range."""
    free_ips: NotRequired[int]
    """Addresses that can still be given out."""
    gateway: NotRequired[str | None]
    """Gateway address."""
    id: str
    """Its id."""
    reserved: NotRequired[list[str]]
    """Reserved ranges."""


class SubnetUse(TypedDict):
    """Addresses needed of a subnet."""

    headroom: int
    """Free addresses and those in use, less the peak."""
    peak: int
    """At most, while rolling."""
    steady: int
    """When nothing is being replaced."""


class Taint(TypedDict):
    """A node taint."""

    effect: str
    """`NoSchedule`, `PreferNoSchedule` or `NoExecute` (checked by `validate`)."""
    key: str
    """Key."""
    value: NotRequired[str | None]
    """Value."""


class Timings(TypedDict):
    """Step times, learned by the host."""

    allocate: NotRequired[StepTime]
    """Allocate a machine."""
    deploy: NotRequired[StepTime]
    """Deploy it (the deadline lies after MAAS's own 30 minutes)."""
    drain: NotRequired[StepTime]
    """Drain a node."""
    join: NotRequired[StepTime]
    """From deployed to a node that reports."""
    power: NotRequired[StepTime]
    """Power on or cycle until the node is ready again."""
    quick_erase: NotRequired[StepTime]
    """Erase quickly."""
    release: NotRequired[StepTime]
    """Release a machine."""
    remove: NotRequired[StepTime]
    """Move the leader, remove the member."""
    secure_erase: NotRequired[EraseRate]
    """Erase fully."""
    settle: NotRequired[StepTime]
    """Learner, promotion, ready for `settle_s`."""


class Unblock(TypedDict):
    """What would change a verdict."""

    args: NotRequired[dict[str, Any]]
    """Which."""
    kind: UnblockKind
    """What kind of thing."""


class World(TypedDict):
    """Everything `decide` reads."""

    desired: NotRequired[Desired]
    """What is wanted."""
    memory: NotRequired[Memory]
    """What the previous decision asked to be kept; losing it is safe."""
    now_ms: int
    """The host's clock at this call."""
    observed: NotRequired[Observed]
    """What was seen."""
    policy: NotRequired[Policy]
    """Limits, timings and tolerances."""


Action = Union["ActionAllocate", "ActionDeploy", "ActionRecord", "ActionAttachEndpoint", "ActionDetachEndpoint", "ActionDrain", "ActionCancelDrain", "ActionMoveEtcdLeader", "ActionRemoveEtcdMember", "ActionRelease", "ActionDeleteNodeObject", "ActionPowerOn", "ActionPowerCycle", "ActionApplyInPlace", "ActionFinishDeleted", "ActionNotify", "ActionUnknown"]
Change = Literal['other_strategy', 'one_more_spare']
Code = Literal['E_CP_SIZE_EVEN', 'E_CP_SIZE_ZERO', 'E_CP_SIZE_TOO_LARGE', 'E_CP_CONTRACT_SINGLE', 'E_CP_STRATEGY', 'E_CP_MULTI_STEP_LOSS', 'E_NO_SPARE_SINGLE_NODE', 'E_SURGE_AND_UNAVAILABLE_ZERO', 'E_CONTRACT_WOULD_LOSE_CAPACITY', 'E_CAPACITY', 'E_DELETE_NOT_PROVISIONED', 'E_ABORT_ALREADY_PROVISIONED', 'E_FORCE_NOT_DELETING', 'E_FORCE_TOO_EARLY', 'E_FORBIDDEN_ROLE', 'E_UPDATE_WHILE_PROVISIONING', 'E_TERMINATING', 'E_DELETED', 'E_REPAVE_NOT_APPROVED', 'E_PCG_IN_USE', 'E_PCG_SHRINK', 'E_PCG_SIZE', 'E_PCG_RESIZE_BUSY', 'E_PCG_UNHEALTHY', 'E_PCG_MISSING', 'E_VERSION_SKEW', 'E_VERSION_SKIP', 'E_DOWNGRADE', 'E_IP_SHORT', 'E_CIDR_OVERLAP', 'E_CIDR_TOO_SMALL', 'E_CIDR_NOT_CANONICAL', 'E_VIP_IN_CIDR', 'E_VIP_OUTSIDE_SUBNET', 'E_STALE_INPUT', 'E_POOL_LAST_CP', 'E_POOL_DUPLICATE', 'E_AZ_UNKNOWN', 'E_TAINT_EFFECT', 'E_LABEL_SYNTAX', 'E_NAME_TAKEN', 'E_NOT_FOUND', 'E_LIMIT', 'E_UNSUPPORTED', 'E_UNKNOWN_FIELD', 'E_DUPLICATE_FIELD', 'E_REQUIRED', 'E_TYPE', 'E_SYNTAX', 'E_INVALID', 'W_NO_SPARE', 'W_IP_PEAK', 'W_IP_HEADROOM', 'W_PODS_SHARED', 'W_MAAS_DEFAULT_SUBNET', 'W_ORPHANS', 'W_CUSTOM_ROUNDED_TO_ZERO', 'W_TOLERANCE_ZERO', 'W_BELOW_FLOOR', 'W_WOULD_WAIT', 'E_MAX_STEPS', 'E_STUCK']
ConditionCode = Literal['Degraded', 'QuorumLost', 'EtcdUnknown', 'EtcdNotObservable', 'MassFailure', 'ObservationStale', 'CapacityShort', 'RepavePendingApproval', 'Paused', 'Frozen', 'BlockedByPcg', 'QueuedBehindPcg', 'MachineLocked', 'ReturnStuck', 'CannotRemediate', 'InvalidSpec', 'PaletteError', 'ZoneSkewTolerated', 'PendingStuck', 'DrainBlocked']
DeployMode = Literal['init', 'join_control_plane', 'join_worker']
DiagnosticCode = Literal['ClockWentBackwards', 'ClockJumpedForward', 'ClockHwmReset', 'ObservationFromFuture', 'Unmanaged', 'MachineOwnedTwice', 'DuplicateId', 'UnknownPool', 'LimitExceeded']
DrainBy = Literal['none', 'engine', 'operator']
DrainState = Literal['done', 'blocked', 'running']
Erase = Literal['none', 'quick', 'secure']
Etcd = Literal['stacked', 'external', 'opaque']
MachineStatus = Literal['new', 'commissioning', 'failed_commissioning', 'missing', 'ready', 'reserved', 'deployed', 'retired', 'broken', 'deploying', 'allocated', 'failed_deployment', 'releasing', 'failed_releasing', 'disk_erasing', 'failed_disk_erasing', 'rescue_mode', 'entering_rescue_mode', 'failed_entering_rescue_mode', 'exiting_rescue_mode', 'failed_exiting_rescue_mode', 'testing', 'failed_testing', 'unknown']
Maintenance = Literal['none', 'locked', 'cordoned']
ManagedBy = Literal['engine', 'palette']
MemberKind = Literal['voter', 'learner']
OnDrainDeadline = Literal['force', 'wait']
OnNoSpare = Literal['wait', 'fallback_contract', 'refuse']
OwnerRule = Union["Literal['none']", "OwnerRuleIs"]
Pct = Union["int", "str"]
Planner = Literal['engine', 'cluster_api']
PoolRole = Literal['control_plane', 'worker']
Power = Literal['on', 'off', 'error', 'unknown']
RecordField = Literal['joined_ms', 'provisioned_ms', 'update_started_ms']
Repave = Literal['approved', 'pending', 'reverted']
Request = Union["RequestCreate", "RequestUpdate", "RequestDelete", "RequestAbort", "RequestForceDelete", "RequestPause", "RequestResume", "RequestApproveRepave", "RequestRevertRepave", "RequestCreatePcg", "RequestResizePcg", "RequestUpgradePcg", "RequestDeletePcg"]
Role = Literal['tenant_admin', 'project_admin', 'other']
Rollout = Union["Literal['idle', 'awaiting_approval', 'progressing', 'complete', 'complete_except_locked', 'paused']", "RolloutWaiting", "RolloutFrozen"]
Severity = Literal['error', 'warning']
State = Literal['pending', 'provisioning', 'running', 'updating', 'aborting', 'deleting', 'deleted', 'installing', 'upgrading', 'resizing']
Strategy = Union["Literal['expand_first', 'contract_first']", "StrategyCustom"]
Tri = Literal[True, False, 'unknown']
UnblockKind = Literal['time', 'machine', 'node', 'etcd', 'control_plane', 'gateway', 'approval', 'operator']
Verdict = Literal['did', 'waiting', 'blocked', 'refused']
Version = str
