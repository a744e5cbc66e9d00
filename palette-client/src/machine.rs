//! Machines: the nodes of a pool as Palette sees them.

use jiff::Timestamp;
use sdk_transport::{Error, Pager};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Metadata,
    input::{input, wire_enum},
    node_pool::NodePoolHandle,
    request::{Endpoint, endpoints},
};

endpoints! {
    LIST = Endpoint::get(
        "machine.list",
        "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines"
    );
    GET = Endpoint::get(
        "machine.get",
        "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines/{machineUid}"
    );
}

wire_enum! {
    /// Where a machine is. Mirrors `v1CloudMachineStatus.instanceState`.
    pub enum MachineState {
        /// Asked for.
        Pending = "Pending",
        /// Being deployed.
        Provisioning = "Provisioning",
        /// Deployed.
        Provisioned = "Provisioned",
        /// A node of the cluster.
        Running = "Running",
        /// Being released.
        Deleting = "Deleting",
        /// Released.
        Deleted = "Deleted",
        /// Failed.
        Failed = "Failed",
        /// Not known.
        Unknown = "Unknown",
    }
}

/// A machine of a node pool. Mirrors `v1MaasMachine`.
///
/// It carries no system id of MAAS: the two are joined by `spec.hostname`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Machine {
    /// The version of the resource's schema.
    pub api_version: String,
    /// The kind of resource.
    pub kind: String,
    /// Name and uid.
    pub metadata: Metadata,
    /// What it is.
    pub spec: MachineSpec,
    /// How it is.
    pub status: MachineStatus,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a machine is. Mirrors `v1MaasMachineSpec`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MachineSpec {
    /// The host name, as in MAAS.
    pub hostname: String,
    /// The availability zone.
    pub az: String,
    /// The network interfaces.
    pub nics: Vec<MachineNic>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A network interface. Mirrors `v1MaasNic`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MachineNic {
    /// Its number.
    pub index: i32,
    /// Private addresses.
    #[serde(rename = "privateIPs")]
    pub private_ips: Vec<String>,
    /// The public address.
    pub public_ip: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a machine is. Mirrors `v1CloudMachineStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MachineStatus {
    /// Where it is.
    pub instance_state: Option<MachineState>,
    /// When that last changed.
    pub instance_state_last_update: Option<Timestamp>,
    /// Whether it is ready.
    pub ready: bool,
    /// Addresses.
    pub addresses: Vec<MachineAddress>,
    /// The node's health.
    pub health: Option<MachineHealth>,
    /// Whether it is being drained.
    pub maintenance_status: Option<MaintenanceStatus>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An address. Mirrors `v1MachineAddress`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MachineAddress {
    /// The address.
    pub address: String,
    /// `InternalIP` or `ExternalIP`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A node's health. Mirrors `v1MachineHealth`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MachineHealth {
    /// A free word.
    pub state: String,
    /// The node's conditions.
    pub conditions: Vec<MachineHealthCondition>,
    /// When it last reported.
    pub last_heart_beat_timestamp: Option<Timestamp>,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A condition of a node. Mirrors `v1MachineHealthCondition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MachineHealthCondition {
    /// What it is about, e.g. `DiskPressure`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word for why.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Whether a node is being drained. Mirrors `v1MachineMaintenanceStatus`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MaintenanceStatus {
    /// `cordon` or `uncordon`.
    pub action: String,
    /// `Initiated`, `InProgress`, `Completed` or `Failed`.
    pub state: String,
    /// A sentence.
    pub message: String,
    /// What this version has no field for.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

input! {
    /// Which machines to list, and in which order.
    pub struct MachineFilter {
        /// A condition like `status.instanceState=Running`; `AND` and `OR` stand without blanks.
        filters: Option<String> = "?filters",
        /// An order like `metadata.name=1`; `-1` means descending.
        order_by: Option<String> = "?orderBy",
        /// The fields to answer, like `metadata.uid,spec.hostname`. All by default.
        fields: Option<String> = "?fields",
    }
}

impl NodePoolHandle {
    /// The pool's machines, page by page.
    ///
    /// Mirrors `GET /v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines`.
    pub fn machines(&self, filter: &MachineFilter) -> Pager<Machine> {
        let request = LIST.at(&[&self.config.uid, &self.name]).parameters(filter);
        self.config.client.pages(request)
    }

    /// One machine.
    ///
    /// Mirrors `GET /v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines/{machineUid}`.
    ///
    /// # Errors
    /// [`NotFound`](sdk_transport::ErrorKind::NotFound) and as any call.
    pub async fn machine(&self, uid: &str) -> Result<Machine, Error> {
        let request = GET.at(&[&self.config.uid, &self.name, uid]);
        self.config.client.json(request).await
    }
}
