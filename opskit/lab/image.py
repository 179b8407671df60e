"""The image of a lab host: a small Debian with systemd, sshd, Python and Java, built once per recipe.

Built with mmdebstrap from this machine's own apt sources, so that no container registry is needed; or, where
LAB_BASE_IMAGE names one, with `podman build` on that Debian image.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from filelock import FileLock

from opskit import paths
from opskit.errors import Exit, OpskitError
from opskit.lab import require, runtime, sources
from opskit.lab.distribution import KNOWN, Distribution
from opskit.lab.podman import Podman
from opskit.lab.process import run
from opskit.lab.progress import Progress

RECIPE = Path(__file__).parent / "recipe"
BASE_IMAGE = "LAB_BASE_IMAGE"
REPOSITORY = "localhost/opskit-lab"
MERGED_USR = Path("/usr/share/mmdebstrap/hooks/merged-usr")
"""mmdebstrap's hook that makes a merged /usr; without it apt brings perl in for that."""
BUILD_SECONDS = 1800.0
SOURCES_REMEDY = "Check that `apt-get update` works on this machine; the whole output is in {log}."


@dataclass(frozen=True)
class Recipe:
    """All that the image's content depends on, but for the versions of its packages."""

    distribution: Distribution
    packages: tuple[str, ...]
    dpkg: str
    prepare: str
    base: str | None = None

    @property
    def tag(self) -> str:
        """Carries a hash: a changed recipe is another image, an unchanged one is found again."""
        made = (self.base,) if self.base else (self.distribution.suite, *mmdebstrap("", ""))
        parts = (*self.packages, self.dpkg, self.prepare, *made)
        return f"{REPOSITORY}:{self.distribution.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def recipe(distribution: Distribution, environment: Mapping[str, str] = os.environ) -> Recipe:
    """The recipe in force."""
    packages = ((RECIPE / "packages.txt").read_text().split(), [distribution.java])
    dpkg, prepare = ((RECIPE / name).read_text() for name in ("dpkg.cfg", "prepare.sh"))
    return Recipe(distribution, tuple(sorted(chain(*packages))), dpkg, prepare, environment.get(BASE_IMAGE) or None)


async def ensure(podman: Podman, distribution: Distribution, progress: Progress) -> str:
    """The tag of the lab image, which is built or imported first where podman has none."""
    wanted = recipe(distribution)
    if await podman.has_image(wanted.tag):
        return wanted.tag
    home = paths.cache() / "lab"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "image.lock"):
        if not await podman.has_image(wanted.tag):
            await (_build_on_base if wanted.base else _build_from_packages)(podman, wanted, home, progress)
    return wanted.tag


async def _build_from_packages(podman: Podman, wanted: Recipe, home: Path, progress: Progress) -> None:
    rootfs = home / f"rootfs-{wanted.tag.rpartition(':')[2]}.tar"
    if not rootfs.exists():
        require.check(require.BUILD_TOOLS)
        progress.note(f"building the lab image from packages of {wanted.distribution.title} (about a minute)")
        progress.busy(f"building the lab image from packages of {wanted.distribution.title}")
        await _bootstrap(wanted, rootfs)
    progress.busy("importing the lab image")
    await podman("import", "--quiet", "--change", 'CMD ["/sbin/init"]', rootfs, wanted.tag, seconds=BUILD_SECONDS)
    _drop_old(rootfs, wanted.distribution)


def _drop_old(rootfs: Path, distribution: Distribution) -> None:
    """Remove what older recipes made; what another distribution's recipe made stays."""
    others = {
        path for name in KNOWN if name != distribution.name for path in rootfs.parent.glob(f"rootfs-{name}-*.tar")
    }
    for old in set(rootfs.parent.glob("rootfs-*.tar")) - others - {rootfs}:
        old.unlink(missing_ok=True)


