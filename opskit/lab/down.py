"""`opskit lab down`: containers, network, key and folder go; a lab that is not there is fine."""

from collections.abc import Sequence

from opskit.lab import containers, folder, image, names, require, runtime
from opskit.lab.distribution import KNOWN
from opskit.lab.podman import LABEL, Podman
from opskit.lab.progress import Progress
from opskit.lab.steps import Container


async def down(name: str, progress: Progress, *, with_image: bool = False) -> bool:
    """Remove the lab, also what an interrupted `up` left; whether anything was there.

    Raises OpskitError (exit 3) where the lab of that name was made from another state folder, or podman fails.
    """
    with folder.locked(name, progress) as lab:
        was_there = lab.path.exists()
        if require.find("podman"):
            require.check()
            podman = Podman(runtime.global_options(runtime.detect()))
            found = containers.owned(await podman.containers(name), name, lab)
            was_there |= await _remove_from_podman(podman, name, lab, found, progress)
            if with_image:
                await _remove_images(podman, found, progress)
        lab.remove()
    return was_there


async def _remove_from_podman(
    podman: Podman, name: str, lab: folder.Folder, found: Sequence[Container], progress: Progress
) -> bool:
    progress.busy(f"removing {len(found)} hosts")
    await containers.remove(podman, found)
    for one in found:
        progress.note(f"{one.host}: removed")
    network = await podman.network(names.network(name))
    if network is not None:
        containers.refuse_foreign(network[1].get(f"{LABEL}.folder", ""), name, lab)
        await podman("network", "rm", names.network(name))
        progress.note(f"network {names.network(name)}: removed")
    return bool(found) or network is not None


async def _remove_images(podman: Podman, found: Sequence[Container], progress: Progress) -> None:
    """Remove the images these hosts were made from; of a lab without hosts, every image that the lab would make."""
    tags = {one.image for one in found} or {image.recipe(one).tag for one in KNOWN.values()}
    for tag in sorted(tags):
        if await podman.has_image(tag):
            await podman("image", "rm", tag)
            progress.note(f"image {tag}: removed")
