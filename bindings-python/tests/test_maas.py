"""The MAAS client against the simulated region."""

from __future__ import annotations

import asyncio
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import palette_maas
from palette_maas import maas, testbed


def test_a_machine_is_deployed_and_given_back(bed: testbed.Testbed, client: maas.Client) -> None:
    machine = client.machines.allocate(min_cpu=4, agent_name="test")
    assert (machine.status, machine.owner) == ("allocated", "admin")
    assert [found.system_id for found in client.machines.list(agent_name="test")] == [machine.system_id]
    handle = client.machine(machine.system_id)
    assert handle.deploy(distro_series="jammy", user_data=b"#cloud-config\n").status == "deploying"
    looks: list[palette_maas.WaitProgress] = []
    node = handle.wait_deployed(timeout=timedelta(hours=1), on_progress=looks.append)
    assert (node.status, node.osystem, node.distro_series) == ("deployed", "ubuntu", "jammy")
    assert looks and looks[0].changed and looks[-1].state == "Deploying" and looks[-1].elapsed > looks[0].elapsed
    assert bed.leftovers() != []
    assert handle.release().status == "releasing"
    released = handle.wait_released(timeout=3600)
    assert released is not None and released.status == "ready"
    assert bed.leftovers() == []


async def deploy(client: maas.AsyncClient) -> str:
    machine = await client.machines.allocate()
    handle = client.machine(machine.system_id)
    await handle.deploy()
    await handle.wait_deployed(timeout=3600)
    await handle.release()
    await handle.wait_released(timeout=3600)
    return machine.system_id


@pytest.mark.asyncio
async def test_several_deployments_at_once() -> None:
    async with testbed.start(speed=2000, healthy=True) as bed:
        async with maas.AsyncClient(bed.maas_url, bed.maas_api_key, clock=bed.clock) as client:
            tasks = [asyncio.create_task(deploy(client)) for _ in range(4)]
            assert len(set(await asyncio.gather(*tasks))) == 4
            assert bed.leftovers() == []


def test_a_list_is_a_sequence_of_frozen_models(client: maas.Client) -> None:
    machines = client.machines.list()
    assert len(machines) == 39 and machines.unreadable == []
    node = machines[0]
    assert isinstance(node, maas.Machine) and node == client.machines.get(node.system_id) and node != machines[1]
    assert [m.system_id for m in machines] == [machines[i].system_id for i in range(39)]
    assert machines[-1] == machines[38] and machines[1:5:2] == [machines[1], machines[3]] and node in machines
    assert machines.index(machines[3]) == 3 and machines == list(machines)
    with pytest.raises(IndexError):
        machines[39]
    with pytest.raises((AttributeError, TypeError)):
        node.hostname = "x"  # type: ignore[misc]
    assert isinstance(node.zone, maas.Zone) and isinstance(node.interface_set[0], maas.Interface)
    assert node.extra == {}
    assert "39 Machine" in repr(machines) and node.hostname in repr(node)


def test_models_survive_pickling_and_dicts(client: maas.Client) -> None:
    machines = client.machines.list(hostname=["node01", "node22"])
    for machine in machines:
        assert pickle.loads(pickle.dumps(machine)) == machine
        assert maas.Machine.from_dict(machine.to_dict()) == machine
    assert pickle.loads(pickle.dumps(machines)) == list(machines)
    for thing in (client, client.machines, client.machine("p77gwg")):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(thing)


def test_an_unreadable_element_is_told(bed: testbed.Testbed, client: maas.Client) -> None:
    body = '[{"name": "a", "id": 1}, {"name": "b", "id": "many"}]'
    bed.order_fault(method="GET", path="/MAAS/api/2.0/zones/", kind="status", status=200, body=body, count=1)
    zones = client.zones.list()
    assert [zone.name for zone in zones] == ["a"]
    (error,) = zones.unreadable
    assert isinstance(error, palette_maas.DecodeError) and "id" in str(error)
    assert "1 unreadable" in repr(zones)


def test_zones_are_created_changed_and_deleted(client: maas.Client) -> None:
    assert client.zones.create("east", description="row 1").description == "row 1"
    assert client.zones.update("east", name="west").name == "west"
    assert client.zones.update("west", description=None).description == ""
    with pytest.raises(palette_maas.AlreadyExistsError):
        client.zones.create("west")
    client.zones.delete("west")
    with pytest.raises(palette_maas.NotFoundError):
        client.zones.get("west")


