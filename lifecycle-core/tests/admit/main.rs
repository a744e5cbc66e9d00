//! What `admit` answers: the table of states and requests cell by cell, the clock of force delete, and every refusal.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod capacity;
mod gateway;
mod messages;
mod removal;
mod update;
mod world;

use lifecycle_core::{Admission, ClusterSpec, Code, Refusal, Request, Role, World, admit};
use world::*;

fn update(cluster: ClusterSpec) -> Request {
    Request::Update {
        cluster: Box::new(cluster),
    }
}

fn create(cluster: ClusterSpec) -> Request {
    Request::Create {
        cluster: Box::new(cluster),
        queue_if_short: false,
    }
}

/// The code of a refusal; its message and hint must say something.
fn refused(world: &World, request: &Request) -> Refusal {
    let refusal = admit(request, world).expect_err(&format!("{request:?} is accepted"));
    assert!(
        !refusal.message.is_empty() && !refusal.hint.is_empty(),
        "{refusal:?}"
    );
    assert!(
        !refusal.message.contains("master") && !refusal.hint.contains("master"),
        "{refusal}"
    );
    refusal
}

fn code(world: &World, request: &Request) -> Code {
    refused(world, request).code
}

fn accepted(world: &World, request: &Request) -> Admission {
    admit(request, world).unwrap_or_else(|refusal| panic!("{request:?}: {refusal}"))
}

fn warned(admission: &Admission) -> Vec<Code> {
    admission.warnings.iter().map(|w| w.code).collect()
}

/// What a cell of the table says.
#[derive(Debug, PartialEq)]
enum Cell {
    Refused(Code),
    /// Accepted, nothing changes.
    NoOp,
    /// The new specification is taken.
    Taken,
    /// The stamp of a delete, abort or forced delete is set.
    Delete,
    Abort,
    Force,
}

fn cell(world: &World, request: &Request) -> Cell {
    let before = &world.desired.clusters[0];
    match admit(request, world) {
        Err(refusal) => Cell::Refused(refusal.code),
        Ok(admission) => {
            let after = &admission.desired.clusters[0];
            if after == before {
                Cell::NoOp
            } else if after.force_delete != before.force_delete {
                Cell::Force
            } else if after.delete_requested_ms != before.delete_requested_ms {
                Cell::Delete
            } else if after.abort_requested_ms != before.abort_requested_ms {
                Cell::Abort
            } else {
                Cell::Taken
            }
        }
    }
}

#[test]
fn every_cell_of_the_table_of_states_and_requests() {
    use Cell::{Abort, Delete, NoOp, Refused, Taken};
    use Code::{
        AbortAlreadyProvisioned, DeleteNotProvisioned, Deleted, ForceNotDeleting, ForceTooEarly,
        Terminating, UpdateWhileProvisioning,
    };
    let rows = [
        (
            "pending",
            pending(),
            [
                Taken,
                Taken,
                Refused(DeleteNotProvisioned),
                Abort,
                Refused(ForceNotDeleting),
            ],
        ),
        (
            "provisioning",
            provisioning(),
            [
                Refused(UpdateWhileProvisioning),
                Refused(UpdateWhileProvisioning),
                Refused(DeleteNotProvisioned),
                Abort,
                Refused(ForceNotDeleting),
            ],
        ),
        (
            "running",
            running(),
            [
                Taken,
                Taken,
                Delete,
                Refused(AbortAlreadyProvisioned),
                Refused(ForceNotDeleting),
            ],
        ),
        (
            "updating",
            updating(),
            [
                Taken,
                Taken,
                Delete,
                Refused(AbortAlreadyProvisioned),
                Refused(ForceNotDeleting),
            ],
        ),
        (
            "aborting",
            aborting(),
            [
                Refused(Terminating),
                Refused(Terminating),
                NoOp,
                NoOp,
                Refused(ForceTooEarly),
            ],
        ),
        (
            "deleting",
            deleting(),
            [
                Refused(Terminating),
                Refused(Terminating),
                NoOp,
                Refused(Terminating),
                Refused(ForceTooEarly),
            ],
        ),
        (
            "deleted",
            deleted(),
            [
                Refused(Deleted),
                Refused(Deleted),
                NoOp,
                Refused(Deleted),
                NoOp,
            ],
        ),
    ];
    let id = || "c1".to_owned();
    for (state, world, expected) in rows {
        let requests = [
            update(changed(&world, |c| c.workers[0].revision = "r3".into())),
            update(changed(&world, |c| c.workers[0].size = 3)),
            Request::Delete {
                id: id(),
                actor_role: Role::TenantAdmin,
            },
            Request::Abort {
                id: id(),
                actor_role: Role::TenantAdmin,
            },
            Request::ForceDelete {
                id: id(),
                actor_role: Role::TenantAdmin,
                reason: String::new(),
            },
        ];
        for (request, expected) in requests.iter().zip(expected) {
            assert_eq!(cell(&world, request), expected, "{state}: {request:?}");
        }
    }
}

#[test]
fn what_is_unknown_is_not_found() {
    let world = running();
    let id = || "nobody".to_owned();
    for request in [
        update(ClusterSpec::new("nobody")),
        Request::Delete {
            id: id(),
            actor_role: Role::Other,
        },
        Request::Abort {
            id: id(),
            actor_role: Role::Other,
        },
        Request::ForceDelete {
            id: id(),
            actor_role: Role::TenantAdmin,
            reason: String::new(),
        },
        Request::Pause { id: id() },
        Request::Resume {
            id: id(),
            pool: None,
        },
        Request::ApproveRepave { id: id() },
        Request::RevertRepave { id: id() },
        Request::Resume {
            id: "c1".into(),
            pool: Some("nobody".into()),
        },
    ] {
        assert_eq!(code(&world, &request), Code::NotFound, "{request:?}");
    }
    for request in [
        Request::ResizePcg { id: id(), size: 3 },
        Request::UpgradePcg {
            id: id(),
            revision: "r2".into(),
            k8s_version: None,
        },
        Request::DeletePcg { id: id() },
    ] {
        assert_eq!(code(&world, &request), Code::PcgMissing, "{request:?}");
    }
}

#[test]
fn pausing_and_resuming() {
    let world = running();
    let paused = accepted(&world, &Request::Pause { id: "c1".into() }).desired;
    assert!(paused.clusters[0].paused);
    let mut world = World {
        desired: paused,
        ..world
    };
    let resumed = accepted(
        &world,
        &Request::Resume {
            id: "c1".into(),
            pool: None,
        },
    )
    .desired;
    assert_eq!(
        (resumed.clusters[0].paused, resumed.clusters[0].resumed_ms),
        (false, Some(NOW))
    );
    let one_pool = accepted(
        &world,
        &Request::Resume {
            id: "c1".into(),
            pool: Some("w".into()),
        },
    )
    .desired;
    assert_eq!(
        (
            one_pool.clusters[0].resumed_ms,
            one_pool.clusters[0].workers[0].resumed_ms
        ),
        (None, Some(NOW))
    );
    let updated = accepted(
        &world,
        &update(changed(&world, |c| (c.paused, c.priority) = (false, 1))),
    )
    .desired;
    assert!(updated.clusters[0].paused, "only a resume ends a pause");
    world.desired.clusters[0].delete_requested_ms = Some(NOW);
    assert_eq!(
        code(&world, &Request::Pause { id: "c1".into() }),
        Code::Terminating
    );
    assert_eq!(
        code(
            &deleted(),
            &Request::Resume {
                id: "c1".into(),
                pool: None
            }
        ),
        Code::Deleted
    );
}
