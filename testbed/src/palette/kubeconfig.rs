//! Kubeconfigs: files that let their bearer into a cluster, once there is an API server.

use super::call::Call;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, digest};

/// `GET /v1/spectroclusters/{uid}/assets/adminKubeconfig`, `…/kubeconfig`, `…/kubeconfigclient`
pub(crate) fn read(state: &State, call: &Call, user: &str) -> Answer {
    let cluster = state.cluster(call.id("uid"))?;
    if !cluster.has_kubeconfig() {
        return Err(Refusal::not_found("kubeconfig", &cluster.uid));
    }
    let (name, host) = (&cluster.name, cluster.api_host());
    let token = format!(
        "{}{}",
        digest(&format!("{user}{}", cluster.uid)),
        digest(&cluster.config_uid)
    );
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: https://{host}:6443\n\
         contexts:\n- name: {user}@{name}\n  context:\n    cluster: {name}\n    user: {user}\ncurrent-context: {user}@{name}\n\
         users:\n- name: {user}\n  user:\n    token: {token}\n"
    );
    Ok(Reply::file(&format!("{user}.{name}.kubeconfig"), text))
}
