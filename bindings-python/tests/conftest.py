"""What the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from palette_maas import maas, testbed


@pytest.fixture
def bed() -> Iterator[testbed.Testbed]:
    """Simulated servers on which an hour takes a second or two."""
    with testbed.start(speed=2000, healthy=True) as bed:
        yield bed


@pytest.fixture
def client(bed: testbed.Testbed) -> Iterator[maas.Client]:
    """An administrator's client that waits in simulated time."""
    with maas.Client(bed.maas_url, bed.maas_api_key, clock=bed.clock) as client:
        yield client
