# Made by the tests of bindings-python from the Rust definitions; `UPDATE_STUBS=1` writes it anew.
import builtins
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, final

from ._native import List, Response, ResponseLog, TestbedClock, WaitProgress


__all__ = [
    "AddressRange",
    "AsyncClient",
    "AsyncEvents",
    "AsyncMachineHandle",
    "AsyncMachines",
    "AsyncResourcePools",
    "AsyncSubnets",
    "AsyncZones",
    "Bcache",
    "BlockDevice",
    "CacheSet",
    "Client",
    "ConstraintMatches",
    "DefaultGateways",
    "DiscoveredAddress",
    "Domain",
    "Event",
    "EventPage",
    "Events",
    "Filesystem",
    "Gateway",
    "HardwareInfo",
    "HugePages",
    "Interface",
    "Link",
    "Machine",
    "MachineHandle",
    "Machines",
    "NumaNode",
    "Partition",
    "Raid",
    "Reference",
    "ResourcePool",
    "ResourcePools",
    "Subnet",
    "SubnetStatistics",
    "Subnets",
    "User",
    "Version",
    "Vlan",
    "VolumeGroup",
    "Zone",
    "Zones",
]

@final
class Client:
    """A client of one MAAS server: its URL, such as `http://10.11.12.13:5240/MAAS`, and an API key,
    `consumer:token:secret`.

    Keyword arguments: `timeout` (of each attempt) and `connect_timeout` in seconds or as timedelta, `max_attempts`,
    `max_in_flight`, `application` and `headers` for every request, `proxy` or `no_proxy`, `ca_file` or `ca_pem`,
    `only_these_ca`, `client_identity_pem`, `server_name`, `danger_accept_any_certificate`, and `clock`, a testbed's,
    for the waiters. `from_env` reads `MAAS_URL` and `MAAS_API_KEY`.
    """

    def __new__(
        cls,
        url: str,
        api_key: str,
        *,
        timeout: float | timedelta | None = ...,
        connect_timeout: float | timedelta | None = ...,
        clock: TestbedClock | None = ...,
        max_attempts: int | None = ...,
        max_in_flight: int | None = ...,
        application: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        proxy: str | None = ...,
        no_proxy: bool | None = ...,
        ca_file: str | None = ...,
        ca_pem: str | None = ...,
        only_these_ca: bool | None = ...,
        client_identity_pem: str | None = ...,
        server_name: str | None = ...,
        danger_accept_any_certificate: bool | None = ...,
    ) -> Client: ...
    @staticmethod
    def from_env(
        *,
        timeout: float | timedelta | None = ...,
        connect_timeout: float | timedelta | None = ...,
        clock: TestbedClock | None = ...,
        max_attempts: int | None = ...,
        max_in_flight: int | None = ...,
        application: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        proxy: str | None = ...,
        no_proxy: bool | None = ...,
        ca_file: str | None = ...,
        ca_pem: str | None = ...,
        only_these_ca: bool | None = ...,
        client_identity_pem: str | None = ...,
        server_name: str | None = ...,
        danger_accept_any_certificate: bool | None = ...,
    ) -> Client:
        """The client that the environment describes. Keyword arguments as for the class itself."""
    @property
    def base_url(self) -> str:
        """The base of the API."""
    def whoami(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> User:
        """The user to whom the API key belongs."""
    def version(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Version:
        """The server's version. It is asked without credentials, so a wrong key does not matter."""
    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | float | bool | Sequence[str | float | bool]] | None = ...,
        form: Mapping[str, str | float | bool | Sequence[str | float | bool]] | None = ...,
        body: str | bytes | None = ...,
        content_type: str | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Response:
        """Any call of the API, with the same credentials, retries and errors as all others.

        `path` is relative to the API's base and keeps its final slash (`tags/`, `machines/p77gwg/`); an operation is
        the query field `op`. `form` is what nearly every operation takes; `body` is anything else, with its
        `content_type`. A GET, PUT or DELETE is repeated after a failure in doubt, a POST is not.
        """
    @property
    def events(self) -> Events:
        """Events: what happened to machines."""
    @property
    def machines(self) -> Machines:
        """All machines."""
    @property
    def resource_pools(self) -> ResourcePools:
        """Resource pools."""
    @property
    def subnets(self) -> Subnets:
        """Subnets."""
    @property
    def zones(self) -> Zones:
        """Availability zones."""
    def machine(self, system_id: str) -> MachineHandle:
        """The machine of this system id. Nothing is sent until one of its calls is made."""
    def with_response_log(self, log: ResponseLog) -> Client:
        """The same client, closed with this one, which also tells the heads of all answers to `log`."""
    def __enter__(self) -> Client: ...
    def __exit__(self, *_error: object) -> None: ...
    def close(self) -> None:
        """Lets go of the connections; later calls are refused."""

@final
class AsyncClient:
    """A client of one MAAS server: its URL, such as `http://10.11.12.13:5240/MAAS`, and an API key,
    `consumer:token:secret`.

    Keyword arguments: `timeout` (of each attempt) and `connect_timeout` in seconds or as timedelta, `max_attempts`,
    `max_in_flight`, `application` and `headers` for every request, `proxy` or `no_proxy`, `ca_file` or `ca_pem`,
    `only_these_ca`, `client_identity_pem`, `server_name`, `danger_accept_any_certificate`, and `clock`, a testbed's,
    for the waiters. `from_env` reads `MAAS_URL` and `MAAS_API_KEY`.
    """

    def __new__(
        cls,
        url: str,
        api_key: str,
        *,
        timeout: float | timedelta | None = ...,
        connect_timeout: float | timedelta | None = ...,
        clock: TestbedClock | None = ...,
        max_attempts: int | None = ...,
        max_in_flight: int | None = ...,
        application: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        proxy: str | None = ...,
        no_proxy: bool | None = ...,
        ca_file: str | None = ...,
        ca_pem: str | None = ...,
        only_these_ca: bool | None = ...,
        client_identity_pem: str | None = ...,
        server_name: str | None = ...,
        danger_accept_any_certificate: bool | None = ...,
    ) -> AsyncClient: ...
    @staticmethod
    def from_env(
        *,
        timeout: float | timedelta | None = ...,
        connect_timeout: float | timedelta | None = ...,
        clock: TestbedClock | None = ...,
        max_attempts: int | None = ...,
        max_in_flight: int | None = ...,
        application: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        proxy: str | None = ...,
        no_proxy: bool | None = ...,
        ca_file: str | None = ...,
        ca_pem: str | None = ...,
        only_these_ca: bool | None = ...,
        client_identity_pem: str | None = ...,
        server_name: str | None = ...,
        danger_accept_any_certificate: bool | None = ...,
    ) -> AsyncClient:
        """The client that the environment describes. Keyword arguments as for the class itself."""
    @property
    def base_url(self) -> str:
        """The base of the API."""
    def whoami(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, User]:
        """The user to whom the API key belongs."""
    def version(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Version]:
        """The server's version. It is asked without credentials, so a wrong key does not matter."""
    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | float | bool | Sequence[str | float | bool]] | None = ...,
        form: Mapping[str, str | float | bool | Sequence[str | float | bool]] | None = ...,
        body: str | bytes | None = ...,
        content_type: str | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Response]:
        """Any call of the API, with the same credentials, retries and errors as all others.

        `path` is relative to the API's base and keeps its final slash (`tags/`, `machines/p77gwg/`); an operation is
        the query field `op`. `form` is what nearly every operation takes; `body` is anything else, with its
        `content_type`. A GET, PUT or DELETE is repeated after a failure in doubt, a POST is not.
        """
    @property
    def events(self) -> AsyncEvents:
        """Events: what happened to machines."""
    @property
    def machines(self) -> AsyncMachines:
        """All machines."""
    @property
    def resource_pools(self) -> AsyncResourcePools:
        """Resource pools."""
    @property
    def subnets(self) -> AsyncSubnets:
        """Subnets."""
    @property
    def zones(self) -> AsyncZones:
        """Availability zones."""
    def machine(self, system_id: str) -> AsyncMachineHandle:
        """The machine of this system id. Nothing is sent until one of its calls is made."""
    def with_response_log(self, log: ResponseLog) -> AsyncClient:
        """The same client, closed with this one, which also tells the heads of all answers to `log`."""
    def __aenter__(self) -> Coroutine[Any, Any, AsyncClient]: ...
    def __aexit__(self, *_error: object) -> Coroutine[Any, Any, None]: ...
    def aclose(self) -> Coroutine[Any, Any, None]:
        """Lets go of the connections; later calls are refused."""

