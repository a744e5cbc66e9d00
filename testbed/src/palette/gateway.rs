//! The private cloud gateway, which Palette calls an overlord.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account;
use super::call::Call;
use super::reply::{Answer, Refusal, Reply};
use super::state::{State, text};
use super::tenant::Uids;
use crate::maas::Region;

/// What the gateway is doing. New clusters and deletions wait while it does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GatewayState {
    /// It works.
    #[default]
    Running,
    /// It takes a new version.
    Upgrading,
    /// It does not answer.
    Stopped,
}

/// The gateway.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) uid: String,
    pub(crate) cluster_uid: String,
    pub(crate) state: GatewayState,
}

/// The gateway's name.
pub(crate) const NAME: &str = "maas-gateway";

impl Gateway {
    pub(crate) fn new(uids: &mut Uids) -> Self {
        Self {
            uid: uids.next(),
            cluster_uid: uids.next(),
            state: GatewayState::Running,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state == GatewayState::Running
    }

    /// Refuses any other uid than this gateway's.
    pub(crate) fn is_this(&self, uid: &str) -> Result<(), Refusal> {
        if uid == self.uid {
            Ok(())
        } else {
            Err(Refusal::not_found("overlord", uid))
        }
    }

    /// What goes through the gateway fails while it does not run.
    pub(crate) fn must_be_running(&self) -> Result<(), Refusal> {
        if self.is_running() {
            return Ok(());
        }
        let message = format!(
            "no subscriber found for private gateway '{NAME}' (state {})",
            self.state_name()
        );
        Err(Refusal::new(500, "OperationFailed", message))
    }

    fn state_name(&self) -> &'static str {
        match self.state {
            GatewayState::Running => "Running",
            GatewayState::Upgrading => "Upgrading",
            GatewayState::Stopped => "Error",
        }
    }

    fn json(&self, state: &State) -> Value {
        let is_running = self.is_running();
        let health = if self.state == GatewayState::Stopped {
            "UnHealthy"
        } else {
            "Healthy"
        };
        json!({
            "kind": "overlord",
            "metadata": {
                "name": NAME, "uid": self.uid, "labels": {}, "annotations": {"scope": "tenant", "tenantUid": state.tenant.uid},
                "creationTimestamp": state.started(), "lastModifiedTimestamp": state.started(),
            },
            "spec": {
                "cloudAccountUid": "", "ipAddress": "", "ipPools": [], "isSelfHosted": false, "isSystem": false,
                "spectroClusterUid": self.cluster_uid, "tenantUid": state.tenant.uid,
            },
            "status": {
                "health": {"agentVersion": "4.9.40", "conditions": [], "lastHeartBeatTimestamp": state.now(), "state": health},
                "isActive": is_running, "isReady": is_running, "kubectlCommands": [],
                "notifications": {"isAvailable": false, "isTemplateVariableResolutionPending": false},
                "state": self.state_name(),
            },
        })
    }
}

/// `GET /v1/overlords`
pub(crate) fn list(state: &State, call: &Call) -> Answer {
    let is_wanted = call.query("name").is_none_or(|name| name == NAME);
    let items = if is_wanted {
        vec![state.gateway.json(state)]
    } else {
        Vec::new()
    };
    Ok(Reply::ok(json!({"items": items})))
}

/// `POST /v1/dashboard/pcgs/search`
pub(crate) fn search(state: &State, call: &Call) -> Answer {
    Ok(Reply::ok(call.cut(&[state.gateway.json(state)])?))
}

/// `GET /v1/overlords/{uid}`
pub(crate) fn read(state: &State, call: &Call) -> Answer {
    state.gateway.is_this(call.id("uid"))?;
    Ok(Reply::ok(state.gateway.json(state)))
}

/// `POST /v1/overlords/maas/{uid}/account/validate`
pub(crate) fn validate_account(state: &mut State, region: &Region, call: &Call) -> Answer {
    state.gateway.is_this(call.id("uid"))?;
    state.gateway.must_be_running()?;
    let account = &call.body["account"];
    if account.is_null() {
        return Err(Refusal::invalid("account: is required"));
    }
    account::check(
        state,
        region,
        text(account, "apiEndpoint"),
        text(account, "apiKey"),
    )?;
    Ok(Reply::no_content())
}