def test_resource_pools_and_subnets_and_events(bed: testbed.Testbed, client: maas.Client) -> None:
    pool = client.resource_pools.create("gpu", description="row 1")
    assert client.resource_pools.update(pool.id, description=None).description == ""
    assert client.resource_pools.get(pool.id).name == "gpu" and pool.id in [one.id for one in client.resource_pools.list()]
    client.resource_pools.delete(pool.id)
    with pytest.raises(palette_maas.NotFoundError):
        client.resource_pools.get(pool.id)
    subnet = client.subnets.create("10.77.0.0/24", name="lab-77", dns_servers=["10.77.0.2", "10.77.0.3"])
    assert client.subnets.get("10.77.0.0/24") == client.subnets.get(str(subnet.id)) == subnet
    assert client.subnets.update("name:lab-77", dns_servers=None).dns_servers == []
    statistics = client.subnets.statistics(str(subnet.id))
    assert statistics.num_available == 254 and isinstance(statistics.ranges[0], maas.AddressRange)
    assert client.subnets.unreserved_ip_ranges(str(subnet.id))[0].start == "10.77.0.1"
    client.subnets.delete(str(subnet.id))
    assert bed.leftovers() == []
    machine = client.machines.allocate()
    page = client.events.query(system_id=machine.system_id, level="DEBUG")
    assert page.count == len(page.events) > 0 and {event.node for event in page.events} == {machine.system_id}


def test_any_call_and_the_heads_of_answers(bed: testbed.Testbed, client: maas.Client) -> None:
    log = palette_maas.ResponseLog()
    assert log.last is None
    bed.order_fault(method="GET", path="*/zones/", kind="status", status=503, retry_after=0, count=1)
    answer = client.with_response_log(log).call("GET", "zones/", query={"a": ["1", 2, True]})
    assert (answer.status, answer.attempts, len(answer.json())) == (200, 2, 3)
    assert answer.body.decode() == answer.text() and answer.headers["content-type"].startswith("application/json")
    assert [(head.status, head.attempts) for head in log.all] == [(503, 1), (200, 2)]
    assert log.last is not None and (log.last.operation, log.last.headers) == ("call", answer.headers)
    assert bed.history()[-1]["query"] == "a=1&a=2&a=true"
    made = client.call("POST", "zones/", form={"name": "east", "description": None})
    assert made.json()["name"] == "east"
    with pytest.raises(palette_maas.AlreadyExistsError):
        client.call("POST", "zones/", form={"name": "east"})
    assert client.call("DELETE", made.json()["resource_uri"]).status == 204


@pytest.mark.asyncio
async def test_any_call_awaited() -> None:
    async with testbed.start() as bed, maas.AsyncClient(bed.maas_url, bed.maas_api_key) as client:
        log = palette_maas.ResponseLog()
        answer = await client.with_response_log(log).call("GET", "zones/")
        assert len(answer.json()) == 3 and log.last is not None and log.last.status == 200


def test_a_testbed_can_be_told_what_fails(bed: testbed.Testbed, client: maas.Client) -> None:
    assert bed.palette_api_key and bed.palette_project_uid and bed.palette_gateway_uid
    bed.fail_next_deploy("node01", "the disk is gone")
    machine = client.machines.allocate(hostname="node01")
    handle = client.machine(machine.system_id)
    handle.deploy()
    with pytest.raises(palette_maas.FailedStateError, match="the disk is gone"):
        handle.wait_deployed(timeout=36_000)
    bed.slow_deploy("node02", timedelta(hours=5))
    handle = client.machine(client.machines.allocate(hostname="node02").system_id)
    handle.deploy()
    began = bed.clock.now()
    handle.wait_deployed(timeout=36_000)
    assert bed.clock.now() - began > timedelta(hours=3)


