"""Says what rolling a pool will do before it is done, and what is wrong with a bad specification."""

from __future__ import annotations

import palette_maas
from palette_maas import lifecycle
from palette_maas.lifecycle_types import World

HOUR = 3_600_000
NOW = 1_770_000_000_000


def world() -> World:
    """Eight free machines, and one cluster of three nodes and two workers that shall be created."""
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
                    "workers": [
                        {"id": "w", "role": "worker", "size": 2, "revision": "r1", "resource_pool": "default"},
                    ],
                }
            ]
        },
        "observed": {
            "as_of_ms": NOW,
            "machines": [
                {
                    "system_id": f"m{number}", "status": "ready", "power": "off", "zone": "az1",
                    "resource_pool": "default", "cpu": 8, "mem_mib": 32768, "disk_gb": [500],
                }
                for number in range(8)
            ],
        },
    }


def main() -> None:
    """One decision, one preview, one refusal."""
    decision = lifecycle.decide(world())
    print(f"now: {', '.join(action['id'] for action in decision.get('actions', []))}")

    plan = lifecycle.preview(world())
    minutes = plan["duration_p50_s"] // 60
    print(f"{'feasible' if plan['feasible'] else 'NOT feasible'} in {len(plan.get('steps', []))} steps and {minutes} min")
    print(f"most machines at once: {plan.get('peak_machines')}")

    for finding in lifecycle.validate(
        {"clusters": [{"id": "c1", "requested_ms": NOW, "control_plane": {
            "id": "cp", "role": "control_plane", "size": 2, "revision": "r1", "resource_pool": "default"}}]}
    ):
        print(f"{finding['code']} at {finding.get('path', '')}: {finding['message']}")

    try:
        lifecycle.decide_json('{"now_ms": 0, "desired": {"clusterz": []}}')
    except palette_maas.InvalidInputError as error:
        print(error)


if __name__ == "__main__":
    main()
