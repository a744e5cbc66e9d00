"""What a user's type checker must understand. Checked by `mypy --strict`, never run."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from typing_extensions import assert_type

import palette_maas
from palette_maas import lifecycle, maas, testbed
from palette_maas.lifecycle_types import Decision, Desired, Finding, Plan, World


def blocking(client: maas.Client) -> None:
    machines = client.machines.list(pool="prod", status=["ready", "deployed"], min_cpu=8)
    assert_type(machines, palette_maas.List[maas.Machine])
    for machine in machines:
        assert_type(machine, maas.Machine)
        assert_type(machine.zone, "maas.Zone | None")
        assert_type(machine.tag_names, list[str])
    assert_type(machines[0].cpu_count, int)
    assert_type(machines[1:], list[maas.Machine])
    assert_type(machines.unreadable, list[palette_maas.Error])
    handle = client.machine("p77gwg")
    assert_type(handle.deploy(user_data=b"#cloud-config", timeout=timedelta(seconds=30)), maas.Machine)
    assert_type(handle.wait_deployed(timeout=2400, on_progress=lambda look: print(look.state)), maas.Machine)
    assert_type(handle.wait_released(), "maas.Machine | None")
    client.machines.list(poool="prod")  # type: ignore[call-arg]
    handle.deploy(distro_series=22)  # type: ignore[arg-type]
    machines[0].cpu_count = 3  # type: ignore[misc]


def nouns(client: maas.Client) -> None:
    assert_type(client.resource_pools.list(), palette_maas.List[maas.ResourcePool])
    assert_type(client.resource_pools.get(0).name, str)
    assert_type(client.subnets.get("10.10.0.0/24"), maas.Subnet)
    assert_type(client.subnets.statistics("1").ranges, list[maas.AddressRange])
    assert_type(client.events.query(system_id="p77gwg", limit=5).events, list[maas.Event])
    client.resource_pools.get("0")  # type: ignore[arg-type]


def any_call(client: maas.Client) -> None:
    log = palette_maas.ResponseLog()
    logged = client.with_response_log(log)
    assert_type(logged, maas.Client)
    answer = logged.call("POST", "tags/", form={"name": "gpu", "count": 3, "more": ["a", True]}, timeout=5)
    assert_type(answer, palette_maas.Response)
    assert_type(answer.status, int)
    assert_type(answer.body, bytes)
    assert_type(log.last, "palette_maas.ResponseMeta | None")
    client.call("GET", "zones/", query={"a": object()})  # type: ignore[dict-item]


async def awaiting(client: maas.AsyncClient) -> None:
    assert_type(await client.call("GET", "zones/"), palette_maas.Response)
    assert_type(await client.machines.get("p77gwg"), maas.Machine)
    task = asyncio.create_task(client.zones.list())
    assert_type(await task, palette_maas.List[maas.Zone])
    async with asyncio.timeout(5) if hasattr(asyncio, "timeout") else client:
        await client.whoami()


def errors(client: maas.Client) -> None:
    try:
        client.whoami()
    except palette_maas.TimeoutError as error:
        also: TimeoutError = error
        assert_type(also, TimeoutError)
    except palette_maas.Error as error:
        assert_type(error.code, str)
        assert_type(error.status, "int | None")
        assert_type(error.fields, dict[str, list[str]])


def engine() -> None:
    desired: Desired = {"clusters": []}
    assert_type(lifecycle.validate(desired), list[Finding])
    world: World = {"now_ms": 0, "desired": desired}
    assert_type(lifecycle.decide(world), Decision)
    plan = lifecycle.preview(world, {"kind": "pause", "id": "c1"}, {"alternatives": False})
    assert_type(plan, Plan)
    assert_type(lifecycle.decide_json("{}"), str)
    lifecycle.preview(world, {"kind": "pauze", "id": "c1"})  # type: ignore[arg-type]


def servers() -> None:
    with testbed.start(speed=1000) as bed:
        assert_type(bed, testbed.Testbed)
        with maas.Client(bed.maas_url, bed.maas_api_key, clock=bed.clock) as client:
            assert_type(client, maas.Client)
