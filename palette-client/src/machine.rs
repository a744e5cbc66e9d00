//! Machines: the nodes of a pool as Palette sees them.

use jiff::Timestamp;
use sdk_transport::{Error, Pager};

use crate::{
    Metadata,
    model::model,
    node_pool::NodePoolHandle,
    options::{options, wire_enum},
    request::operations,
};

operations! {
    LIST = GET "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines" as "machine.list";
    GET = GET "/v1/cloudconfigs/maas/{configUid}/machinePools/{machinePoolName}/machines/{machineUid}" as "machine.get";
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

model! {
    /// A machine of a node pool. Mirrors `v1MaasMachine`.
    ///
    /// It carries no system id of MAAS: the two are joined by `spec.hostname`.
    pub struct Machine {
        /// The version of the resource's schema.
        api_version: String,
        /// The kind of resource.
        kind: String,
        /// Name and uid.
        metadata: Metadata,
        /// What it is.
        spec: MachineSpec,
        /// How it is.
        status: MachineStatus,
    }
}

model! {
    /// What a machine is. Mirrors `v1MaasMachineSpec`.
    pub struct MachineSpec {
        /// The host name, as in MAAS.
        hostname: String,
        /// The availability zone.
        az: String,
        /// The network interfaces.
        nics: Vec<MachineNic>,
    }
}

model! {
    /// A network interface. Mirrors `v1MaasNic`.
    pub struct MachineNic {
        /// Its number.
        index: i32,
        /// Private addresses.
        private_ips: Vec<String> => "privateIPs",
        /// The public address.
        public_ip: String,
    }
}

model! {
    /// How a machine is. Mirrors `v1CloudMachineStatus`.
    pub struct MachineStatus {
        /// Where it is.
        instance_state: Option<MachineState>,
        /// When that last changed.
        instance_state_last_update: Option<Timestamp>,
        /// Whether it is ready.
        ready: bool,
        /// Addresses.
        addresses: Vec<MachineAddress>,
        /// The node's health.
        health: Option<MachineHealth>,
        /// Whether it is being drained.
        maintenance_status: Option<MaintenanceStatus>,
    }
}

model! {
    /// An address. Mirrors `v1MachineAddress`.
    pub struct MachineAddress {
        /// The address.
        address: String,
        /// `InternalIP` or `ExternalIP`.
        kind: String => "type",
    }
}

model! {
    /// A node's health. Mirrors `v1MachineHealth`.
    pub struct MachineHealth {
        /// A free word.
        state: String,
        /// The node's conditions.
        conditions: Vec<MachineHealthCondition>,
        /// When it last reported.
        last_heart_beat_timestamp: Option<Timestamp>,
    }
}

model! {
    /// A condition of a node. Mirrors `v1MachineHealthCondition`.
    pub struct MachineHealthCondition {
        /// What it is about, e.g. `DiskPressure`.
        kind: String => "type",
        /// `True`, `False` or `Unknown`.
        status: String,
        /// One word for why.
        reason: String,
        /// A sentence.
        message: String,
    }
}

model! {
    /// Whether a node is being drained. Mirrors `v1MachineMaintenanceStatus`.
    pub struct MaintenanceStatus {
        /// `cordon` or `uncordon`.
        action: String,
        /// `Initiated`, `InProgress`, `Completed` or `Failed`.
        state: String,
        /// A sentence.
        message: String,
    }
}

options! {
    /// Which machines to list, and in which order.
    pub struct MachineFilter, new {
        /// A condition like `status.instanceState=Running`; `AND` and `OR` stand without blanks.
        filters: Option<String> => "?filters",
        /// An order like `metadata.name=1`; `-1` means descending.
        order_by: Option<String> => "?orderBy",
        /// The fields to answer, like `metadata.uid,spec.hostname`. All by default.
        fields: Option<String> => "?fields",
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
