//! Which handler serves which operation. What the specification knows and this table does not is answered with 501, by name.

use super::call::Call;
use super::reply::{Answer, Refusal};
use super::state::State;
use super::{
    account, backup_location, cluster_call, cluster_feature, cluster_profile, cluster_search,
    event, gateway, kubeconfig, machine, pool, profile, repave, tenant,
};
use crate::maas::Region;

/// Serves a checked request.
pub(crate) fn serve(
    state: &mut State,
    region: &Region,
    method: &str,
    template: &str,
    call: &Call,
) -> Answer {
    match (method, template) {
        ("GET", "/v1/users/info") => tenant::who_am_i(state),
        ("GET", "/v1/health/ping" | "/v1/health/ready") => tenant::health(),
        ("GET", "/v1/dashboard/projects/metadata") => tenant::projects_metadata(state, call),
        ("POST", "/v1/dashboard/projects") => tenant::search_projects(state, call),
        ("GET", "/v1/projects/{uid}") => tenant::project(state, call),

        ("GET", "/v1/overlords") => gateway::list(state, call),
        ("GET", "/v1/overlords/{uid}") => gateway::read(state, call),
        ("POST", "/v1/dashboard/pcgs/search") => gateway::search(state, call),
        ("POST", "/v1/overlords/maas/{uid}/account/validate") => {
            gateway::validate_account(state, region, call)
        }

        ("POST", "/v1/clouds/maas/account/validate") => account::validate(state, region, call),
        ("GET", "/v1/cloudaccounts/maas") => account::list(state, call),
        ("POST", "/v1/cloudaccounts/maas") => account::create(state, region, call),
        ("GET", "/v1/cloudaccounts/maas/{uid}") => account::read(state, call),
        ("PUT", "/v1/cloudaccounts/maas/{uid}") => account::update(state, region, call),
        ("DELETE", "/v1/cloudaccounts/maas/{uid}") => account::delete(state, call),
        ("GET", "/v1/cloudaccounts/summary") => account::summary(state, call),
        ("GET", "/v1/dashboard/cloudaccounts/metadata") => account::metadata(state, call),

        ("GET", "/v1/dashboard/clusterprofiles/metadata") => profile::metadata(state),
        ("POST", "/v1/dashboard/clusterprofiles") => profile::search(state, call),
        ("GET", "/v1/clusterprofiles/{uid}") => profile::read(state, call),
        ("GET", "/v1/clusterprofiles/{uid}/packs") => profile::packs(state, call),
        ("GET", "/v1/users/assets/locations") => backup_location::list(state, call),

        ("GET", "/v1/spectroclusters/validate/name") => cluster_call::validate_name(state, call),
        ("POST", "/v1/spectroclusters/maas/validate") => cluster_call::validate(state, call),
        ("POST", "/v1/spectroclusters/maas") => cluster_call::create(state, call),
        ("GET", "/v1/spectroclusters/{uid}") => cluster_call::read(state, call),
        ("GET", "/v1/spectroclusters/{uid}/status") => cluster_call::status(state, call),
        ("GET", "/v1/spectroclusters/{uid}/status/spcApply") => {
            cluster_call::spc_apply(state, call)
        }
        ("PATCH", "/v1/spectroclusters/{uid}/metadata") => {
            cluster_call::update_metadata(state, call)
        }
        ("DELETE", "/v1/spectroclusters/{uid}") => cluster_call::delete(state, call),
        (
            "GET",
            "/v1/dashboard/spectroclusters/{uid}" | "/v1/dashboard/spectroclusters/{uid}/overview",
        ) => cluster_call::overview(state, call),
        ("POST", "/v1/dashboard/spectroclusters/search") => cluster_search::search(state, call),
        ("GET", "/v1/dashboard/spectroclusters/search/schema") => cluster_search::schema(),
        ("GET", "/v1/dashboard/spectroclusters/metadata") => cluster_search::metadata(state),
        ("GET", "/v1/dashboard/spectroclusters/repaveStatus") => {
            cluster_search::by_repave(state, call)
        }

        ("GET", "/v1/spectroclusters/{uid}/profiles") => cluster_profile::list(state, call),
        ("PUT", "/v1/spectroclusters/{uid}/profiles") => cluster_profile::update(state, call, true),
        ("PATCH", "/v1/spectroclusters/{uid}/profiles") => {
            cluster_profile::update(state, call, false)
        }
        ("GET", "/v1/spectroclusters/{uid}/repave/status") => repave::status(state, call),
        ("PATCH", "/v1/spectroclusters/{uid}/repave/approve") => repave::approve(state, call),
        ("POST", "/v1/spectroclusters/{uid}/validate/repave") => repave::validate(state, call),

        (
            "GET",
            "/v1/spectroclusters/{uid}/assets/adminKubeconfig"
            | "/v1/spectroclusters/{uid}/assets/kubeconfig",
        ) => kubeconfig::read(state, call, "admin"),
        ("GET", "/v1/spectroclusters/{uid}/assets/kubeconfigclient") => {
            kubeconfig::read(state, call, "client")
        }
        ("GET", "/v1/spectroclusters/{uid}/features/backup") => {
            cluster_feature::backup(state, call)
        }
        ("POST", "/v1/spectroclusters/{uid}/features/backup") => {
            cluster_feature::set_backup(state, call, true)
        }
        ("PUT", "/v1/spectroclusters/{uid}/features/backup") => {
            cluster_feature::set_backup(state, call, false)
        }
        ("DELETE", "/v1/spectroclusters/{uid}/features/backup") => {
            cluster_feature::delete_backup(state, call)
        }
        ("GET", "/v1/spectroclusters/{uid}/features/complianceScan") => {
            cluster_feature::scan(state, call)
        }
        ("POST", "/v1/spectroclusters/{uid}/features/complianceScan") => {
            cluster_feature::set_scan(state, call, true)
        }
        ("PUT", "/v1/spectroclusters/{uid}/features/complianceScan") => {
            cluster_feature::set_scan(state, call, false)
        }

        ("GET", "/v1/cloudconfigs/maas/{configUid}") => pool::cloud_config(state, call),
        ("POST", "/v1/cloudconfigs/maas/{configUid}/machinePools") => pool::create(state, call),
        ("PUT", "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}") => {
            pool::update(state, call)
        }
        ("GET", "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines") => {
            machine::list(state, call)
        }
        (
            "GET",
            "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines/{machineUid}",
        ) => machine::read(state, call),
        ("GET", "/v1/cloudconfigs/{configUid}/machinePools/machineUids") => {
            machine::uids(state, call)
        }

        ("GET", "/v1/events/components") => event::of_all(state, call),
        ("GET", "/v1/events/components/{objectKind}/{objectUid}") => event::of_object(state, call),

        ("GET", template) => match look_up(template) {
            Some(what) => account::look_up(state, region, call, what),
            None => Err(not_served(method, template)),
        },
        _ => Err(not_served(method, template)),
    }
}

/// What a look-up in MAAS asks for.
fn look_up(template: &str) -> Option<&'static str> {
    let what = template
        .strip_prefix("/v1/cloudaccounts/maas/{uid}/properties/")
        .or_else(|| template.strip_prefix("/v1/clouds/maas/"))?;
    ["azs", "domains", "resourcePools", "subnets", "tags"]
        .into_iter()
        .find(|known| *known == what)
}

fn not_served(method: &str, template: &str) -> Refusal {
    Refusal::new(
        501,
        "NotServed",
        format!(
            "{method} {template} is in the specification, but the simulated Palette does not serve it"
        ),
    )
}
