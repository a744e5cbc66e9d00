//! The clients of Canonical MAAS, one file per noun.

mod call;
mod event;
mod machine;
mod models;
mod resource_pool;
mod subnet;
mod zone;

use maas_client::{AnyCall, Client as Maas, ClientBuilder, User, Version};

use crate::response::Response;

crate::client::client! {
    module "palette_maas.maas";
    client maas: Maas;
    /// A client of one MAAS server: its URL, such as `http://10.11.12.13:5240/MAAS`, and an API key,
    /// `consumer:token:secret`.
    ///
    /// Keyword arguments: `timeout` (of each attempt) and `connect_timeout` in seconds or as timedelta, `max_attempts`,
    /// `max_in_flight`, `application` and `headers` for every request, `proxy` or `no_proxy`, `ca_file` or `ca_pem`,
    /// `only_these_ca`, `client_identity_pem`, `server_name`, `danger_accept_any_certificate`, and `clock`, a testbed's,
    /// for the waiters. `from_env` reads `MAAS_URL` and `MAAS_API_KEY`.
    new(url: String, api_key: String) = Maas::builder(url).api_key(api_key.parse()?);
    from_env = ClientBuilder::from_env()?;
    calls {
        /// The user to whom the API key belongs.
        fn whoami() -> User = maas.whoami();
        /// The server's version. It is asked without credentials, so a wrong key does not matter.
        fn version() -> Version = maas.version();
        /// Any call of the API, with the same credentials, retries and errors as all others.
        ///
        /// `path` is relative to the API's base and keeps its final slash (`tags/`, `machines/p77gwg/`); an operation is
        /// the query field `op`. `form` is what nearly every operation takes; `body` is anything else, with its
        /// `content_type`. A GET, PUT or DELETE is repeated after a failure in doubt, a POST is not.
        fn call(method: String, path: String; content: AnyCall) -> Response = call::call(&maas, &method, &path, content);
    }
    nouns {
        /// Events: what happened to machines.
        events in event: Events, AsyncEvents;
        /// All machines.
        machines in machine: Machines, AsyncMachines;
        /// Resource pools.
        resource_pools in resource_pool: ResourcePools, AsyncResourcePools;
        /// Subnets.
        subnets in subnet: Subnets, AsyncSubnets;
        /// Availability zones.
        zones in zone: Zones, AsyncZones;
    }
    objects {
        /// The machine of this system id. Nothing is sent until one of its calls is made.
        machine(system_id: String) in machine: MachineHandle, AsyncMachineHandle;
    }
}
