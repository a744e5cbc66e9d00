"""The committed type stubs are those that the Rust definitions make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from palette_maas import _native

SOURCE = Path(__file__).parents[1] / "python/palette_maas"


@pytest.mark.parametrize("name", ["_native.pyi", "maas.pyi"])
def test_the_committed_stubs_are_current(name: str) -> None:
    made = dict(_native._stubs())[name]
    if os.environ.get("UPDATE_STUBS"):
        (SOURCE / name).write_text(made)
    assert (SOURCE / name).read_text() == made, "run UPDATE_STUBS=1 bash bindings-python/test.sh"