@final
class Events:
    """Events: what happened to machines."""

    def query(
        self,
        *,
        hostname: str | Sequence[str] | None = ...,
        system_id: str | Sequence[str] | None = ...,
        zone: str | Sequence[str] | None = ...,
        owner: str | None = ...,
        level: str | None = ...,
        limit: int | None = ...,
        after: int | None = ...,
        before: int | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> EventPage:
        """One page of events, the newest first; `system_id` asks for those of a machine.

        It costs the server some 10 ms, so a cursor (`after` the largest number seen so far) is a cheap way to learn of
        changes.
        """

@final
class AsyncEvents:
    """Events: what happened to machines."""

    def query(
        self,
        *,
        hostname: str | Sequence[str] | None = ...,
        system_id: str | Sequence[str] | None = ...,
        zone: str | Sequence[str] | None = ...,
        owner: str | None = ...,
        level: str | None = ...,
        limit: int | None = ...,
        after: int | None = ...,
        before: int | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, EventPage]:
        """One page of events, the newest first; `system_id` asks for those of a machine.

        It costs the server some 10 ms, so a cursor (`after` the largest number seen so far) is a cheap way to learn of
        changes.
        """

@final
class Machines:
    """The calls on all machines."""

    def list(
        self,
        *,
        hostname: str | Sequence[str] | None = ...,
        system_id: str | Sequence[str] | None = ...,
        mac_address: str | Sequence[str] | None = ...,
        zone: str | Sequence[str] | None = ...,
        not_zone: str | Sequence[str] | None = ...,
        pool: str | Sequence[str] | None = ...,
        not_pool: str | Sequence[str] | None = ...,
        tags: str | Sequence[str] | None = ...,
        not_tags: str | Sequence[str] | None = ...,
        status: str | Sequence[str] | None = ...,
        owner: str | Sequence[str] | None = ...,
        power_state: str | Sequence[str] | None = ...,
        architecture: str | Sequence[str] | None = ...,
        domain: str | Sequence[str] | None = ...,
        agent_name: str | Sequence[str] | None = ...,
        min_cpu: int | None = ...,
        min_memory_mib: int | None = ...,
        storage: str | None = ...,
        interfaces: str | None = ...,
        subnets: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> List[Machine]:
        """The machines that the filter lets through.

        MAAS has no pages here; a machine costs the server some 25 ms and 30 kB, so filter on the server.
        """
    def get(
        self,
        system_id: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """The machine of this system id."""
    def find(
        self,
        hostname: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """The machine of this name without domain, exact in case."""
    def allocate(
        self,
        *,
        hostname: str | None = ...,
        system_id: str | Sequence[str] | None = ...,
        architecture: str | Sequence[str] | None = ...,
        min_cpu: int | None = ...,
        min_memory_mib: int | None = ...,
        min_cpu_speed_mhz: int | None = ...,
        tags: str | Sequence[str] | None = ...,
        not_tags: str | Sequence[str] | None = ...,
        zone: str | Sequence[str] | None = ...,
        not_zone: str | Sequence[str] | None = ...,
        pool: str | Sequence[str] | None = ...,
        not_pool: str | Sequence[str] | None = ...,
        storage: str | None = ...,
        interfaces: str | None = ...,
        subnets: str | Sequence[str] | None = ...,
        not_subnets: str | Sequence[str] | None = ...,
        fabrics: str | Sequence[str] | None = ...,
        not_fabrics: str | Sequence[str] | None = ...,
        agent_name: str | None = ...,
        comment: str | None = ...,
        bridge_all: bool | None = ...,
        bridge_type: str | None = ...,
        bridge_stp: bool | None = ...,
        bridge_fd: int | None = ...,
        dry_run: bool | None = ...,
        verbose: bool | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Allocates a Ready machine to the caller: the cheapest that satisfies everything.

        It is not repeated when its answer gets lost: set `agent_name` to find the machine then.
        """
    def release_many(
        self,
        system_ids: Sequence[str],
        *,
        comment: str | None = ...,
        erase: bool | None = ...,
        secure_erase: bool | None = ...,
        quick_erase: bool | None = ...,
        force: bool | None = ...,
        scripts: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> builtins.list[str]:
        """Releases several machines at once and returns the system ids of those that were released."""

@final
class AsyncMachines:
    """The calls on all machines."""

    def list(
        self,
        *,
        hostname: str | Sequence[str] | None = ...,
        system_id: str | Sequence[str] | None = ...,
        mac_address: str | Sequence[str] | None = ...,
        zone: str | Sequence[str] | None = ...,
        not_zone: str | Sequence[str] | None = ...,
        pool: str | Sequence[str] | None = ...,
        not_pool: str | Sequence[str] | None = ...,
        tags: str | Sequence[str] | None = ...,
        not_tags: str | Sequence[str] | None = ...,
        status: str | Sequence[str] | None = ...,
        owner: str | Sequence[str] | None = ...,
        power_state: str | Sequence[str] | None = ...,
        architecture: str | Sequence[str] | None = ...,
        domain: str | Sequence[str] | None = ...,
        agent_name: str | Sequence[str] | None = ...,
        min_cpu: int | None = ...,
        min_memory_mib: int | None = ...,
        storage: str | None = ...,
        interfaces: str | None = ...,
        subnets: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, List[Machine]]:
        """The machines that the filter lets through.

        MAAS has no pages here; a machine costs the server some 25 ms and 30 kB, so filter on the server.
        """
    def get(
        self,
        system_id: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """The machine of this system id."""
    def find(
        self,
        hostname: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """The machine of this name without domain, exact in case."""
    def allocate(
        self,
        *,
        hostname: str | None = ...,
        system_id: str | Sequence[str] | None = ...,
        architecture: str | Sequence[str] | None = ...,
        min_cpu: int | None = ...,
        min_memory_mib: int | None = ...,
        min_cpu_speed_mhz: int | None = ...,
        tags: str | Sequence[str] | None = ...,
        not_tags: str | Sequence[str] | None = ...,
        zone: str | Sequence[str] | None = ...,
        not_zone: str | Sequence[str] | None = ...,
        pool: str | Sequence[str] | None = ...,
        not_pool: str | Sequence[str] | None = ...,
        storage: str | None = ...,
        interfaces: str | None = ...,
        subnets: str | Sequence[str] | None = ...,
        not_subnets: str | Sequence[str] | None = ...,
        fabrics: str | Sequence[str] | None = ...,
        not_fabrics: str | Sequence[str] | None = ...,
        agent_name: str | None = ...,
        comment: str | None = ...,
        bridge_all: bool | None = ...,
        bridge_type: str | None = ...,
        bridge_stp: bool | None = ...,
        bridge_fd: int | None = ...,
        dry_run: bool | None = ...,
        verbose: bool | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Allocates a Ready machine to the caller: the cheapest that satisfies everything.

        It is not repeated when its answer gets lost: set `agent_name` to find the machine then.
        """
    def release_many(
        self,
        system_ids: Sequence[str],
        *,
        comment: str | None = ...,
        erase: bool | None = ...,
        secure_erase: bool | None = ...,
        quick_erase: bool | None = ...,
        force: bool | None = ...,
        scripts: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, builtins.list[str]]:
        """Releases several machines at once and returns the system ids of those that were released."""

@final
class ResourcePools:
    """Resource pools: machines set aside for a purpose. Each machine is in exactly one."""

    def list(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> List[ResourcePool]:
        """All resource pools that the user may see."""
    def get(
        self,
        id: int,
        *,
        timeout: float | timedelta | None = ...,
    ) -> ResourcePool:
        """The resource pool of this number; 0 is the default pool."""
    def create(
        self,
        name: str,
        *,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> ResourcePool:
        """Creates a resource pool. Needs an administrator."""
    def update(
        self,
        id: int,
        *,
        name: str | None = ...,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> ResourcePool:
        """Changes a resource pool: what is not given is kept, `None` clears. Needs an administrator."""
    def delete(
        self,
        id: int,
        *,
        timeout: float | timedelta | None = ...,
    ) -> None:
        """Deletes a resource pool that has no machines. Needs an administrator. One that does not exist is no error to MAAS."""

@final
class AsyncResourcePools:
    """Resource pools: machines set aside for a purpose. Each machine is in exactly one."""

    def list(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, List[ResourcePool]]:
        """All resource pools that the user may see."""
    def get(
        self,
        id: int,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, ResourcePool]:
        """The resource pool of this number; 0 is the default pool."""
    def create(
        self,
        name: str,
        *,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, ResourcePool]:
        """Creates a resource pool. Needs an administrator."""
    def update(
        self,
        id: int,
        *,
        name: str | None = ...,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, ResourcePool]:
        """Changes a resource pool: what is not given is kept, `None` clears. Needs an administrator."""
    def delete(
        self,
        id: int,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, None]:
        """Deletes a resource pool that has no machines. Needs an administrator. One that does not exist is no error to MAAS."""

@final
class Subnets:
    """Subnets. One is named by its number (`"1"`), its network (`"10.10.0.0/24"`), `"name:lab"`, `"ip:10.10.0.9"` or
    another of MAAS's specifiers.
    """

    def list(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> List[Subnet]:
        """All subnets."""
    def get(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Subnet:
        """One subnet."""
    def create(
        self,
        cidr: str,
        *,
        name: str | None = ...,
        description: str | None = ...,
        vlan: int | None = ...,
        fabric: int | None = ...,
        vid: int | None = ...,
        gateway_ip: str | None = ...,
        dns_servers: str | Sequence[str] | None = ...,
        rdns_mode: str | None = ...,
        active_discovery: bool | None = ...,
        allow_dns: bool | None = ...,
        allow_proxy: bool | None = ...,
        managed: bool | None = ...,
        disabled_boot_architectures: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Subnet:
        """Creates a subnet of this network. Needs an administrator."""
    def update(
        self,
        subnet: str,
        *,
        name: str | None = ...,
        description: str | None = ...,
        vlan: int | None = ...,
        cidr: str | None = ...,
        gateway_ip: str | None = ...,
        dns_servers: str | Sequence[str] | None = ...,
        rdns_mode: str | None = ...,
        active_discovery: bool | None = ...,
        allow_dns: bool | None = ...,
        allow_proxy: bool | None = ...,
        managed: bool | None = ...,
        disabled_boot_architectures: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Subnet:
        """Changes a subnet: what is not given is kept, `None` clears. Needs an administrator."""
    def delete(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> None:
        """Deletes a subnet. Needs an administrator."""
    def reserved_ip_ranges(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> List[AddressRange]:
        """The ranges that are reserved or in use."""
    def unreserved_ip_ranges(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> List[AddressRange]:
        """The ranges that are free."""
    def statistics(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> SubnetStatistics:
        """How full the subnet is, with all its ranges."""

@final
class AsyncSubnets:
    """Subnets. One is named by its number (`"1"`), its network (`"10.10.0.0/24"`), `"name:lab"`, `"ip:10.10.0.9"` or
    another of MAAS's specifiers.
    """

    def list(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, List[Subnet]]:
        """All subnets."""
    def get(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Subnet]:
        """One subnet."""
    def create(
        self,
        cidr: str,
        *,
        name: str | None = ...,
        description: str | None = ...,
        vlan: int | None = ...,
        fabric: int | None = ...,
        vid: int | None = ...,
        gateway_ip: str | None = ...,
        dns_servers: str | Sequence[str] | None = ...,
        rdns_mode: str | None = ...,
        active_discovery: bool | None = ...,
        allow_dns: bool | None = ...,
        allow_proxy: bool | None = ...,
        managed: bool | None = ...,
        disabled_boot_architectures: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Subnet]:
        """Creates a subnet of this network. Needs an administrator."""
    def update(
        self,
        subnet: str,
        *,
        name: str | None = ...,
        description: str | None = ...,
        vlan: int | None = ...,
        cidr: str | None = ...,
        gateway_ip: str | None = ...,
        dns_servers: str | Sequence[str] | None = ...,
        rdns_mode: str | None = ...,
        active_discovery: bool | None = ...,
        allow_dns: bool | None = ...,
        allow_proxy: bool | None = ...,
        managed: bool | None = ...,
        disabled_boot_architectures: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Subnet]:
        """Changes a subnet: what is not given is kept, `None` clears. Needs an administrator."""
    def delete(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, None]:
        """Deletes a subnet. Needs an administrator."""
    def reserved_ip_ranges(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, List[AddressRange]]:
        """The ranges that are reserved or in use."""
    def unreserved_ip_ranges(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, List[AddressRange]]:
        """The ranges that are free."""
    def statistics(
        self,
        subnet: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, SubnetStatistics]:
        """How full the subnet is, with all its ranges."""

@final
class Zones:
    """Availability zones: machines that share a point of failure."""

    def list(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> List[Zone]:
        """All zones."""
    def get(
        self,
        zone: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Zone:
        """The zone of this name."""
    def create(
        self,
        name: str,
        *,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Zone:
        """Creates a zone. Needs an administrator."""
    def update(
        self,
        zone: str,
        *,
        name: str | None = ...,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Zone:
        """Changes a zone. Needs an administrator."""
    def delete(
        self,
        zone: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> None:
        """Deletes a zone; its machines move to the default zone. One that does not exist is no error to MAAS."""

@final
class AsyncZones:
    """Availability zones: machines that share a point of failure."""

    def list(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, List[Zone]]:
        """All zones."""
    def get(
        self,
        zone: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Zone]:
        """The zone of this name."""
    def create(
        self,
        name: str,
        *,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Zone]:
        """Creates a zone. Needs an administrator."""
    def update(
        self,
        zone: str,
        *,
        name: str | None = ...,
        description: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Zone]:
        """Changes a zone. Needs an administrator."""
    def delete(
        self,
        zone: str,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, None]:
        """Deletes a zone; its machines move to the default zone. One that does not exist is no error to MAAS."""

@final
class MachineHandle:
    """The calls on one machine."""

    @property
    def system_id(self) -> str: ...
    def get(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """The machine as it is now."""
    def update(
        self,
        *,
        hostname: str | None = ...,
        domain: str | None = ...,
        description: str | None = ...,
        zone: str | None = ...,
        pool: str | None = ...,
        architecture: str | None = ...,
        min_hwe_kernel: str | None = ...,
        swap_size: int | None = ...,
        power_type: str | None = ...,
        power_parameters: Mapping[str, Any] | None = ...,
        disable_ipv4: bool | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Changes the machine: what is not given is kept, `None` clears. Needs an administrator."""
    def delete(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> None:
        """Removes the machine from MAAS. Needs an administrator."""
    def deploy(
        self,
        *,
        distro_series: str | None = ...,
        hwe_kernel: str | None = ...,
        user_data: str | bytes | None = ...,
        agent_name: str | None = ...,
        comment: str | None = ...,
        bridge_all: bool | None = ...,
        bridge_type: str | None = ...,
        bridge_stp: bool | None = ...,
        bridge_fd: int | None = ...,
        ephemeral: bool | None = ...,
        install_kvm: bool | None = ...,
        register_vmhost: bool | None = ...,
        enable_hw_sync: bool | None = ...,
        enable_kernel_crash_dump: bool | None = ...,
        vcenter_registration: bool | None = ...,
        license_key: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Begins to deploy the machine; a Ready one is allocated to the caller first. `wait_deployed` waits for the end."""
    def release(
        self,
        *,
        comment: str | None = ...,
        erase: bool | None = ...,
        secure_erase: bool | None = ...,
        quick_erase: bool | None = ...,
        force: bool | None = ...,
        scripts: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Gives the machine back; one that is Ready or Releasing already is no error. `wait_released` waits for the end."""
    def abort(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Stops what is going on: commissioning, deploying, testing, erasing."""
    def power_on(
        self,
        *,
        user_data: str | bytes | None = ...,
        comment: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Switches the machine on. An Allocated one is deployed by it."""
    def power_off(
        self,
        *,
        stop_mode: str | None = ...,
        comment: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Switches the machine off."""
    def query_power_state(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> str:
        """Asks the power controller whether the machine is on."""
    def lock(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Protects a Deployed or Deploying machine from being released, deleted or switched."""
    def unlock(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Ends the protection."""
    def mark_broken(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Marks the machine as broken and releases it. Only its owner may."""
    def mark_fixed(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Marks a broken machine as Ready. Needs an administrator."""
    def set_workload_annotations(
        self,
        annotations: Mapping[str, str],
        *,
        timeout: float | timedelta | None = ...,
    ) -> Machine:
        """Sets notes on a machine that has an owner; an empty value removes one. They last until it is Ready again."""
    def wait_deployed(
        self,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Machine:
        """Waits until the machine is Deployed. `on_progress` is called with each look, in the caller's thread or event
        loop; what it raises ends the wait.
        """
    def wait_ready(
        self,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Machine:
        """Waits until the machine is Ready, such as after commissioning."""
    def wait_status(
        self,
        status: str,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Machine:
        """Waits until the machine has this status, such as `rescue_mode`. Any other failed status ends the wait."""
    def wait_released(
        self,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Machine | None:
        """Waits until the machine has been given back. `None` if it is gone."""

@final
class AsyncMachineHandle:
    """The calls on one machine."""

    @property
    def system_id(self) -> str: ...
    def get(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """The machine as it is now."""
    def update(
        self,
        *,
        hostname: str | None = ...,
        domain: str | None = ...,
        description: str | None = ...,
        zone: str | None = ...,
        pool: str | None = ...,
        architecture: str | None = ...,
        min_hwe_kernel: str | None = ...,
        swap_size: int | None = ...,
        power_type: str | None = ...,
        power_parameters: Mapping[str, Any] | None = ...,
        disable_ipv4: bool | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Changes the machine: what is not given is kept, `None` clears. Needs an administrator."""
    def delete(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, None]:
        """Removes the machine from MAAS. Needs an administrator."""
    def deploy(
        self,
        *,
        distro_series: str | None = ...,
        hwe_kernel: str | None = ...,
        user_data: str | bytes | None = ...,
        agent_name: str | None = ...,
        comment: str | None = ...,
        bridge_all: bool | None = ...,
        bridge_type: str | None = ...,
        bridge_stp: bool | None = ...,
        bridge_fd: int | None = ...,
        ephemeral: bool | None = ...,
        install_kvm: bool | None = ...,
        register_vmhost: bool | None = ...,
        enable_hw_sync: bool | None = ...,
        enable_kernel_crash_dump: bool | None = ...,
        vcenter_registration: bool | None = ...,
        license_key: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Begins to deploy the machine; a Ready one is allocated to the caller first. `wait_deployed` waits for the end."""
    def release(
        self,
        *,
        comment: str | None = ...,
        erase: bool | None = ...,
        secure_erase: bool | None = ...,
        quick_erase: bool | None = ...,
        force: bool | None = ...,
        scripts: str | Sequence[str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Gives the machine back; one that is Ready or Releasing already is no error. `wait_released` waits for the end."""
    def abort(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Stops what is going on: commissioning, deploying, testing, erasing."""
    def power_on(
        self,
        *,
        user_data: str | bytes | None = ...,
        comment: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Switches the machine on. An Allocated one is deployed by it."""
    def power_off(
        self,
        *,
        stop_mode: str | None = ...,
        comment: str | None = ...,
        extra: Mapping[str, str] | None = ...,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Switches the machine off."""
    def query_power_state(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, str]:
        """Asks the power controller whether the machine is on."""
    def lock(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Protects a Deployed or Deploying machine from being released, deleted or switched."""
    def unlock(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Ends the protection."""
    def mark_broken(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Marks the machine as broken and releases it. Only its owner may."""
    def mark_fixed(
        self,
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Marks a broken machine as Ready. Needs an administrator."""
    def set_workload_annotations(
        self,
        annotations: Mapping[str, str],
        *,
        timeout: float | timedelta | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Sets notes on a machine that has an owner; an empty value removes one. They last until it is Ready again."""
    def wait_deployed(
        self,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Waits until the machine is Deployed. `on_progress` is called with each look, in the caller's thread or event
        loop; what it raises ends the wait.
        """
    def wait_ready(
        self,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Waits until the machine is Ready, such as after commissioning."""
    def wait_status(
        self,
        status: str,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Coroutine[Any, Any, Machine]:
        """Waits until the machine has this status, such as `rescue_mode`. Any other failed status ends the wait."""
    def wait_released(
        self,
        *,
        timeout: float | timedelta | None = ...,
        min_delay: float | timedelta | None = ...,
        max_delay: float | timedelta | None = ...,
        on_progress: Callable[[WaitProgress], object] | None = ...,
    ) -> Coroutine[Any, Any, Machine | None]:
        """Waits until the machine has been given back. `None` if it is gone."""

@final
class Filesystem:
    """A filesystem."""

    @property
    def fstype(self) -> str:
        """Its type, e.g. `ext4`, `fat32`, `lvm-pv`, `tmpfs`."""
    @property
    def label(self) -> str | None:
        """The label."""
    @property
    def uuid(self) -> str | None:
        """The UUID."""
    @property
    def mount_point(self) -> str | None:
        """Where it is mounted."""
    @property
    def mount_options(self) -> str | None:
        """Options of the mount."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Filesystem:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Partition:
    """A partition of a block device."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def device_id(self) -> int:
        """The block device's number."""
    @property
    def kind(self) -> str:
        """Always `partition`."""
    @property
    def uuid(self) -> str | None:
        """The UUID."""
    @property
    def path(self) -> str:
        """The path under `/dev`."""
    @property
    def size(self) -> int:
        """The size, in bytes."""
    @property
    def bootable(self) -> bool:
        """Whether it carries the boot flag."""
    @property
    def filesystem(self) -> Filesystem | None:
        """The filesystem on it."""
    @property
    def used_for(self) -> str:
        """What it is used for, in words."""
    @property
    def tags(self) -> builtins.list[str]:
        """Tags."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server; without a slash at the end."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Partition:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class BlockDevice:
    """A block device of a machine."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def name(self) -> str:
        """The name, e.g. `sda`."""
    @property
    def kind(self) -> str:
        """What it is."""
    @property
    def uuid(self) -> str | None:
        """The UUID, if it is virtual."""
    @property
    def path(self) -> str:
        """The path under `/dev`."""
    @property
    def id_path(self) -> str | None:
        """A lasting path under `/dev`."""
    @property
    def model(self) -> str | None:
        """The disk's model."""
    @property
    def serial(self) -> str | None:
        """The disk's serial number."""
    @property
    def firmware_version(self) -> str | None:
        """The disk's firmware."""
    @property
    def size(self) -> int:
        """The size, in bytes."""
    @property
    def block_size(self) -> int:
        """The size of a block, in bytes."""
    @property
    def available_size(self) -> int:
        """What is not used yet, in bytes."""
    @property
    def used_size(self) -> int:
        """What is used, in bytes."""
    @property
    def used_for(self) -> str:
        """What it is used for, in words."""
    @property
    def tags(self) -> builtins.list[str]:
        """Tags, e.g. `ssd`, `rotary`."""
    @property
    def filesystem(self) -> Filesystem | None:
        """The filesystem on it, if it has no partitions."""
    @property
    def partition_table_type(self) -> str | None:
        """`MBR`, `GPT` or none."""
    @property
    def partitions(self) -> builtins.list[Partition]:
        """The partitions."""
    @property
    def storage_pool(self) -> str | None:
        """The storage pool of the VM host that holds it."""
    @property
    def numa_node(self) -> int | None:
        """The number of the NUMA node."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> BlockDevice:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class VolumeGroup:
    """An LVM volume group."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def uuid(self) -> str | None:
        """The UUID."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def devices(self) -> builtins.list[BlockDevice | Partition]:
        """The devices that it is made of."""
    @property
    def size(self) -> int:
        """The size, in bytes."""
    @property
    def human_size(self) -> str:
        """The size, in words."""
    @property
    def available_size(self) -> int:
        """What is not used yet, in bytes."""
    @property
    def human_available_size(self) -> str:
        """What is not used yet, in words."""
    @property
    def used_size(self) -> int:
        """What is used, in bytes."""
    @property
    def human_used_size(self) -> str:
        """What is used, in words."""
    @property
    def logical_volumes(self) -> builtins.list[BlockDevice]:
        """The logical volumes in it."""
    @property
    def incomplete(self) -> bool | None:
        """Whether more fields exist than are shown."""
    @property
    def resource_uri(self) -> str | None:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> VolumeGroup:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Raid:
    """A software RAID."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def uuid(self) -> str | None:
        """The UUID."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def level(self) -> str:
        """The level: `raid-0`, `raid-1`, `raid-5`, `raid-6`, `raid-10`."""
    @property
    def devices(self) -> builtins.list[BlockDevice | Partition]:
        """The devices that it is made of."""
    @property
    def spare_devices(self) -> builtins.list[BlockDevice | Partition]:
        """The devices that stand by."""
    @property
    def size(self) -> int:
        """The size, in bytes."""
    @property
    def human_size(self) -> str:
        """The size, in words."""
    @property
    def virtual_device(self) -> BlockDevice | None:
        """The block device that it makes."""
    @property
    def incomplete(self) -> bool | None:
        """Whether more fields exist than are shown."""
    @property
    def resource_uri(self) -> str | None:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Raid:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class CacheSet:
    """The fast device of a bcache."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def cache_device(self) -> BlockDevice | Partition | None:
        """The device."""
    @property
    def incomplete(self) -> bool | None:
        """Whether more fields exist than are shown."""
    @property
    def resource_uri(self) -> str | None:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> CacheSet:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Bcache:
    """A slow device behind a fast one."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def uuid(self) -> str | None:
        """The UUID."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def cache_set(self) -> CacheSet | None:
        """The fast device."""
    @property
    def backing_device(self) -> BlockDevice | Partition | None:
        """The slow device."""
    @property
    def size(self) -> int:
        """The size, in bytes."""
    @property
    def human_size(self) -> str:
        """The size, in words."""
    @property
    def virtual_device(self) -> BlockDevice | None:
        """The block device that it makes."""
    @property
    def cache_mode(self) -> str | None:
        """`writeback`, `writethrough` or `writearound`."""
    @property
    def incomplete(self) -> bool | None:
        """Whether more fields exist than are shown."""
    @property
    def resource_uri(self) -> str | None:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Bcache:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Domain:
    """A DNS domain."""

    @property
    def id(self) -> int:
        """The number. The default domain has 0."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def ttl(self) -> int | None:
        """The time to live of its records, in seconds; `None` for the server's default."""
    @property
    def authoritative(self) -> bool:
        """Whether MAAS answers for it."""
    @property
    def resource_record_count(self) -> int:
        """How many records it has."""
    @property
    def is_default(self) -> bool:
        """Whether new machines come into it."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Domain:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Event:
    """Something that happened."""

    @property
    def id(self) -> int:
        """The number; later events have larger ones."""
    @property
    def kind(self) -> str:
        """The type, e.g. `Deployed` or `Node changed status`."""
    @property
    def level(self) -> str:
        """`DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL` or `AUDIT`."""
    @property
    def description(self) -> str:
        """What happened, in words; may be empty."""
    @property
    def node(self) -> str:
        """The system id of the node; empty if there is none."""
    @property
    def hostname(self) -> str:
        """The node's hostname."""
    @property
    def username(self) -> str:
        """The user who caused it."""
    @property
    def created(self) -> str:
        """When, in UTC, e.g. `Sun, 22 Nov. 2026 09:34:35`."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Event:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class EventPage:
    """Some events, the newest first."""

    @property
    def count(self) -> int:
        """How many there are on this page."""
    @property
    def events(self) -> builtins.list[Event]:
        """The events."""
    @property
    def next_uri(self) -> str | None:
        """Where newer ones are; never empty."""
    @property
    def prev_uri(self) -> str | None:
        """Where older ones are; `None` at the end."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> EventPage:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Link:
    """An interface's connection to a subnet."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def mode(self) -> str:
        """How the address is got."""
    @property
    def ip_address(self) -> str | None:
        """The address, if there is one."""
    @property
    def subnet(self) -> Subnet | None:
        """The subnet, unless the interface is only brought up."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Link:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class DiscoveredAddress:
    """An address that commissioning found on an interface."""

    @property
    def ip_address(self) -> str | None:
        """The address."""
    @property
    def subnet(self) -> Subnet | None:
        """The subnet it belongs to."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> DiscoveredAddress:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Interface:
    """A network interface of a machine."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def system_id(self) -> str:
        """The machine's system id."""
    @property
    def name(self) -> str:
        """The name, e.g. `eth0`."""
    @property
    def kind(self) -> str:
        """What it is."""
    @property
    def mac_address(self) -> str | None:
        """The MAC address."""
    @property
    def vlan(self) -> Vlan | None:
        """The VLAN; `None` when disconnected."""
    @property
    def parents(self) -> builtins.list[str]:
        """The names of the interfaces that it is made of."""
    @property
    def children(self) -> builtins.list[str]:
        """The names of the interfaces made of it."""
    @property
    def tags(self) -> builtins.list[str]:
        """Tags."""
    @property
    def enabled(self) -> bool:
        """Whether it is in use."""
    @property
    def links(self) -> builtins.list[Link]:
        """Its connections to subnets."""
    @property
    def params(self) -> dict[str, Any]:
        """Parameters of bonds, bridges and others, e.g. `mtu`, `bond_mode`, `bridge_stp`."""
    @property
    def discovered(self) -> builtins.list[DiscoveredAddress]:
        """The addresses that commissioning found."""
    @property
    def effective_mtu(self) -> int:
        """The largest packet, in bytes."""
    @property
    def vendor(self) -> str | None:
        """The card's maker."""
    @property
    def product(self) -> str | None:
        """The card's model."""
    @property
    def firmware_version(self) -> str | None:
        """The card's firmware."""
    @property
    def link_connected(self) -> bool:
        """Whether a cable is plugged in."""
    @property
    def interface_speed(self) -> int:
        """The card's speed, in Mbit/s; 0 if unknown."""
    @property
    def link_speed(self) -> int:
        """The speed of the connection, in Mbit/s; 0 if unknown."""
    @property
    def numa_node(self) -> int | None:
        """The number of the NUMA node."""
    @property
    def sriov_max_vf(self) -> int:
        """How many virtual functions the card offers."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Interface:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class HugePages:
    """Memory pages of one size."""

    @property
    def total(self) -> int:
        """How much memory, in bytes."""
    @property
    def page_size(self) -> int:
        """The size of a page, in bytes."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> HugePages:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class NumaNode:
    """A NUMA node: processor cores and the memory next to them."""

    @property
    def index(self) -> int:
        """The number."""
    @property
    def cores(self) -> builtins.list[int]:
        """The numbers of its cores."""
    @property
    def memory(self) -> int:
        """Its memory, in MiB."""
    @property
    def hugepages_set(self) -> builtins.list[HugePages]:
        """Its huge pages."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> NumaNode:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Gateway:
    """A default gateway."""

    @property
    def gateway_ip(self) -> str | None:
        """Its address."""
    @property
    def link_id(self) -> int | None:
        """The number of the link that leads to it, if one was chosen."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Gateway:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class DefaultGateways:
    """The default gateways of a machine."""

    @property
    def ipv4(self) -> Gateway:
        """For IPv4."""
    @property
    def ipv6(self) -> Gateway:
        """For IPv6."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> DefaultGateways:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class HardwareInfo:
    """What the firmware says about the hardware; `Unknown` where it says nothing."""

    @property
    def system_vendor(self) -> str:
        """The maker of the system."""
    @property
    def system_product(self) -> str:
        """The system's product name."""
    @property
    def system_family(self) -> str:
        """The system's family."""
    @property
    def system_version(self) -> str:
        """The system's version."""
    @property
    def system_sku(self) -> str:
        """The system's stock-keeping unit."""
    @property
    def system_serial(self) -> str:
        """The system's serial number."""
    @property
    def cpu_model(self) -> str:
        """The processor's model."""
    @property
    def mainboard_vendor(self) -> str:
        """The maker of the mainboard."""
    @property
    def mainboard_product(self) -> str:
        """The mainboard's product name."""
    @property
    def mainboard_serial(self) -> str:
        """The mainboard's serial number."""
    @property
    def mainboard_version(self) -> str:
        """The mainboard's version."""
    @property
    def mainboard_firmware_vendor(self) -> str:
        """The maker of the firmware."""
    @property
    def mainboard_firmware_date(self) -> str:
        """The firmware's date."""
    @property
    def mainboard_firmware_version(self) -> str:
        """The firmware's version."""
    @property
    def chassis_vendor(self) -> str:
        """The maker of the chassis."""
    @property
    def chassis_type(self) -> str:
        """The chassis' type."""
    @property
    def chassis_serial(self) -> str:
        """The chassis' serial number."""
    @property
    def chassis_version(self) -> str:
        """The chassis' version."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> HardwareInfo:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ConstraintMatches:
    """Which devices met the labelled constraints of an allocation."""

    @property
    def storage(self) -> dict[str, builtins.list[Any]]:
        """By the label of a storage constraint: numbers of block devices, or `partition:` and a number."""
    @property
    def interfaces(self) -> dict[str, builtins.list[int]]:
        """By the label of an interface constraint: numbers of interfaces."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> ConstraintMatches:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Machine:
    """A machine.

    Where the server sends `null` or nothing, text is empty, lists are empty and numbers are 0, or the field is an
    `Option`.
    """

    @property
    def system_id(self) -> str:
        """The key: six characters that never change."""
    @property
    def hostname(self) -> str:
        """The name without domain."""
    @property
    def fqdn(self) -> str:
        """The name with domain."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def domain(self) -> Domain | None:
        """The DNS domain."""
    @property
    def hardware_uuid(self) -> str | None:
        """The UUID that the firmware tells."""
    @property
    def hardware_info(self) -> HardwareInfo:
        """What the firmware says about the hardware."""
    @property
    def status(self) -> str:
        """The status."""
    @property
    def status_name(self) -> str:
        """The status as the server shows it."""
    @property
    def status_action(self) -> str | None:
        """The type of the latest event."""
    @property
    def status_message(self) -> str | None:
        """What the latest event says."""
    @property
    def error_description(self) -> str:
        """Why the machine is broken."""
    @property
    def owner(self) -> str | None:
        """The user to whom the machine is allocated."""
    @property
    def owner_data(self) -> dict[str, str]:
        """The same as `workload_annotations`, under its older name."""
    @property
    def workload_annotations(self) -> dict[str, str]:
        """Notes of the owner. They last until the machine is Ready again."""
    @property
    def locked(self) -> bool:
        """Whether it is protected from being released, deleted or switched."""
    @property
    def zone(self) -> Zone | None:
        """The availability zone."""
    @property
    def pool(self) -> ResourcePool | None:
        """The resource pool; nodes that are not machines have none."""
    @property
    def tag_names(self) -> builtins.list[str]:
        """Tags."""
    @property
    def architecture(self) -> str:
        """The architecture, e.g. `amd64/generic`."""
    @property
    def cpu_count(self) -> int:
        """Processor cores."""
    @property
    def cpu_speed(self) -> int:
        """The processor's speed, in MHz; 0 if unknown."""
    @property
    def memory(self) -> int:
        """Memory, in MiB."""
    @property
    def swap_size(self) -> int | None:
        """Swap space, in bytes; `None` for the default."""
    @property
    def storage(self) -> float:
        """All disks, in MB (10⁶ bytes)."""
    @property
    def numanode_set(self) -> builtins.list[NumaNode]:
        """NUMA nodes."""
    @property
    def power_type(self) -> str:
        """How it is switched, e.g. `ipmi`, `redfish`, `virsh`, `manual`; empty if not configured."""
    @property
    def power_state(self) -> str:
        """Whether it is on."""
    @property
    def bios_boot_method(self) -> str | None:
        """`pxe`, `uefi`, …"""
    @property
    def netboot(self) -> bool:
        """Whether it boots from the network next time."""
    @property
    def osystem(self) -> str:
        """The operating system, e.g. `ubuntu`; empty until it is deployed."""
    @property
    def distro_series(self) -> str:
        """The release, e.g. `jammy`; empty until it is deployed."""
    @property
    def hwe_kernel(self) -> str | None:
        """The kernel, e.g. `ga-22.04`."""
    @property
    def min_hwe_kernel(self) -> str | None:
        """The oldest kernel that it may run."""
    @property
    def ephemeral_deploy(self) -> bool:
        """Whether it runs from memory."""
    @property
    def enable_kernel_crash_dump(self) -> bool:
        """Whether a kernel crash is dumped."""
    @property
    def enable_hw_sync(self) -> bool:
        """Whether hardware changes are reported while it is deployed."""
    @property
    def last_sync(self) -> str | None:
        """When hardware changes were last reported."""
    @property
    def next_sync(self) -> str | None:
        """When hardware changes are to be reported next."""
    @property
    def sync_interval(self) -> int | None:
        """The time between reports, in seconds."""
    @property
    def ip_addresses(self) -> builtins.list[str]:
        """Its addresses."""
    @property
    def address_ttl(self) -> int | None:
        """The time to live of its DNS records, in seconds; `None` for the domain's."""
    @property
    def interface_set(self) -> builtins.list[Interface]:
        """Network interfaces."""
    @property
    def boot_interface(self) -> Interface | None:
        """The interface that it boots from."""
    @property
    def default_gateways(self) -> DefaultGateways:
        """Default gateways."""
    @property
    def disable_ipv4(self) -> bool:
        """Whether IPv4 is off when deployed."""
    @property
    def boot_disk(self) -> BlockDevice | None:
        """The disk that it boots from."""
    @property
    def blockdevice_set(self) -> builtins.list[BlockDevice]:
        """All block devices."""
    @property
    def physicalblockdevice_set(self) -> builtins.list[BlockDevice]:
        """The disks among them."""
    @property
    def virtualblockdevice_set(self) -> builtins.list[BlockDevice]:
        """Those among them that are made of others."""
    @property
    def iscsiblockdevice_set(self) -> builtins.list[BlockDevice]:
        """iSCSI devices; only before MAAS 3.0."""
    @property
    def volume_groups(self) -> builtins.list[VolumeGroup]:
        """LVM volume groups."""
    @property
    def raids(self) -> builtins.list[Raid]:
        """Software RAIDs."""
    @property
    def bcaches(self) -> builtins.list[Bcache]:
        """Bcaches."""
    @property
    def cache_sets(self) -> builtins.list[CacheSet]:
        """The fast devices of bcaches."""
    @property
    def special_filesystems(self) -> builtins.list[Filesystem]:
        """Filesystems that need no device, e.g. `tmpfs`."""
    @property
    def current_commissioning_result_id(self) -> int | None:
        """The latest commissioning."""
    @property
    def current_installation_result_id(self) -> int | None:
        """The latest installation."""
    @property
    def current_testing_result_id(self) -> int | None:
        """The latest hardware tests."""
    @property
    def commissioning_status(self) -> str:
        """How commissioning ended."""
    @property
    def commissioning_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def testing_status(self) -> str:
        """How the hardware tests ended."""
    @property
    def testing_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def cpu_test_status(self) -> str:
        """How the processor's tests ended."""
    @property
    def cpu_test_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def memory_test_status(self) -> str:
        """How the memory's tests ended."""
    @property
    def memory_test_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def network_test_status(self) -> str:
        """How the network's tests ended."""
    @property
    def network_test_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def storage_test_status(self) -> str:
        """How the disks' tests ended."""
    @property
    def storage_test_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def interface_test_status(self) -> str:
        """How the interfaces' tests ended."""
    @property
    def interface_test_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def other_test_status(self) -> str:
        """How all other tests ended."""
    @property
    def other_test_status_name(self) -> str:
        """The same as the server shows it."""
    @property
    def constraints_by_type(self) -> ConstraintMatches | None:
        """Which devices met the constraints; only in the answer to an allocation."""
    @property
    def node_type(self) -> int:
        """What kind of node it is; 0 is a machine."""
    @property
    def node_type_name(self) -> str:
        """The same as the server shows it."""
    @property
    def is_dpu(self) -> bool:
        """Whether it is a data processing unit."""
    @property
    def parent(self) -> Reference | None:
        """The node that it is a part of."""
    @property
    def pod(self) -> Reference | None:
        """The VM host on which it runs; only until MAAS 3.7."""
    @property
    def virtualmachine_id(self) -> int | None:
        """The number of its virtual machine; only until MAAS 3.7."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Machine:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Reference:
    """A partial object that stands for a whole one."""

    @property
    def id(self) -> int | None:
        """The number, if the object is known by one."""
    @property
    def system_id(self) -> str | None:
        """The system id, if the object is a node."""
    @property
    def name(self) -> str | None:
        """The name."""
    @property
    def resource_uri(self) -> str | None:
        """Its path on the server."""
    @property
    def incomplete(self) -> bool | None:
        """Whether more fields exist than are shown."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Reference:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ResourcePool:
    """A resource pool: machines set aside for a purpose. Each machine is in exactly one."""

    @property
    def id(self) -> int:
        """The number. The default pool has 0."""
    @property
    def name(self) -> str:
        """The unique name."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> ResourcePool:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Subnet:
    """A subnet."""

    @property
    def id(self) -> int:
        """The number; the first one is 1."""
    @property
    def name(self) -> str:
        """The name; not unique."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def cidr(self) -> str:
        """The network, e.g. `10.10.0.0/24` or `2001:db8::/64`."""
    @property
    def vlan(self) -> Vlan | None:
        """The VLAN."""
    @property
    def space(self) -> str | None:
        """The space's name, or `undefined`."""
    @property
    def gateway_ip(self) -> str | None:
        """The gateway's address; empty after it was cleared."""
    @property
    def dns_servers(self) -> builtins.list[str]:
        """The addresses of the DNS servers."""
    @property
    def rdns_mode(self) -> str:
        """How addresses get reverse DNS."""
    @property
    def active_discovery(self) -> bool:
        """Whether MAAS scans for devices here."""
    @property
    def allow_dns(self) -> bool:
        """Whether machines may use MAAS for DNS."""
    @property
    def allow_proxy(self) -> bool:
        """Whether machines may use MAAS's proxy."""
    @property
    def managed(self) -> bool:
        """Whether MAAS gives out all addresses that are not reserved. If not, only those in reserved ranges."""
    @property
    def disabled_boot_architectures(self) -> builtins.list[str]:
        """Architectures that do not boot from here."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Subnet:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class AddressRange:
    """A range of addresses and what it is for."""

    @property
    def start(self) -> str:
        """The first address."""
    @property
    def end(self) -> str:
        """The last address."""
    @property
    def num_addresses(self) -> float:
        """How many addresses. An IPv6 range may hold more than 64 bits can count; the number is then inexact."""
    @property
    def purpose(self) -> builtins.list[str]:
        """What it is for: `gateway-ip`, `assigned-ip`, `dynamic`, `reserved`, `unused`, …"""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> AddressRange:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class SubnetStatistics:
    """How full a subnet is."""

    @property
    def num_available(self) -> float:
        """Free addresses."""
    @property
    def largest_available(self) -> float:
        """The most free addresses in a row."""
    @property
    def num_unavailable(self) -> float:
        """Addresses in use or reserved."""
    @property
    def total_addresses(self) -> float:
        """All addresses."""
    @property
    def usage(self) -> float:
        """The part in use, 0 to 1."""
    @property
    def usage_string(self) -> str:
        """The part in use as text, e.g. `39%`."""
    @property
    def available_string(self) -> str:
        """The free part as text."""
    @property
    def first_address(self) -> str:
        """The first address."""
    @property
    def last_address(self) -> str:
        """The last address."""
    @property
    def ip_version(self) -> int:
        """4 or 6."""
    @property
    def ranges(self) -> builtins.list[AddressRange]:
        """All ranges, if they were asked for."""
    @property
    def suggested_gateway(self) -> str | None:
        """What MAAS would use for its own purposes, if asked for."""
    @property
    def suggested_dynamic_range(self) -> AddressRange | None:
        """A suggestion for a dynamic range, if asked for."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> SubnetStatistics:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class User:
    """A user of the server."""

    @property
    def username(self) -> str:
        """The unique name."""
    @property
    def email(self) -> str:
        """The mail address."""
    @property
    def is_superuser(self) -> bool:
        """Whether the user is an administrator."""
    @property
    def is_local(self) -> bool:
        """Whether the server itself knows the user, rather than an identity provider."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> User:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Version:
    """What the server says of itself."""

    @property
    def version(self) -> str:
        """The version, e.g. `3.7.3`."""
    @property
    def subversion(self) -> str:
        """The rest of the version, e.g. a build."""
    @property
    def capabilities(self) -> builtins.list[str]:
        """What the server can do, by name."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Version:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Vlan:
    """A VLAN of a fabric."""

    @property
    def id(self) -> int:
        """The number in MAAS; the default VLANs begin at 5001."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def vid(self) -> int:
        """The tag on the wire; 0 is untagged."""
    @property
    def fabric(self) -> str:
        """The fabric's name."""
    @property
    def fabric_id(self) -> int:
        """The fabric's number."""
    @property
    def mtu(self) -> int:
        """The largest packet, in bytes."""
    @property
    def dhcp_on(self) -> bool:
        """Whether MAAS serves DHCP here."""
    @property
    def external_dhcp(self) -> str | None:
        """The address of a DHCP server that is not MAAS's."""
    @property
    def relay_vlan(self) -> Any | None:
        """The VLAN to which DHCP is relayed. Older servers send an incomplete object."""
    @property
    def primary_rack(self) -> str | None:
        """The system id of the first rack controller for DHCP."""
    @property
    def secondary_rack(self) -> str | None:
        """The system id of the second rack controller for DHCP."""
    @property
    def space(self) -> str | None:
        """The space's name, or `undefined`."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Vlan:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Zone:
    """An availability zone: machines that share a point of failure."""

    @property
    def id(self) -> int:
        """The number."""
    @property
    def name(self) -> str:
        """The unique name, by which everything refers to the zone."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def resource_uri(self) -> str:
        """Its path on the server; it changes with the name."""
    @property
    def extra(self) -> dict[str, Any]:
        """Fields that this version does not know, as they came."""
    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings and numbers, with the names that the API uses."""
    @staticmethod
    def from_dict(value: dict[str, Any]) -> Zone:
        """The value of such a dict."""
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
