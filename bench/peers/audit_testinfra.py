"""The benchmark's assertions in pytest-testinfra."""

# ruff: noqa: S101
import hashlib
from pathlib import Path
from typing import Any


def test_a_client_gives_up_a_dead_peer(host: Any) -> None:
    assert host.sysctl("net.ipv4.tcp_retries2") > 0


def test_users_are_as_here(host: Any) -> None:
    file, here = host.file("/etc/passwd"), Path("/etc/passwd").read_bytes()
    assert (file.user, file.mode, file.sha256sum) == ("root", 0o644, hashlib.sha256(here).hexdigest())


def test_no_server_of_rocketmq_runs(host: Any) -> None:
    assert not [one for one in host.process.filter(comm="java") if "org.apache.rocketmq" in one.args]


def test_swap_is_told(host: Any) -> None:
    assert host.file("/proc/swaps").content_string.startswith("Filename")
