"""`opskit lab up`: whatever is missing is made, nothing else is touched."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network

from opskit.errors import Exit, OpskitError
from opskit.inventory.declaration import Declaration
from opskit.lab import containers, hosts, image, names, overlay, require, runtime
from opskit.lab import folder as folders
from opskit.lab.containers import Lab
from opskit.lab.distribution import Distribution
from opskit.lab.folder import Folder
from opskit.lab.podman import LABEL, Podman, labels
from opskit.lab.process import together
from opskit.lab.progress import Progress
from opskit.lab.result import Change, LabHost, LabReport
from opskit.lab.steps import Container, Deed, Step, steps

AT_ONCE = 4
"""Containers started or looked at together: on two cores more only take turns."""
CHANGES: Mapping[Deed, Change] = {
    "create": "created",
    "replace": "replaced",
    "start": "started",
    "unpause": "unpaused",
    "keep": "kept",
}


async def up(declaration: Declaration, name: str, distribution: Distribution, progress: Progress) -> LabReport:
    """Bring the lab to what the inventory says, and wait until every host answers by SSH with its pinned key.

    distribution: of the hosts that have to be made; what is there stays as it is.

    Raises OpskitError: exit 2 for an inventory or a name that cannot be, exit 3 where this machine cannot hold the lab
    or a host does not come up. What was made by then stays for the next `up` or for `down`.
    """
    begun = time.monotonic()
    wanted = names.hosts(declaration)
    require.check()
    machine = runtime.detect()
    podman = Podman(runtime.global_options(machine))
    with folders.locked(name, progress) as folder:
        overlay.ssh_options(folder.known_hosts)
        found = containers.owned(await podman.containers(name), name, folder)
        tag = await image.ensure(podman, distribution, progress)
        subnet = await _network(podman, name, folder, progress)
        key = await folders.ensure_key(folder)
        known = {one.host: one for one in found}
        lab = Lab(name, folder, podman, tag, runtime.run_options(machine), key, known, progress)
        todo = steps(wanted, found, subnet, key)
        folder.etc_hosts.write_text(overlay.etc_hosts(_addresses(todo)))
        await _carry_out(lab, todo)
        made = await _settle(lab, todo)
    _note_other_images(found, todo, tag, progress)
    return LabReport(
        name=name,
        overlay=str(folder.overlay),
        subnet=str(subnet),
        image=tag,
        hosts=made,
        removed=tuple(step.host for step in todo if step.deed == "remove"),
        seconds=round(time.monotonic() - begun, 1),
    )


async def _network(podman: Podman, name: str, folder: Folder, progress: Progress) -> IPv4Network:
    """The lab's own bridge. podman picks a free subnet; its DNS stays off, it would want port 53 of this machine."""
    network = names.network(name)
    found = await podman.network(network)
    if found is None:
        marks = [f"--label={key}={value}" for key, value in labels(name, folder.path).items()]
        await podman("network", "create", "--disable-dns", *marks, network)
        found = await podman.network(network)
        if found is None:
            raise OpskitError(f"the network {network} is gone again", where="podman", code=Exit.UNJUDGED)
        progress.note(f"network {network}: created, {found[0]}")
    subnet, marks_found = found
    containers.refuse_foreign(marks_found.get(f"{LABEL}.folder", "elsewhere"), name, folder)
    return subnet


async def _carry_out(lab: Lab, todo: Sequence[Step]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(step: Step) -> None:
        async with gate:
            await _deed(lab, step)
        if step.deed != "keep":
            lab.progress.note(f"{step.host}: {CHANGES.get(step.deed, 'removed')}, {step.address}")

    lab.progress.busy("starting hosts")
    await together(one(step) for step in todo if step.deed == "remove")
    await together(one(step) for step in todo if step.deed != "remove")


async def _deed(lab: Lab, step: Step) -> None:
    container = names.container(lab.name, step.host)
    match step.deed:
        case "remove":
            await containers.remove(lab.podman, [lab.found[step.host]])
        case "replace":
            await containers.remove(lab.podman, [lab.found[step.host]])
            await containers.create(lab, step.host, step.address)
        case "create":
            await containers.create(lab, step.host, step.address)
        case "start":
            await lab.podman("start", container)
        case "unpause":
            await lab.podman("unpause", container)


async def _settle(lab: Lab, todo: Sequence[Step]) -> tuple[LabHost, ...]:
    """Wait for every host, pin its key, prove SSH; then write the overlay, whose presence means that all is well."""
    gate = asyncio.Semaphore(AT_ONCE)
    addresses = _addresses(todo)
    waiting = set(addresses)

    async def boot(step: Step) -> tuple[str, hosts.Systemd]:
        container = names.container(lab.name, step.host)
        await hosts.wait_for_sshd(lab.podman, container, step.address)
        async with gate:
            key = await hosts.host_key(lab.podman, container)
            state = await hosts.systemd(lab.podman, container, wait=True)
        waiting.discard(step.host)
        lab.progress.busy(f"waiting for {', '.join(sorted(waiting)) or 'SSH'}")
        return key, state

    async def prove(host: str, address: IPv4Address) -> None:
        async with gate:
            await hosts.prove_ssh(lab.folder, host, address)

    lab.progress.busy(f"waiting for {', '.join(sorted(waiting))}")
    stays = [step for step in todo if step.deed != "remove"]
    booted = dict(zip(addresses, await together(boot(step) for step in stays), strict=True))
    keys = {host: key for host, (key, _) in booted.items()}
    lab.folder.known_hosts.write_text(overlay.known_hosts(keys, addresses))
    await together(prove(host, address) for host, address in addresses.items())
    lab.folder.write_overlay(addresses)
    started = {one.host: one.started for one in await lab.podman.containers(lab.name)}
    return tuple(
        LabHost(
            name=step.host,
            container=names.container(lab.name, step.host),
            address=str(step.address),
            state="running",
            systemd=booted[step.host][1].state,
            failed_units=booted[step.host][1].failed,
            uptime_seconds=round(time.time() - started[step.host], 1),
            change=CHANGES[step.deed],
        )
        for step in stays
    )


def _addresses(todo: Sequence[Step]) -> dict[str, IPv4Address]:
    """The hosts that stay, and where they are."""
    return {step.host: step.address for step in todo if step.deed != "remove"}


def _note_other_images(found: Sequence[Container], todo: Sequence[Step], tag: str, progress: Progress) -> None:
    kept = {step.host for step in todo if step.deed in ("keep", "start", "unpause")}
    if old := [one.host for one in found if one.host in kept and one.image != tag]:
        progress.note(f"of another image, and left as they are: {', '.join(old)}; `lab down` and `lab up` renew them")
