"""Deploys a machine and gives it back: `python deploy_machine.py`.

With MAAS_URL and MAAS_API_KEY set it talks to that MAAS, otherwise to a simulated one that it starts itself.
"""

from __future__ import annotations

import os
import sys

import palette_maas
from palette_maas import maas, testbed


def deploy(client: maas.Client) -> None:
    """The whole life of one deployment."""
    print(f"MAAS {client.version().version}, logged in as {client.whoami().username}")
    free = client.machines.list(status="ready", min_cpu=4)
    print(f"{len(free)} machines are free and have 4 cores or more")

    machine = client.machines.allocate(min_cpu=4, min_memory_mib=8192)
    handle = client.machine(machine.system_id)
    zone = machine.zone.name if machine.zone else "-"
    print(f"allocated {machine.hostname} in {zone}: {machine.cpu_count} cores, {machine.memory} MiB")
    try:
        handle.deploy(distro_series="jammy", user_data="#cloud-config\npackages: [htop]\n")
        node = handle.wait_deployed(timeout=2400, on_progress=show)
        print(f"{node.fqdn} runs {node.osystem}/{node.distro_series} at {', '.join(node.ip_addresses)}")
    finally:
        handle.release()
        handle.wait_released(timeout=2400)
        print(f"{machine.hostname} is free again")


def show(look: palette_maas.WaitProgress) -> None:
    """Tells what changed while waiting."""
    if look.changed:
        print(f"  {look.elapsed:5.0f} s  {look.state}")


def main() -> int:
    """Chooses the server; says what went wrong and what to do."""
    try:
        if "MAAS_URL" in os.environ or "MAAS_API_KEY" in os.environ:
            with maas.Client.from_env() as client:
                deploy(client)
        else:
            print("MAAS_URL and MAAS_API_KEY are not set: using a simulated MAAS")
            with testbed.start(speed=500, healthy=True) as bed:
                with maas.Client(bed.maas_url, bed.maas_api_key, clock=bed.clock) as client:
                    deploy(client)
                if left := bed.leftovers():
                    print(f"left over: {left}", file=sys.stderr)
                    return 1
    except palette_maas.Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
