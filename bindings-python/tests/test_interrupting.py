"""Ending what takes long: Ctrl-C, cancelling, closing, forks, threads."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import pytest

import palette_maas
from palette_maas import maas, testbed


def slow(bed: testbed.Testbed) -> None:
    bed.order_fault(method="GET", path="*/zones/", kind="delay", ms=60_000)


def test_ctrl_c_ends_a_blocking_call_within_a_second(
    bed: testbed.Testbed, client: maas.Client, request: pytest.FixtureRequest
) -> None:
    # A shell starts what runs in the background with SIGINT ignored, and Python leaves it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    slow(bed)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        client.zones.list()
    assert 0.2 < time.monotonic() - began < 2.0
    bed.clear_faults()
    assert len(client.zones.list()) == 3


def test_ctrl_c_ends_a_wait_of_a_program() -> None:
    program = """
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from palette_maas import maas, testbed
        with testbed.start() as bed, maas.Client(bed.maas_url, bed.maas_api_key) as client:
            machine = client.machines.allocate()
            print("waiting", flush=True)
            try:
                client.machine(machine.system_id).wait_deployed()
            except KeyboardInterrupt:
                sys.exit(130)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdout.readline() == "waiting\n"
    time.sleep(0.2)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=10) == 130
    assert time.monotonic() - began < 2
    child.stdout.close()


def test_other_threads_run_on_during_a_blocking_call(bed: testbed.Testbed, client: maas.Client) -> None:
    bed.order_fault(method="GET", path="*/zones/", kind="delay", ms=500)
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.01)

    thread = threading.Thread(target=tick)
    thread.start()
    client.zones.list()
    done.set()
    thread.join()
    assert len(ticks) > 20


def test_one_client_serves_many_threads(client: maas.Client) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(client.zones.list()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3] * 16


@pytest.mark.asyncio
async def test_cancelling_a_task_ends_the_call() -> None:
    async with testbed.start() as bed:
        async with maas.AsyncClient(bed.maas_url, bed.maas_api_key, max_in_flight=1) as client:
            slow(bed)
            task = asyncio.create_task(client.zones.list())
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The only place in flight is free again, so the call in Rust is really gone.
            bed.clear_faults()
            assert len(await asyncio.wait_for(client.zones.list(), 5)) == 3


@pytest.mark.asyncio
async def test_wait_for_ends_the_call_and_the_loop_runs_on_meanwhile() -> None:
    async with testbed.start() as bed:
        async with maas.AsyncClient(bed.maas_url, bed.maas_api_key) as client:
            slow(bed)
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    ticks += 1
                    await asyncio.sleep(0.01)

            ticking = asyncio.create_task(tick())
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.zones.list(), 0.3)
            ticking.cancel()
            assert ticks > 10


@pytest.mark.asyncio
async def test_a_callback_runs_in_the_event_loop() -> None:
    async with testbed.start() as bed:
        async with maas.AsyncClient(bed.maas_url, bed.maas_api_key) as client:
            machine = await client.machines.allocate()
            threads: list[int] = []

            def look(_: palette_maas.WaitProgress) -> None:
                threads.append(threading.get_ident())
                raise LookupError

            with pytest.raises(LookupError):
                await client.machine(machine.system_id).wait_deployed(on_progress=look)
            assert threads == [threading.get_ident()]


def test_a_coroutine_that_nobody_awaits_does_nothing(bed: testbed.Testbed) -> None:
    client = maas.AsyncClient(bed.maas_url, bed.maas_api_key)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.zones.create("never")
        gc.collect()
    assert any("never awaited" in str(one.message) for one in caught)
    with maas.Client(bed.maas_url, bed.maas_api_key) as blocking:
        assert "never" not in [zone.name for zone in blocking.zones.list()]


def test_a_closed_client_refuses(bed: testbed.Testbed) -> None:
    client = maas.Client(bed.maas_url, bed.maas_api_key)
    zones = client.zones
    client.close()
    client.close()
    with pytest.raises(palette_maas.InvalidInputError, match="closed"):
        zones.list()
    assert repr(client) == "Client(closed)"


def in_child(bed: testbed.Testbed, client: maas.Client, url: str, key: str, answers: "multiprocessing.SimpleQueue[str]") -> None:
    try:
        client.zones.list()
        answers.put("no error")
    except palette_maas.Error as error:
        answers.put(str(error))
    with maas.Client(url, key) as own:
        answers.put(f"{len(own.zones.list())} zones")
    client.close()
    bed.stop()


def test_a_fork_is_noticed_and_a_new_client_works_in_the_child(bed: testbed.Testbed, client: maas.Client) -> None:
    fork = multiprocessing.get_context("fork")
    for _ in range(5):
        assert len(client.zones.list()) == 3
        answers = fork.SimpleQueue()
        child = fork.Process(target=in_child, args=(bed, client, bed.maas_url, bed.maas_api_key, answers))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
        child.join(timeout=20)
        assert child.exitcode == 0
        refusal = answers.get()
        assert "INVALID_INPUT" in refusal and "fork" in refusal and "new one" in refusal
        assert answers.get() == "3 zones"
    assert len(client.zones.list()) == 3
