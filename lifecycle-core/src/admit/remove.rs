//! Delete, abort, force delete: 3.4, 3.7.

use super::{Answer, Judge, some_of, state_name, terminating};
use crate::engine::clock;
use crate::prelude::*;
use crate::{Code, FORCE_DELETE_AFTER_MS, Finding, ForceDelete, Refusal, Role, State, clock_text};

impl Judge<'_> {
    pub(super) fn delete(&self, id: &str) -> Answer {
        let cluster = self.cluster(id)?;
        match self.state(cluster) {
            State::Pending | State::Provisioning => {
                let refusal = Refusal::new(
                    Code::DeleteNotProvisioned,
                    "cluster is still being provisioned; use Abort",
                );
                Err(refusal
                    .hint("use Abort: it gives back every machine taken so far")
                    .arg("id", id))
            }
            State::Aborting | State::Deleting | State::Deleted => self.unchanged(),
            // Only a delete asked for after the cluster was complete is honoured, and the clock may have gone back since.
            _ => {
                let at = self
                    .clock
                    .t
                    .max(cluster.provisioned_ms.unwrap_or(self.clock.t));
                Ok(self.with(id, |spec| spec.delete_requested_ms = Some(at)))
            }
        }
    }

    pub(super) fn abort(&self, id: &str) -> Answer {
        let cluster = self.cluster(id)?;
        match self.state(cluster) {
            State::Pending | State::Provisioning => {
                Ok(self.with(id, |spec| spec.abort_requested_ms = Some(self.clock.t)))
            }
            State::Aborting => self.unchanged(),
            state => Err(terminating(id, state).unwrap_or_else(|| {
                let message =
                    "cluster is provisioned; use Delete (or Pause/Rollback for an update)";
                Refusal::new(Code::AbortAlreadyProvisioned, message)
                    .hint("use Delete")
                    .arg("id", id)
                    .arg("state", state_name(state))
            })),
        }
    }

    pub(super) fn force_delete(&self, id: &str, role: Role, reason: &str) -> Answer {
        let cluster = self.cluster(id)?;
        if !matches!(role, Role::TenantAdmin | Role::ProjectAdmin) {
            let refusal = Refusal::new(
                Code::ForbiddenRole,
                "only tenant and project administrators may force a delete",
            );
            return Err(refusal
                .hint("ask an administrator of the tenant or project")
                .arg("id", id));
        }
        match self.state(cluster) {
            State::Deleted => return self.unchanged(),
            State::Deleting | State::Aborting => {}
            state => {
                let refusal = Refusal::new(
                    Code::ForceNotDeleting,
                    format!(
                        "{id} is {}, neither Deleting nor Aborting",
                        state_name(state)
                    ),
                );
                let hint = if matches!(state, State::Pending | State::Provisioning) {
                    "use Abort first"
                } else {
                    "use Delete first"
                };
                return Err(refusal
                    .hint(hint)
                    .arg("id", id)
                    .arg("state", state_name(state)));
            }
        }
        let started = clock::started(self.w, cluster, &self.clock);
        let remaining = clock::force_remaining_ms(self.w, started, &self.clock);
        if remaining > 0 {
            let text = clock_text(remaining);
            let refusal = Refusal::new(
                Code::ForceTooEarly,
                format!("force delete is available in {text}"),
            );
            return Err(refusal
                .hint("a delete or abort gets 15 minutes to give everything back by itself")
                .arg("remaining_ms", remaining)
                .arg("remaining", text)
                .arg(
                    "available_at_ms",
                    started.saturating_add(FORCE_DELETE_AFTER_MS),
                )
                .retry_after_ms(remaining));
        }
        let forced = ForceDelete {
            requested_ms: self.clock.t,
            actor_role: role,
            reason: reason.to_owned(),
        };
        // One that was written too early never fires: this one takes its place.
        let honoured = clock::force_honoured(cluster, started, &self.clock);
        let mut admission = self.with(id, |spec| {
            if !honoured {
                spec.force_delete = Some(forced);
            }
        });
        let orphans: Vec<String> = cluster
            .machines
            .iter()
            .map(|m| m.system_id.clone())
            .collect();
        let message = match orphans.len() {
            0 => format!("{id} leaves no machine behind"),
            n => format!("{id} leaves {n} machines behind: {}", some_of(&orphans)),
        };
        let finding = Finding::new(Code::Orphans, "", message)
            .hint("release them in MAAS; remove the endpoint's address and its DNS records");
        admission
            .warnings
            .push(finding.arg("id", id).arg("machines", orphans));
        Ok(admission)
    }
}
