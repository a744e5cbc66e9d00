"""Wrong keys, URLs, options and moments: each a clear error of the one tree, at once."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import palette_maas
from palette_maas import maas, testbed


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 15


def refused(call: Callable[[], object], *parts: str, kind: type[palette_maas.Error] = palette_maas.InvalidInputError) -> None:
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value), f"{part!r} is not in {caught.value}"


CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE

ARGUMENTS: list[tuple[Callable[[maas.Client], object], tuple[str, ...]]] = [
    (lambda client: client.zones.get(None), ("`zone`", "a str", "NoneType")),  # type: ignore[arg-type]
    (lambda client: client.zones.get(3), ("`zone`", "a str", "int")),  # type: ignore[arg-type]
    (lambda client: client.machine(None), ("`system_id`", "NoneType")),  # type: ignore[arg-type]
    (lambda client: client.resource_pools.get("1"), ("`id`", "an int", "str")),  # type: ignore[arg-type]
    (lambda client: client.resource_pools.get(2**70), ("`id`", "64 bits")),
    (lambda client: client.machines.release_many("p77gwg"), ("`system_ids`", "list")),
    (lambda client: client.zones.get(""), ("zone.get",)),
    (lambda client: client.zones.list(timeout=-1), ("`timeout`", "0 seconds or more")),
    (lambda client: client.zones.list(timeout=float("nan")), ("`timeout`",)),
    (lambda client: client.zones.list(timeout=float("inf")), ("`timeout`",)),
    (lambda client: client.zones.list(timeuot=3), ("did you mean `timeout`",)),  # type: ignore[call-arg]
    (lambda client: client.machines.list(min_cpu="many"), ("`min_cpu`",)),  # type: ignore[arg-type]
    (lambda client: client.machines.list(status="redy"), ("`status`", "did you mean `ready`")),
    (lambda client: client.machine("p77gwg").deploy(ephemeral="no"), ("`ephemeral`", "true or false")),  # type: ignore[arg-type]
    (lambda client: client.machines.list(min_cpu=2**70), ("`min_cpu`", "64 bits")),
    (lambda client: client.machines.list(extra=CYCLE), ("contains itself",)),
    (lambda client: client.machines.list(extra={3: "x"}), ("`extra`", "str as keys")),  # type: ignore[dict-item]
    (lambda client: client.machines.list(zone="\udc80"), ("`zone`", "surrogates")),
    (lambda client: client.machines.list(zone=object()), ("`zone`",)),  # type: ignore[arg-type]
    (lambda client: client.call("GE T", "zones/"), ("`method`",)),
    (lambda client: client.call("GET", "zones/", query=[1]), ("`query`",)),  # type: ignore[arg-type]
    (lambda client: client.call("GET", "zones/", qery={}), ("did you mean `query`",)),  # type: ignore[call-arg]
    (lambda client: client.call("GET", "//elsewhere.example/"), ()),
]


@pytest.mark.parametrize(("call", "parts"), ARGUMENTS)
def test_a_wrong_argument_is_named(
    client: maas.Client, call: Callable[[maas.Client], object], parts: tuple[str, ...]
) -> None:
    if parts:
        refused(lambda: call(client), *parts)
    else:
        with pytest.raises(palette_maas.Error):
            call(client)


SETTINGS: list[tuple[tuple[Any, ...], dict[str, Any], tuple[str, ...]]] = [
    ((None, "a:b:c"), {}, ("`url`", "NoneType")),
    (("http://h/MAAS", None), {}, ("`api_key`", "NoneType")),
    (("http://h/MAAS", "a:b"), {}, ("2 parts instead of 3",)),
    (("h/MAAS", "a:b:c"), {}, ("URL",)),
    (("ftp://h/MAAS", "a:b:c"), {}, ("http",)),
    (("http://h/MAAS", "a:b:c"), {"max_in_flight": 0}, ("max_in_flight",)),
    (("http://h/MAAS", "a:b:c"), {"max_in_flite": 1}, ("did you mean `max_in_flight`",)),
    (("http://h/MAAS", "a:b:c"), {"connect_timeout": -1}, ("`connect_timeout`",)),
    (("http://h/MAAS", "a:b:c"), {"proxy": "not a url"}, ()),
    (("http://h/MAAS", "a:b:c"), {"headers": {"a b": "c"}}, ("header",)),
    (("http://h/MAAS", "a:b:c"), {"application": "a\nb"}, ("application",)),
]


@pytest.mark.parametrize(("arguments", "settings", "parts"), SETTINGS)
def test_a_wrong_setting_is_named(arguments: tuple[Any, ...], settings: dict[str, Any], parts: tuple[str, ...]) -> None:
    for kind in (maas.Client, maas.AsyncClient):
        refused(lambda: kind(*arguments, **settings), *parts)


def test_a_wrong_testbed_is_named(bed: testbed.Testbed) -> None:
    refused(lambda: testbed.start(sped=1), "did you mean `speed`")  # type: ignore[call-arg]
    refused(lambda: testbed.start(speed=0), "speed")
    refused(lambda: testbed.start(port=70_000), "`port`")
    refused(lambda: bed.order_fault(method="GET", path="*", kind="refuse", cuont=1), "did you mean `count`")  # type: ignore[call-arg]
    refused(lambda: bed.order_fault(method="GET", path="*", kind="refus"), "refuse")  # type: ignore[arg-type]


def test_servers_that_are_not_there_or_not_maas(bed: testbed.Testbed) -> None:
    def ask(url: str, key: str = bed.maas_api_key, **settings: Any) -> Callable[[], object]:
        def call() -> object:
            with maas.Client(url, key, max_attempts=1, timeout=5, connect_timeout=5, **settings) as client:
                return client.zones.list()

        return call

    refused(ask(bed.maas_url, "no:such:key1"), "UNAUTHORIZED", kind=palette_maas.UnauthorizedError)
    refused(ask("http://127.0.0.1:1/MAAS"), "cannot connect", "check the URL", kind=palette_maas.ConnectError)
    refused(ask(bed.maas_url.replace("/MAAS", "/nowhere")), "HTTP 404", "URL", kind=palette_maas.NotFoundError)
    refused(ask(bed.maas_url.replace("http:", "https:")), "TLS", kind=palette_maas.TlsError)
    refused(ask("http://no-such-host.invalid/MAAS"), "cannot connect", kind=palette_maas.ConnectError)
    bed.order_fault(method="GET", path="*/zones/", kind="status", status=302)
    refused(ask(bed.maas_url), "redirect", kind=palette_maas.RedirectedError)
    with testbed.start(tls=True) as other:
        refused(ask(other.maas_url), "CA certificate", kind=palette_maas.TlsError)
        refused(ask(other.maas_url.replace("https:", "http:")), kind=palette_maas.Error)


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with maas.Client(f"http://127.0.0.1:{port}/MAAS", "aaaa:bbbb:cccc", max_attempts=1, timeout=0.3) as client:
            refused(client.whoami, "no complete answer", "300ms", kind=palette_maas.TimeoutError)


def test_closing_while_a_call_is_under_way(bed: testbed.Testbed) -> None:
    bed.order_fault(method="GET", path="*/zones/", kind="delay", ms=500)
    client = maas.Client(bed.maas_url, bed.maas_api_key)
    logged = client.with_response_log(palette_maas.ResponseLog())
    threading.Timer(0.1, client.close).start()
    assert len(client.zones.list()) == 3, "a call that has begun is finished"
    for closed in (client, logged):
        refused(closed.zones.list, "closed", "new one")


def test_a_program_ends_although_a_call_is_under_way() -> None:
    program = """
        import asyncio
        from palette_maas import maas, testbed

        async def main() -> None:
            bed = testbed.start()
            bed.order_fault(method="GET", path="*/zones/", kind="delay", ms=60_000)
            client = maas.AsyncClient(bed.maas_url, bed.maas_api_key)
            global task
            task = asyncio.create_task(client.zones.list())
            await asyncio.sleep(0.2)

        asyncio.run(main())
        print("ended", flush=True)
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=10)
    assert (ran.returncode, ran.stdout) == (0, "ended\n"), ran.stderr