async def _bootstrap(wanted: Recipe, rootfs: Path) -> None:
    """Run mmdebstrap into `rootfs`, which appears only whole."""
    log, part = rootfs.with_name("build.log"), rootfs.with_suffix(f".{os.getpid()}.part.tar")
    with tempfile.TemporaryDirectory(prefix="opskit-lab-") as scratch:
        kept = Path(scratch)
        (kept / "dpkg.cfg").write_text(wanted.dpkg)
        (kept / "prepare.sh").write_text(wanted.prepare)
        stanzas = sources.debian_sources(_apt_files(), wanted.distribution)
        arguments = (
            *mmdebstrap(",".join(wanted.packages), scratch),
            *(f"--aptopt={option}" for option in await _apt_options()),
            *("" if stanzas else wanted.distribution.suite, part),
            *(("-",) if stanzas else ()),
        )
        try:
            done = await run(arguments, stdin=stanzas, seconds=BUILD_SECONDS)
            log.write_text(done.stdout + done.stderr)
            if done.code:
                raise _build_failure("mmdebstrap", done.stderr, log)
            part.rename(rootfs)
        finally:
            part.unlink(missing_ok=True)


def mmdebstrap(packages: str, scratch: str) -> tuple[str, ...]:
    """mmdebstrap's command line up to suite, target and sources. `scratch` holds dpkg.cfg and prepare.sh.

    dpkg.cfg is laid into the image only after the essential packages: given as --dpkgopt, its path-excludes make
    mmdebstrap filter each of them in Perl, which takes 23 s instead of 2.
    """
    lean = f'mkdir -p "$1/usr/share/man/man1" && cp {scratch}/dpkg.cfg "$1/etc/dpkg/dpkg.cfg.d/opskit-lab"'
    return (
        "mmdebstrap",
        "--variant=essential",
        f"--include={packages}",
        "--aptopt=Acquire::Languages none",
        "--skip=output/dev",
        *((f"--hook-dir={MERGED_USR}",) if MERGED_USR.is_dir() else ()),
        f"--essential-hook={lean}",
        f'--customize-hook=chroot "$1" /bin/sh < {scratch}/prepare.sh',
    )


async def _build_on_base(podman: Podman, wanted: Recipe, home: Path, progress: Progress) -> None:
    progress.note(f"building the lab image on {wanted.base}")
    progress.busy(f"building the lab image on {wanted.base}")
    log = home / "build.log"
    with tempfile.TemporaryDirectory(prefix="opskit-lab-") as scratch:
        for name, text in containerfile(wanted).items():
            (Path(scratch) / name).write_text(text)
        limits = runtime.limits(runtime.detect())
        done = await podman.ask("build", *limits, "--tag", wanted.tag, scratch, seconds=BUILD_SECONDS)
    log.write_text(done.stdout + done.stderr)
    if done.code:
        raise _build_failure("podman build", done.stderr, log)


def containerfile(wanted: Recipe) -> dict[str, str]:
    """The build context of `podman build`: name → text."""
    packages = " ".join(wanted.packages)
    install = f"apt-get update && apt-get install -y --no-install-recommends {packages}"
    lines = (
        f"FROM {wanted.base}",
        "ENV DEBIAN_FRONTEND=noninteractive",
        "COPY dpkg.cfg /etc/dpkg/dpkg.cfg.d/opskit-lab",
        "COPY prepare.sh /run/prepare.sh",
        f"RUN mkdir -p /usr/share/man/man1 && {install} && sh /run/prepare.sh",
        'CMD ["/sbin/init"]',
    )
    return {"Containerfile": "\n".join(lines) + "\n", "dpkg.cfg": wanted.dpkg, "prepare.sh": wanted.prepare}


def _apt_files() -> dict[str, str]:
    home = Path("/etc/apt")
    found: Sequence[Path] = [home / "sources.list", *sorted((home / "sources.list.d").glob("*"))]
    return {path.name: path.read_text() for path in found if path.is_file()}


async def _apt_options() -> tuple[str, ...]:
    return sources.apt_options((await run(("apt-config", "dump"))).stdout)


def _build_failure(tool: str, stderr: str, log: Path) -> OpskitError:
    return OpskitError(
        f"{tool} failed: {complaint(stderr)}",
        where="lab image",
        remedy=SOURCES_REMEDY.format(log=log),
        code=Exit.UNJUDGED,
    )


def complaint(stderr: str) -> str:
    """The first complaint in a build's output: later ones only say that an earlier step failed.

    apt prints why a download failed as W: or E: lines; its Err: lines name only the address.
    """
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    for marks in (("E: Failed to fetch", "W: Failed to fetch"), ("E: ",), ("Error:", "error:", "Err:")):
        for line in lines:
            if line.startswith(marks):
                return line.removeprefix("E: ").removeprefix("W: ").removeprefix("Error: ")
    return lines[-1] if lines else "it gave no reason"
