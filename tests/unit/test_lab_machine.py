"""Which options podman gets on which machine, and what is said where the lab cannot be: tables of facts."""

import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from opskit.cli import main
from opskit.errors import Exit, OpskitError
from opskit.lab import require
from opskit.lab.distribution import DEFAULT, KNOWN
from opskit.lab.hosts import wait_for_sshd
from opskit.lab.image import Recipe, complaint, containerfile, recipe
from opskit.lab.podman import Podman, reason
from opskit.lab.process import Done
from opskit.lab.runtime import Machine, global_options, run_options

BOTH = frozenset({"crun", "runc"})
COMMON = ("--systemd=always", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE", "--pids-limit", "4096")


@pytest.mark.parametrize(
    ("machine", "options", "limits"),
    [
        pytest.param(Machine("v2", True, 1_048_576, 96_365, BOTH), (), (), id="plain cgroup v2: podman's defaults"),
        pytest.param(Machine("v2", True, None, None, frozenset({"crun"})), (), (), id="v2 without runc is fine"),
        pytest.param(
            Machine("v2", False, 20_000, 96_365, BOTH),
            (),
            ("nofile=1024:20000", "nproc=16384:16384"),
            id="v2 without CAP_SYS_RESOURCE: limits within the hard ones",
        ),
        pytest.param(
            Machine("v1", False, 20_000, 96_365, BOTH),
            ("--runtime", "runc"),
            ("nofile=1024:20000", "nproc=16384:16384"),
            id="hybrid without CAP_SYS_RESOURCE, as measured",
        ),
        pytest.param(Machine("v1", True, 1024, 100, BOTH), ("--runtime", "runc"), (), id="hybrid with it"),
        pytest.param(
            Machine("v1", False, 512, 1000, BOTH),
            ("--runtime", "runc"),
            ("nofile=512:512", "nproc=1000:1000"),
            id="hard limits below the soft wish",
        ),
        pytest.param(
            Machine("v1", False, None, None, BOTH),
            ("--runtime", "runc"),
            ("nofile=1024:1048576", "nproc=16384:16384"),
            id="no hard limits",
        ),
    ],
)
def test_podman_options(machine: Machine, options: tuple[str, ...], limits: tuple[str, ...]) -> None:
    assert global_options(machine) == options
    assert run_options(machine) == (*COMMON, *(word for limit in limits for word in ("--ulimit", limit)))


def test_hybrid_cgroups_without_runc_name_the_package() -> None:
    with pytest.raises(OpskitError, match="runc only") as error:
        global_options(Machine("v1", False, 20_000, 96_365, frozenset({"crun"})))
    assert error.value.code is Exit.UNJUDGED
    assert error.value.remedy == "apt-get install -y --no-install-recommends runc"


@pytest.mark.parametrize(
    ("absent", "root", "what", "remedy"),
    [
        ((), True, None, None),
        (("podman",), True, "lacks podman", "apt-get install -y --no-install-recommends podman"),
        (("iptables",), False, "lacks iptables", "sudo apt-get install -y --no-install-recommends iptables"),
        (("ssh", "ssh-keygen"), True, "lacks ssh, ssh-keygen", "install -y --no-install-recommends openssh-client"),
        (tuple(require.TOOLS), True, "podman, iptables, netavark", "podman iptables netavark openssh-client"),
        ((), False, "needs root", "sudo --preserve-env=OPSKIT_STATE"),
    ],
)
def test_what_is_missing(absent: tuple[str, ...], root: bool, what: str | None, remedy: str | None) -> None:
    error = require.judge(set(require.TOOLS) - set(absent), root)
    if what is None or remedy is None:
        assert error is None
        return
    assert error is not None
    assert what in error.what
    assert remedy in error.remedy
    assert error.code is Exit.UNJUDGED


@pytest.mark.parametrize("command", [("-i", "{inventory}", "lab", "up"), ("lab", "status", "--name", "x")])
def test_without_podman_every_command_says_so_and_ends_with_3(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {children: {nameservers: {hosts: {ns1: }}}}\n")
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(require, "find", lambda tool: None)
    monkeypatch.setattr(sys, "argv", ["opskit", *(word.format(inventory=inventory) for word in command)])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == Exit.UNJUDGED
    said = capsys.readouterr().err
    assert "lab: this machine lacks podman" in said
    assert "apt-get install" in said


@pytest.mark.parametrize(
    ("stderr", "why"),
    [
        (
            'time="2026-11-22T12:32:23Z" level=warning msg="Error validating CNI"\nError: no such network\n',
            "no such network",
        ),
        ("Error: netavark: No such file or directory (os error 2)", "netavark: No such file or directory (os error 2)"),
        ("\n\nsomething odd.\n", "something odd"),
        ('time="x" level=error msg="boom"\n', 'time="x" level=error msg="boom"'),
        ("", "it gave no reason"),
    ],
)
def test_podmans_reason(stderr: str, why: str) -> None:
    assert reason(stderr) == why


def test_a_changed_recipe_is_another_image() -> None:
    recipe = Recipe(DEFAULT, ("systemd",), "force-unsafe-io", "set -eu")
    others = (
        Recipe(DEFAULT, ("systemd", "tar"), "force-unsafe-io", "set -eu"),
        Recipe(DEFAULT, ("systemd",), "", "set -eu"),
        Recipe(DEFAULT, ("systemd",), "force-unsafe-io", "set -e"),
        Recipe(DEFAULT, ("systemd",), "force-unsafe-io", "set -eu", base="debian:12"),
        Recipe(replace(DEFAULT, suite="sid"), ("systemd",), "force-unsafe-io", "set -eu"),
    )
    assert recipe.tag == Recipe(DEFAULT, ("systemd",), "force-unsafe-io", "set -eu").tag
    assert len({recipe.tag, *(other.tag for other in others)}) == 6


def test_an_image_names_its_distribution_and_brings_the_java_of_it() -> None:
    made = {name: recipe(one, {}) for name, one in KNOWN.items()}
    assert all(made[name].tag.startswith(f"localhost/opskit-lab:{name}-") for name in KNOWN)
    javas = {name: [package for package in made[name].packages if "jre" in package] for name in KNOWN}
    assert javas == {"debian12": ["openjdk-17-jre-headless"], "debian13": ["openjdk-21-jre-headless"]}


def test_a_base_image_takes_the_same_packages_and_the_same_script() -> None:
    files = containerfile(Recipe(DEFAULT, ("systemd", "tar"), "lean", "set -eu", base="debian:12"))
    assert files["Containerfile"].startswith("FROM debian:12\n")
    assert "--no-install-recommends systemd tar" in files["Containerfile"]
    assert files["prepare.sh"] == "set -eu"


@pytest.mark.parametrize(
    ("stderr", "why"),
    [
        (
            "Err:1 http://mirror.example bookworm InRelease\n  Unable to connect\n"
            "E: Failed to fetch http://mirror.example/InRelease  Connection refused\nE: mmdebstrap failed to run\n",
            "Failed to fetch http://mirror.example/InRelease  Connection refused",
        ),
        ("E: Unable to locate package tarr\nE: mmdebstrap failed to run\n", "Unable to locate package tarr"),
        ("STEP 1/6\nError: creating build container: short-name\n", "creating build container: short-name"),
        ("only words\n", "only words"),
        ("", "it gave no reason"),
    ],
)
def test_the_first_complaint_of_a_build(stderr: str, why: str) -> None:
    assert complaint(stderr) == why


class Ended(Podman):
    """podman, of a host whose systemd gave up."""

    async def ask(self, *arguments: str | Path, seconds: float = 0) -> Done:
        said = {"container": Done(0, "exited\n", ""), "logs": Done(0, "", "Failed to mount cgroup\nExiting PID 1...\n")}
        return said[str(arguments[0])]


async def test_a_host_that_cannot_boot_is_not_waited_for_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opskit.lab.hosts.LOOK_SECONDS", 0.0)
    began = time.monotonic()
    with pytest.raises(
        OpskitError, match=r"it has ended, and its last words were: Failed to mount cgroup Exiting PID 1\.\.\."
    ) as refused:
        await wait_for_sshd(Ended(), "opskit-x-ns1", IPv4Address("127.0.0.2"))
    assert refused.value.code == Exit.UNJUDGED
    assert time.monotonic() - began < 20
