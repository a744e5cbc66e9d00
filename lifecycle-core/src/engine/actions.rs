//! 3.3 Actions with their guards; every irreversible one has its guard here and nowhere else.
use crate::prelude::*;
use crate::{
    Action, Args, DeployMode, Erase, Guard, Machine, MachineStatus, MemberKind, Millis, Owner,
    OwnerRule, Power, RecordField, Verb,
};

use super::index::Cluster;
use super::phase::NodeView;
use super::pool::Pool;
use super::view::{EtcdTerms, quorum};

/// Etcd is looked at again before a step that cannot be taken back.
const VIEW_MAX_AGE_S: u32 = 30;

fn owner_is(cluster: &str, pool: Option<&str>, node: Option<&str>) -> Option<OwnerRule> {
    Some(OwnerRule::Is(Owner {
        cluster: cluster.to_owned(),
        pool: pool.map(ToOwned::to_owned),
        node: node.map(ToOwned::to_owned),
    }))
}

pub(crate) fn allocate(cluster: &str, pool: &str, node: &str, machine: &Machine) -> Action {
    let verb = Verb::Allocate {
        node: node.to_owned(),
        system_id: machine.system_id.clone(),
        zone: machine.zone.clone(),
    };
    Action::new(cluster, pool, node, verb).guarded(Guard {
        status: Some(MachineStatus::Ready),
        owner: Some(OwnerRule::None),
        locked: Some(false),
        ..Guard::default()
    })
}

pub(crate) fn deploy(
    cluster: &str,
    pool: &str,
    x: &NodeView<'_>,
    machine: &Machine,
    revision: &str,
    mode: DeployMode,
) -> Action {
    let verb = Verb::Deploy {
        node: x.id.to_owned(),
        system_id: machine.system_id.clone(),
        revision: revision.to_owned(),
        mode,
    };
    Action::new(cluster, pool, x.id, verb).guarded(Guard {
        owner: owner_is(cluster, None, Some(x.id)),
        status: Some(MachineStatus::Allocated),
        uninitialised: mode == DeployMode::Init,
        ..Guard::default()
    })
}

pub(crate) fn record(
    cluster: &str,
    pool: &str,
    node: Option<&str>,
    field: RecordField,
    value: Millis,
) -> Action {
    let verb = Verb::Record {
        cluster: cluster.to_owned(),
        node: node.map(ToOwned::to_owned),
        field,
        value,
    };
    Action::new(cluster, pool, node.unwrap_or(""), verb).guarded(Guard {
        field_absent: true,
        ..Guard::default()
    })
}

pub(crate) fn attach(cluster: &str, pool: &str, x: &NodeView<'_>) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::AttachEndpoint {
            node: x.id.to_owned(),
        },
    )
}

pub(crate) fn detach(cluster: &str, pool: &str, x: &NodeView<'_>) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::DetachEndpoint {
            node: x.id.to_owned(),
        },
    )
}

pub(crate) fn drain(cluster: &str, pool: &str, x: &NodeView<'_>, deadline_ms: Millis) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::Drain {
            node: x.id.to_owned(),
            deadline_ms,
        },
    )
}

pub(crate) fn cancel_drain(cluster: &str, pool: &str, x: &NodeView<'_>) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::CancelDrain {
            node: x.id.to_owned(),
        },
    )
}

pub(crate) fn move_leader(cluster: &str, pool: &str, x: &NodeView<'_>, to: &str) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::MoveEtcdLeader {
            from: x.id.to_owned(),
            to: to.to_owned(),
        },
    )
    .guarded(Guard {
        view_max_age_s: Some(VIEW_MAX_AGE_S),
        leads: Some(x.id.to_owned()),
        healthy_voter: Some(to.to_owned()),
        ..Guard::default()
    })
}

