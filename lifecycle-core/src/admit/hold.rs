//! Pause and resume; approve and revert.

use super::{Answer, Judge, shown, terminating};
use crate::prelude::*;
use crate::{ClusterSpec, Code, Refusal, Repave};

impl Judge<'_> {
    fn standing(&self, id: &str) -> Result<&ClusterSpec, Refusal> {
        let cluster = self.cluster(id)?;
        terminating(id, self.state(cluster)).map_or(Ok(cluster.spec), Err)
    }

    pub(super) fn pause(&self, id: &str) -> Answer {
        self.standing(id)?;
        Ok(self.with(id, |spec| spec.paused = true))
    }

    pub(super) fn resume(&self, id: &str, pool: Option<&str>) -> Answer {
        let spec = self.standing(id)?;
        if let Some(pool) = pool.filter(|pool| spec.pool(pool).is_none()) {
            let names: Vec<&str> = spec.pools().map(|p| p.id.as_str()).collect();
            let refusal = Refusal::new(Code::NotFound, format!("{id} has no pool {}", shown(pool)));
            return Err(refusal
                .hint(format!("its pools: {}", names.join(", ")))
                .arg("id", id)
                .arg("pool", shown(pool)));
        }
        let at = Some(self.clock.t);
        Ok(self.with(id, |spec| {
            spec.paused = false;
            let named = spec
                .control_plane
                .iter_mut()
                .chain(&mut spec.workers)
                .find(|p| Some(p.id.as_str()) == pool);
            match named {
                Some(pool) => pool.resumed_ms = at,
                None => spec.resumed_ms = at,
            }
        }))
    }

    /// A change waits for approval: something differs from what was approved.
    fn pending(&self, id: &str) -> Result<&ClusterSpec, Refusal> {
        let spec = self.standing(id)?;
        let differs = spec.pools().any(|p| {
            p.approved_revision.as_ref() != Some(&p.revision)
                || p.approved_k8s_version != p.k8s_version
        });
        if spec.repave == Repave::Pending && differs {
            return Ok(spec);
        }
        Err(Refusal::new(
            Code::RepaveNotApproved,
            format!("{id} has no change that waits for approval"),
        )
        .hint("ask for the change first")
        .arg("id", id))
    }

    pub(super) fn approve(&self, id: &str) -> Answer {
        let mut approved = self.pending(id)?.clone();
        self.fresh()?;
        approved.repave = Repave::Approved;
        let warnings = self.rollout(&approved, &mut self.supply(id))?;
        let mut admission = self.with(id, |spec| *spec = approved);
        admission.warnings = warnings;
        Ok(admission)
    }

    pub(super) fn revert(&self, id: &str) -> Answer {
        self.pending(id)?;
        Ok(self.with(id, |spec| spec.repave = Repave::Reverted))
    }
}
