"""What calls tell `logging`, and that they tell nobody who does not listen."""

from __future__ import annotations

import asyncio
import logging
import pickle
import subprocess
import sys
import textwrap
import threading

import pytest

import palette_maas
from palette_maas import maas, testbed

SECRET = "Zq7XmarkedKsecretW9"
KEY = f"consumerMarked1:tokenMarked2:{SECRET}"


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.__dict__["operation"], record.getMessage()) for record in caplog.records]


def test_a_call_is_told_once_with_its_facts(client: maas.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "palette_maas.maas"):
        client.zones.get("zone-a")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("palette_maas.maas", logging.DEBUG)
    facts = record.__dict__
    assert (facts["operation"], facts["method"], facts["path"]) == ("zone.get", "GET", "zones/{name}/")
    assert (facts["status"], facts["attempts"]) == (200, 1) and facts["duration_ms"] >= 0
    assert record.getMessage().startswith("zone.get: call ended (attempts=1, ")
    assert record.filename == "test_logging.py", "the line that made the call is named"


def test_retries_and_failures_are_told_in_order(
    bed: testbed.Testbed, client: maas.Client, caplog: pytest.LogCaptureFixture
) -> None:
    bed.order_fault(method="GET", path="*/zones/", kind="status", status=503, retry_after=0)
    with caplog.at_level(logging.DEBUG, "palette_maas"), pytest.raises(palette_maas.UnavailableError):
        client.zones.list()
    messages = [message.split(" (")[0] for _, message in told(caplog)]
    assert messages == ["zone.list: trying again"] * 3 + ["zone.list: call failed"]
    assert caplog.records[-1].__dict__["code"] == "UNAVAILABLE" and caplog.records[-1].__dict__["attempts"] == 4


@pytest.mark.asyncio
async def test_awaited_calls_are_told_in_the_event_loop(caplog: pytest.LogCaptureFixture) -> None:
    threads: set[int] = set()

    class Threads(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            threads.add(threading.get_ident())

    handler = Threads()
    logging.getLogger("palette_maas").addHandler(handler)
    try:
        async with testbed.start() as bed, maas.AsyncClient(bed.maas_url, bed.maas_api_key) as client:
            with caplog.at_level(logging.DEBUG, "palette_maas"):
                await asyncio.gather(*(client.zones.list() for _ in range(20)), client.whoami())
    finally:
        logging.getLogger("palette_maas").removeHandler(handler)
    assert sorted(operation for operation, _ in told(caplog)) == ["user.whoami"] + ["zone.list"] * 20
    assert threads == {threading.get_ident()}


def test_who_does_not_listen_hears_nothing(client: maas.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "palette_maas"):
        client.zones.list()
    assert caplog.records == []


def test_nothing_is_printed_by_default() -> None:
    program = """
        from palette_maas import maas, testbed
        with testbed.start() as bed, maas.Client(bed.maas_url, bed.maas_api_key, max_attempts=1) as client:
            bed.order_fault(method="GET", path="*/zones/", kind="status", status=500)
            try:
                client.zones.list()
            except Exception:
                pass
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_handler_may_call_the_client_and_may_fail(
    client: maas.Client, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda broken: unraisable.append(broken.exc_value))
    names: list[str] = []

    class Curious(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logger.removeHandler(self)
            names.append(client.whoami().username)
            raise LookupError("the disk is full")

    logger = logging.getLogger("palette_maas.maas")
    before = logger.level
    request.addfinalizer(lambda: logger.setLevel(before))
    logger.setLevel(logging.DEBUG)
    logger.addHandler(Curious())
    assert len(client.zones.list()) == 3
    assert names == ["admin"] and [str(error) for error in unraisable] == ["the disk is full"]


def test_no_secret_is_told(bed: testbed.Testbed, caplog: pytest.LogCaptureFixture) -> None:
    said = f"echo {SECRET} of tokenMarked2 and consumerMarked1"
    for fault in (
        {"kind": "status", "status": 400, "body": said},
        {"kind": "status", "status": 302, "body": said},
        {"kind": "status", "status": 503, "body": said, "retry_after": 0},
        {"kind": "garbage"},
        {"kind": "cut", "bytes": 5},
        {"kind": "refuse"},
    ):
        bed.clear_faults()
        bed.order_fault(method="*", path="/MAAS/*", **fault)  # type: ignore[arg-type]
        with caplog.at_level(logging.DEBUG), maas.Client(bed.maas_url, KEY, max_attempts=2) as client:
            for call in (
                client.zones.list,
                lambda: client.machine("p77gwg").deploy(user_data=f"password: {SECRET}"),
                lambda: client.call("POST", f"files/{SECRET}/", form={"password": SECRET}),
            ):
                with pytest.raises(palette_maas.Error):
                    call()
    assert len(caplog.records) >= 18
    for record in caplog.records:
        shown = f"{record.getMessage()} {record.__dict__} {pickle.dumps(record.__dict__)!r}"
        for part in (SECRET, "tokenMarked2", "consumerMarked1"):
            assert part not in shown
