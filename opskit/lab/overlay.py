"""The texts of a lab's folder: the overlay inventory, known_hosts, hosts. Pure."""

import re
import shlex
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from opskit.errors import OpskitError

USER = "ops"
HEADER = "# Written by `opskit lab up`. Give it after the inventory: opskit -i INVENTORY -i {overlay} deploy\n---\n"
UNSAFE = re.compile(r"[\s\"'%\\$]")
"""Characters in a path that ssh would split at or expand inside an option's value."""

Addresses = Mapping[str, IPv4Address]


def known_hosts(keys: Mapping[str, str], addresses: Addresses) -> str:
    """One line a host: its name and address, and the public key read out of its container."""
    return "".join(f"{host},{addresses[host]} {' '.join(key.split()[:2])}\n" for host, key in sorted(keys.items()))


def etc_hosts(addresses: Addresses) -> str:
    """/etc/hosts of every host: they know each other by their inventory names."""
    lines = (f"{address} {host}" for host, address in sorted(addresses.items()))
    return "\n".join(("127.0.0.1 localhost", "::1 localhost ip6-localhost", *lines)) + "\n"


def ssh_options(known: Path) -> tuple[str, ...]:
    """Options for ssh that pin the lab's host keys. No other file of keys and no other identity has a say."""
    return (
        "-o",
        f"UserKnownHostsFile={_literal(known)}",
        "-o",
        "GlobalKnownHostsFile=/dev/null",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "IdentitiesOnly=yes",
    )


def host_variables(address: IPv4Address, identity: Path, known: Path) -> dict[str, Any]:
    """Connection variables of one host, literal: testinfra does not template them."""
    return {
        "ansible_host": str(address),
        "ansible_port": 22,
        "ansible_connection": "ssh",
        "ansible_user": USER,
        "ansible_become": True,
        "ansible_become_method": "sudo",
        "ansible_ssh_private_key_file": str(_literal(identity)),
        "ansible_ssh_common_args": shlex.join(ssh_options(known)),
        "ansible_python_interpreter": "/usr/bin/python3",
        "rocketmq_address": str(address),
        "opskit_apply_sysctl": False,
    }


def files(addresses: Addresses, folder: Path) -> dict[Path, str]:
    """The overlay: path → text.

    The variables stand in host_vars and not beside the hosts: Ansible lets an inventory's own host_vars win over
    anything in a later inventory file, and only host_vars of a later inventory win over those.
    """
    overlay = folder / "inventory.yml"
    header = HEADER.format(overlay=overlay)
    variables = {
        folder / "host_vars" / f"{host}.yml": host_variables(address, folder / "id", folder / "known_hosts")
        for host, address in sorted(addresses.items())
    }
    content = {overlay: {"all": {"hosts": dict.fromkeys(sorted(addresses))}}, **variables}
    return {path: header + yaml.safe_dump(value, sort_keys=False, width=1000) for path, value in content.items()}


def _literal(path: Path) -> Path:
    if UNSAFE.search(str(path)):
        raise OpskitError(
            "the path of opskit's state folder holds characters that ssh takes apart",
            where=str(path),
            remedy="Name another: OPSKIT_STATE=/var/lib/opskit.",
        )
    return path