def test_what_raises_in_a_callback_ends_the_wait(client: maas.Client) -> None:
    machine = client.machines.allocate()

    def tired(look: palette_maas.WaitProgress) -> None:
        raise LookupError(look.state)

    with pytest.raises(LookupError, match="Allocated"):
        client.machine(machine.system_id).wait_deployed(on_progress=tired)

    states: list[str] = []

    def curious(_: palette_maas.WaitProgress) -> None:
        states.append(client.machines.get(machine.system_id).status)
        if len(states) > 2:
            raise StopIteration

    with pytest.raises(StopIteration):
        client.machine(machine.system_id).wait_deployed(on_progress=curious)
    assert states == ["allocated"] * 3


def test_a_wait_that_is_too_short_is_a_timeout(client: maas.Client) -> None:
    machine = client.machines.allocate()
    with pytest.raises(TimeoutError) as caught:
        client.machine(machine.system_id).wait_deployed(timeout=1, min_delay=0.5)
    assert isinstance(caught.value, palette_maas.Error) and "Allocated" in str(caught.value)


def test_the_environment_describes_a_client(bed: testbed.Testbed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAAS_URL", bed.maas_url)
    monkeypatch.setenv("MAAS_API_KEY", bed.maas_user_api_key)
    with maas.Client.from_env(application="test/1") as client:
        assert client.whoami().username == "user1"
        assert client.base_url == f"{bed.maas_url}/api/2.0/"
    monkeypatch.delenv("MAAS_API_KEY")
    with pytest.raises(palette_maas.InvalidInputError, match="MAAS_API_KEY"):
        maas.Client.from_env()


def test_the_clock_is_simulated() -> None:
    start = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    with testbed.start(start_time=start, paused=True) as bed:
        began = bed.clock.now()
        assert start <= began < start + timedelta(seconds=1) and bed.clock.now() == began
        bed.clock.advance(timedelta(hours=2))
        bed.clock.advance(1.5)
        assert bed.clock.now() == began + timedelta(hours=2, seconds=1.5)
    with pytest.raises(palette_maas.InvalidInputError, match="time zone"):
        testbed.start(start_time=datetime(2030, 1, 1))
    with pytest.raises(palette_maas.InvalidInputError, match="stopped"):
        bed.maas_url


def test_tls_of_an_unknown_authority_is_refused_and_of_a_known_one_taken() -> None:
    with testbed.start(tls=True) as bed:
        with pytest.raises(palette_maas.TlsError), maas.Client(bed.maas_url, bed.maas_api_key, max_attempts=1) as client:
            client.whoami()
        with maas.Client(bed.maas_url, bed.maas_api_key, ca_pem=bed.ca_pem) as client:
            assert client.whoami().username == "admin"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"timeot": 3}, "timeout"),
    ({"timeout": "long"}, "timeout"),
    ({"timeout": -1}, "timeout"),
    ({"max_attempts": "few"}, "max_attempts"),
    ({"ca_file": "/nonexistent.pem"}, "nonexistent"),
    ({"clock": 3}, "clock"),
    ({"headers": {"Authorization": "x"}}, "Authorization"),
]


@pytest.mark.parametrize(("settings", "named"), BAD)
def test_a_bad_setting_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(palette_maas.InvalidInputError, match=named):
        maas.Client("http://127.0.0.1:1/MAAS", "a:b:c", **settings)


def test_a_bad_option_is_named_with_the_right_one(client: maas.Client) -> None:
    for call in (
        lambda: client.machines.list(poool="x"),  # type: ignore[call-arg]
        lambda: client.machine("p77gwg").wait_deployed(timeot=3),  # type: ignore[call-arg]
        lambda: client.zones.list(timeot=3),  # type: ignore[call-arg]
    ):
        with pytest.raises(palette_maas.InvalidInputError, match="did you mean `(pool|timeout)`"):
            call()
    with pytest.raises(ValueError, match="min_cpu"):
        client.machines.list(min_cpu=-1)
    with pytest.raises(ValueError, match="on_progress"):
        client.machine("p77gwg").wait_deployed(on_progress=3)  # type: ignore[arg-type]


def test_a_timeout_of_one_call(bed: testbed.Testbed, client: maas.Client) -> None:
    bed.order_fault(method="GET", path="*/zones/", kind="delay", ms=5000)
    with maas.Client(bed.maas_url, bed.maas_api_key, max_attempts=1) as impatient:
        with pytest.raises(TimeoutError):
            impatient.zones.list(timeout=0.2)
