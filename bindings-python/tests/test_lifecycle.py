"""The engine with Python's own values; what it says is compared by the shared cases."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import palette_maas
from palette_maas import lifecycle
from palette_maas.lifecycle_types import World

NOW = 1_770_000_000_000


def world(machines: int = 6) -> World:
    return {
        "now_ms": NOW,
        "desired": {
            "clusters": [
                {
                    "id": "c1",
                    "requested_ms": NOW,
                    "control_plane": {
                        "id": "cp", "role": "control_plane", "size": 3, "revision": "r1", "resource_pool": "default",
                    },
                }
            ]
        },
        "observed": {
            "as_of_ms": NOW,
            "machines": [
                {"system_id": f"m{k}", "status": "ready", "zone": "z1", "resource_pool": "default", "cpu": 8,
                 "mem_mib": 32768, "disk_gb": [500]}
                for k in range(machines)
            ],
        },
    }


def test_values_and_json_say_the_same() -> None:
    text = json.dumps(world())
    for values, as_json in (
        (lifecycle.decide(world()), lifecycle.decide_json(text)),
        (lifecycle.preview(world()), lifecycle.preview_json(text)),
        (lifecycle.validate(world()["desired"]), lifecycle.validate_json(json.dumps(world()["desired"]))),
    ):
        assert values == json.loads(as_json)
        assert as_json == json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_the_same_world_gives_the_same_bytes_and_is_not_touched() -> None:
    first = world()
    before = copy.deepcopy(first)
    assert lifecycle.decide(first) == lifecycle.decide(first) and first == before
    assert len({lifecycle.decide_json(json.dumps(world())) for _ in range(5)}) == 1


def test_a_decision_goes_back_in_as_memory() -> None:
    seen = world()
    decision = lifecycle.decide(seen)
    seen["memory"] = decision.get("memory", {})
    seen["now_ms"] += 1000
    assert lifecycle.decide(seen)["status"]["clusters"]["c1"]["state"] == "provisioning" or decision["actions"]


def test_a_refusal_is_an_error_with_its_own_code() -> None:
    with pytest.raises(palette_maas.RefusedError) as caught:
        lifecycle.admit({"kind": "delete", "id": "c1", "actor_role": "project_admin"}, world())
    error = caught.value
    assert error.code == "E_DELETE_NOT_PROVISIONED" and isinstance(error.details, dict) and "Abort" in str(error)
    with pytest.raises(palette_maas.RefusedError) as caught:
        lifecycle.admit({"kind": "create", "cluster": world()["desired"]["clusters"][0]}, world())
    assert caught.value.code == "E_NAME_TAKEN"


BAD: list[tuple[Any, str]] = [
    (3, "world"),
    ({"now_ms": "late"}, "world.now_ms"),
    ({"now_ms": 1.5}, "world.now_ms"),
    ({"now_ms": 0, "desired": {"clusterz": []}}, "did you mean `clusters`"),
    ({"now_ms": 0, "desired": {"clusters": [{"id": "c", "requested_ms": 1, "control_plan": {}}]}}, r"clusters\[0\].*control_plane"),
]


@pytest.mark.parametrize(("value", "named"), BAD)
def test_what_does_not_fit_is_named_by_its_place(value: Any, named: str) -> None:
    for call in (lambda: lifecycle.decide(value), lambda: lifecycle.decide_json(json.dumps(value))):
        with pytest.raises(palette_maas.InvalidInputError, match=named):
            call()


def test_text_that_is_no_json() -> None:
    for text in ("", "{", '{"now_ms": 0} {}'):
        with pytest.raises(palette_maas.InvalidInputError):
            lifecycle.decide_json(text)