/// `node`: the member's node, or its id where there is none.
pub(crate) fn remove_member(
    cluster: &str,
    pool: &str,
    node: &str,
    member: &crate::EtcdMember,
    etcd: &EtcdTerms<'_>,
) -> Action {
    let kind = if member.learner {
        MemberKind::Learner
    } else {
        MemberKind::Voter
    };
    let verb = Verb::RemoveEtcdMember {
        member_id: member.member_id.clone(),
        kind,
    };
    let mut guard = Guard {
        view_max_age_s: Some(VIEW_MAX_AGE_S),
        members: Some(etcd.members.iter().map(|m| m.member_id.clone()).collect()),
        ..Guard::default()
    };
    match kind {
        MemberKind::Learner => guard.target_is_learner = true,
        MemberKind::Voter => {
            guard.healthy_now = Some(quorum(etcd.voters));
            guard.healthy_without = Some(quorum(etcd.voters.saturating_sub(1)));
            guard.no_learner = true;
        }
    }
    Action::new(cluster, pool, node, verb).guarded(guard)
}

pub(crate) fn release(
    cluster: &str,
    pool: &str,
    node: &str,
    machine: &Machine,
    erase: Erase,
) -> Action {
    let owner = machine.owner.as_ref();
    let verb = Verb::Release {
        system_id: machine.system_id.clone(),
        erase,
    };
    Action::new(cluster, pool, node, verb).guarded(Guard {
        owner: owner_is(cluster, None, owner.and_then(|o| o.node.as_deref())),
        terminating_or_not_member: true,
        ..Guard::default()
    })
}

pub(crate) fn release_node(c: &Cluster<'_>, pool: &Pool<'_>, x: &NodeView<'_>) -> Option<Action> {
    x.machine
        .map(|m| release(c.id, &pool.spec.id, x.id, m, pool.spec.erase))
}

pub(crate) fn delete_object(cluster: &str, pool: &str, x: &NodeView<'_>) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::DeleteNodeObject {
            node: x.id.to_owned(),
        },
    )
    .guarded(Guard {
        machine_left: true,
        ..Guard::default()
    })
}

pub(crate) fn power_on(cluster: &str, pool: &str, x: &NodeView<'_>) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::PowerOn {
            node: x.id.to_owned(),
        },
    )
    .guarded(Guard {
        owner: owner_is(cluster, None, Some(x.id)),
        status: Some(MachineStatus::Deployed),
        power: Some(Power::Off),
        ..Guard::default()
    })
}

pub(crate) fn power_cycle(
    cluster: &str,
    pool: &Pool<'_>,
    x: &NodeView<'_>,
    stacked: bool,
) -> Action {
    let member = stacked && pool.is_cp;
    Action::new(
        cluster,
        &pool.spec.id,
        x.id,
        Verb::PowerCycle {
            node: x.id.to_owned(),
        },
    )
    .guarded(Guard {
        owner: owner_is(cluster, None, Some(x.id)),
        status: Some(MachineStatus::Deployed),
        node_not_ready: true,
        member_unhealthy: member,
        view_max_age_s: member.then_some(VIEW_MAX_AGE_S),
        ..Guard::default()
    })
}

pub(crate) fn apply_in_place(
    cluster: &str,
    pool: &str,
    x: &NodeView<'_>,
    revision: &str,
) -> Action {
    Action::new(
        cluster,
        pool,
        x.id,
        Verb::ApplyInPlace {
            node: x.id.to_owned(),
            inplace_revision: revision.to_owned(),
        },
    )
}

pub(crate) fn finish_deleted(cluster: &str, orphans: Vec<String>, forced: bool) -> Action {
    Action::new(
        cluster,
        "",
        "",
        Verb::FinishDeleted {
            cluster: cluster.to_owned(),
            orphans,
            forced,
        },
    )
    .guarded(Guard {
        no_machine_left: !forced,
        ..Guard::default()
    })
}

/// `about`: what the id names beside the cluster: a node or a machine.
pub(crate) fn notify(cluster: &str, pool: &str, about: &str, code: &str, args: Args) -> Action {
    Action::new(
        cluster,
        pool,
        about,
        Verb::Notify {
            code: code.to_owned(),
            args,
        },
    )
}
