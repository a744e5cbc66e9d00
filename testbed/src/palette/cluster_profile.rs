//! The profiles of a cluster: read, replaced, changed.

use serde_json::{Value, json};

use super::call::Call;
use super::cluster::Cluster;
use super::profile::Profile;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, items, text};

/// A profile with the pack values that the request overrides.
pub(crate) fn resolved(state: &State, wanted: &Value, place: &str) -> Result<Profile, Refusal> {
    let uid = text(wanted, "uid");
    let mut profile = state.profile(uid)?.clone();
    for (at, values) in items(&wanted["packValues"]).iter().enumerate() {
        let name = text(values, "name");
        let Some(pack) = profile.packs.iter_mut().find(|pack| pack.name == name) else {
            let message = format!(
                "{place}.packValues[{at}].name: profile '{}' has no pack '{name}'",
                profile.name
            );
            return Err(Refusal::new(400, "InvalidPack", message));
        };
        match text(values, "tag") {
            "" => {}
            tag if tag == pack.tag => {}
            tag => {
                let message = format!(
                    "{place}.packValues[{at}].tag: pack '{name}' of this profile has the tag '{}', not '{tag}'",
                    pack.tag
                );
                return Err(Refusal::new(400, "InvalidPack", message));
            }
        }
        if let Some(values) = values["values"]
            .as_str()
            .filter(|values| !values.is_empty())
        {
            values.clone_into(&mut pack.values);
        }
    }
    Ok(profile)
}

/// The profiles that a cluster has after a request: only those listed (`PUT`), or those beside the ones that it had (`PATCH`).
pub(crate) fn merged(
    state: &State,
    cluster: &Cluster,
    wanted: &Value,
    only: bool,
) -> Result<Vec<Profile>, Refusal> {
    let mut profiles = if only {
        Vec::new()
    } else {
        cluster.profiles.clone()
    };
    for (at, wanted) in items(wanted).iter().enumerate() {
        let place = format!("profiles[{at}]");
        let profile = resolved(state, wanted, &place)?;
        let replaced = text(wanted, "replaceWithProfile");
        if !replaced.is_empty() {
            if !cluster.profiles.iter().any(|known| known.uid == replaced) {
                let message =
                    format!("{place}.replaceWithProfile: the cluster has no profile '{replaced}'");
                return Err(Refusal::new(400, "InvalidProfile", message));
            }
            profiles.retain(|known| known.uid != replaced);
        }
        profiles.retain(|known| known.uid != profile.uid);
        profiles.push(profile);
    }
    let infras = profiles
        .iter()
        .filter(|profile| profile.layer("k8s").is_some())
        .count();
    if infras != 1 {
        let message = format!(
            "profiles: a cluster has exactly one profile with a Kubernetes layer, not {infras}"
        );
        return Err(Refusal::new(400, "InvalidProfile", message));
    }
    Ok(profiles)
}

/// `GET /v1/spectroclusters/{uid}/profiles`
pub(crate) fn list(state: &State, call: &Call) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    let profiles: Vec<Value> = cluster
        .profiles
        .iter()
        .map(|profile| {
            let packs: Vec<Value> = profile.packs.iter().map(|pack| pack.entity(state)).collect();
            json!({
                "metadata": state.metadata(&profile.name, &profile.uid, cluster.created_ms, cluster.modified_ms),
                "spec": {"cloudType": "maas", "packs": packs, "type": "cluster", "version": 1},
            })
        })
        .collect();
    Ok(Reply::ok(json!({"profiles": profiles})))
}

/// `PUT` (`only`) and `PATCH /v1/spectroclusters/{uid}/profiles`
pub(crate) fn update(state: &mut State, call: &Call, only: bool) -> Answer {
    let now_ms = state.now_ms;
    let cluster = state.cluster(call.id("uid"))?;
    cluster.must_take_changes()?;
    let profiles = merged(state, cluster, &call.body["profiles"], only)?;
    let versions = |profiles: &[Profile]| {
        profiles.iter().find_map(|profile| {
            profile
                .layer("k8s")?
                .tag
                .parse::<lifecycle_core::Version>()
                .ok()
        })
    };
    let (old, fresh) = (versions(&cluster.profiles), versions(&profiles));
    let approved = cluster
        .repave
        .approved()
        .map_or(old, |(_, version)| *version);
    if let (Some(running), Some(fresh)) = (approved, fresh) {
        if (fresh.major, fresh.minor) < (running.major, running.minor) {
            let message = format!("profiles: Kubernetes cannot go back from {running} to {fresh}");
            return Err(Refusal::new(400, "InvalidProfile", message));
        }
        if fresh.major != running.major || fresh.minor > running.minor + 1 {
            let message = format!(
                "profiles: Kubernetes cannot skip a minor version from {running} to {fresh}"
            );
            return Err(Refusal::new(400, "InvalidProfile", message));
        }
    }
    state
        .cluster_mut(call.id("uid"))?
        .take_profiles(profiles, now_ms);
    Ok(Reply::no_content())
}
