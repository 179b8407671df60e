"""`opskit lab status` and the way into a host: what is there, asked of podman and of each host's systemd."""

import time
from ipaddress import IPv4Address

import yaml

from opskit.errors import Exit, OpskitError
from opskit.lab import containers, folder, hosts, names, require, runtime
from opskit.lab.folder import Folder
from opskit.lab.podman import Podman
from opskit.lab.process import together
from opskit.lab.result import ContainerState, LabHost, LabReport
from opskit.lab.steps import Container


async def status(name: str) -> LabReport:
    """The lab as it is now. A host that `up` made and that has no container any more is absent."""
    require.check()
    podman = Podman(runtime.global_options(runtime.detect()))
    lab = folder.folder(name)
    found = containers.owned(await podman.containers(name), name, lab)
    network = await podman.network(names.network(name))
    made = _overlay_addresses(lab)
    seen = {one.host for one in found}
    absent = [
        LabHost(name=host, container=names.container(name, host), address=address, state="absent")
        for host, address in made.items()
        if host not in seen
    ]
    present = await together(_look(podman, one) for one in found)
    return LabReport(
        name=name,
        overlay=str(lab.overlay) if made else None,
        subnet=str(network[0]) if network else None,
        hosts=tuple(sorted((*present, *absent), key=lambda host: host.name)),
    )


def shell_command(name: str, host: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """The ssh client's command line into a host of the lab; a shell where no command is given."""
    lab = folder.folder(name)
    addresses = _overlay_addresses(lab)
    if host not in addresses:
        known = ", ".join(addresses) or "none: run `opskit -i INVENTORY lab up`"
        raise OpskitError(f"the lab has no host {host!r}", where=name, remedy=f"Hosts of this lab: {known}.")
    if require.find("ssh") is None:
        raise OpskitError(
            "this machine lacks ssh",
            where="lab",
            remedy="apt-get install -y --no-install-recommends openssh-client",
            code=Exit.UNJUDGED,
        )
    return (*hosts.ssh_command(lab, IPv4Address(addresses[host])), *command)


async def _look(podman: Podman, one: Container) -> LabHost:
    state: ContainerState = one.state if one.state in ("running", "paused") else "stopped"  # type: ignore[assignment]
    systemd = await hosts.systemd(podman, one.name, wait=False) if state == "running" else None
    return LabHost(
        name=one.host,
        container=one.name,
        address=str(one.address),
        state=state,
        systemd=systemd.state if systemd else None,
        failed_units=systemd.failed if systemd else (),
        uptime_seconds=None if state == "stopped" else round(time.time() - one.started, 1),
    )


def _overlay_addresses(lab: Folder) -> dict[str, str]:
    """Host → address as the last whole `up` wrote them; empty where there was none."""
    if not lab.overlay.exists():
        return {}
    overlay = yaml.safe_load(lab.overlay.read_text())
    return {
        host: yaml.safe_load((lab.path / "host_vars" / f"{host}.yml").read_text())["ansible_host"]
        for host in overlay["all"]["hosts"]
    }
