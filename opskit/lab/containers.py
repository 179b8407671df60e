"""The containers of one lab: whose they are, how one is made, how they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from opskit.errors import Exit, OpskitError
from opskit.lab import names, overlay
from opskit.lab.folder import Folder
from opskit.lab.podman import LABEL, Podman, labels
from opskit.lab.progress import Progress
from opskit.lab.steps import Container


@dataclass(frozen=True)
class Lab:
    """What the steps of one `lab up` share. options: of `podman run`; found: containers there before, by host."""

    name: str
    folder: Folder
    podman: Podman
    image: str
    options: tuple[str, ...]
    key: str
    found: Mapping[str, Container]
    progress: Progress


def owned(found: Sequence[Container], name: str, folder: Folder) -> Sequence[Container]:
    """The containers found, unless another state folder made them: they are somebody else's lab then."""
    for one in found:
        refuse_foreign(one.folder, name, folder)
    return found


def refuse_foreign(made_from: str, name: str, folder: Folder) -> None:
    """OpskitError (exit 3) where a container or network of this name was made from another folder."""
    if made_from != str(folder.path):
        raise OpskitError(
            f"a lab named {name} exists already, made from {made_from or 'elsewhere'}",
            where="lab",
            remedy=f"Choose another --name, or take it down: OPSKIT_STATE={Path(made_from).parent.parent} "
            f"opskit lab down --name {name}.",
            code=Exit.UNJUDGED,
        )


async def create(lab: Lab, host: str, address: IPv4Address) -> None:
    """Make and start one host."""
    marks = labels(lab.name, lab.folder.path)
    marks |= {f"{LABEL}.host": host, f"{LABEL}.address": str(address), f"{LABEL}.key": lab.key}
    await lab.podman(
        "run",
        "--detach",
        *lab.options,
        *(f"--label={key}={value}" for key, value in marks.items()),
        f"--name={names.container(lab.name, host)}",
        f"--hostname={host}",
        f"--network={names.network(lab.name)}",
        f"--ip={address}",
        # its own for good: with a new one at each start, this machine's ARP cache loses the host for up to 45 s
        f"--mac-address=02:00:{address.packed.hex(':')}",
        "--no-hosts",
        f"--volume={lab.folder.etc_hosts}:/etc/hosts:ro",
        f"--volume={lab.folder.public_key}:/etc/ssh/authorized_keys.d/{overlay.USER}:ro",
        "--dns=none",
        lab.image,
        "/sbin/init",
    )


async def remove(podman: Podman, gone: Sequence[Container]) -> None:
    """Remove containers in any state, and their anonymous volumes. A paused one cannot be killed: thaw it first."""
    if paused := [one.name for one in gone if one.state == "paused"]:
        await podman("unpause", *paused)
    if gone:
        await podman("rm", "--force", "--volumes", "--time=0", *(one.name for one in gone))
