"""The contenders: each makes the same assertions on every host, in its best documented form, as many hosts at once."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from bench import table
from bench.hosts import Hosts
from bench.measure import Contender
from opskit.reach.sweep import CONNECTS_AT_ONCE

FILES = Path(__file__).parent / "peers"
PROGRAMS = Path(sys.executable).parent
ASSERTIONS = 4
"""Of each peer, a host."""
CLUSTER = "bench"
DEADLINE_SECONDS = 1800
"""Of opskit's sweep: none of the others has one."""


def floor(hosts: Hosts, folder: Path, _: Path) -> Contender:
    """What nobody can go below: a login and a command that does nothing."""
    return _login(table.FLOOR, hosts, folder, ())


def lower_floor(hosts: Hosts, folder: Path, _: Path) -> Contender:
    """The same by the key exchange of Python's SSH libraries, which is cheaper than OpenSSH's own choice."""
    return _login("ssh HOST true, by curve25519", hosts, folder, ("-o", "KexAlgorithms=curve25519-sha256"))


def _login(name: str, hosts: Hosts, folder: Path, options: Sequence[str]) -> Contender:
    (folder / "addresses").write_text("\n".join(hosts.addresses) + "\n")
    each = ("xargs", "-a", "addresses", "-P", str(CONNECTS_AT_ONCE), "-I", "HOST")
    command = (*each, "ssh", "-F", str(hosts.ssh_config), *options, "HOST", "true")
    return Contender(name, command, _by_exit_code, {}, folder)


def opskit(hosts: Hosts, folder: Path, _: Path) -> Contender:
    """The whole command, from its start to its kept and printed report; all of its controls."""
    _inventory(hosts, folder)
    command = (
        *(str(PROGRAMS / "opskit"), "-i", "inventory.yml", "compliance", "run"),
        *("--output", "json=report.json", "--deadline", str(DEADLINE_SECONDS)),
    )

    def missed(code: int, output: str) -> str:
        if code not in (1, 3):
            return f"exit code {code}: {output[-300:]}"
        report = json.loads((folder / "report.json").read_text())
        silent = [error["error"] for error in report["errors"]]
        heard = {row["host"] for row in report["rows"] if row["control"] == "host-clock" and row["status"] != "unknown"}
        if silent or len(heard) != len(hosts.addresses):
            return f"{len(heard)} of {len(hosts.addresses)} hosts judged; {len(silent)} silent: {silent[:1]}"
        return ""

    return Contender(table.OPSKIT, command, missed, {"OPSKIT_STATE": str(folder / "state")}, folder)


def pyinfra(hosts: Hosts, folder: Path, program: Path) -> Contender:
    """A deploy of facts; pyinfra connects to all hosts and runs at most so many at once."""
    options = {
        "ssh_user": "root",
        "ssh_key": str(hosts.key),
        "ssh_known_hosts_file": str(hosts.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }
    (folder / "inventory.py").write_text(f"hosts = ({list(hosts.addresses)!r}, {options!r})\n")
    deploy = str(FILES / "deploy_pyinfra.py")
    command = (str(program), "-y", "--parallel", str(CONNECTS_AT_ONCE), "inventory.py", deploy)

    def missed(code: int, output: str) -> str:
        ready = output.count("Ready: ")
        return "" if code == 0 and ready == len(hosts.addresses) else f"{ready} ready: {output[-300:]}"

    return Contender("pyinfra", command, missed, {}, folder)


def ansible(hosts: Hosts, folder: Path, _: Path) -> Contender:
    """A playbook, with pipelining and as many forks."""
    _inventory(hosts, folder)
    command = (
        str(PROGRAMS / "ansible-playbook"),
        *("-i", "inventory.yml", "--forks", str(CONNECTS_AT_ONCE), str(FILES / "playbook.yml")),
    )
    environment = {"ANSIBLE_CONFIG": str(FILES / "ansible.cfg"), "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp")}

    def missed(code: int, output: str) -> str:
        fine = output.count(f"ok={ASSERTIONS} ")
        return "" if code == 0 and fine == len(hosts.addresses) else f"{fine} fine: {output[-300:]}"

    return Contender("ansible playbook", command, missed, environment, folder)


def testinfra(hosts: Hosts, folder: Path, _: Path) -> Contender:
    """The ssh backend with ControlPersist, and as many workers of pytest-xdist."""
    # testinfra asks for ControlMaster and ControlPersist itself, but has no path for them: 10.2 loses --ssh-extra-args
    shared = folder / "ssh_config"
    shared.write_text(f"{hosts.ssh_config.read_text()}  ControlPath {folder}/%h\n")
    each = ",".join(f"ssh://{address}" for address in hosts.addresses)
    command = (
        *(str(PROGRAMS / "pytest"), "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(folder)),
        *("-n", str(CONNECTS_AT_ONCE), f"--hosts={each}", "--ssh-config", str(shared)),
        str(FILES / "audit_testinfra.py"),
    )

    def missed(code: int, output: str) -> str:
        passed = f"{ASSERTIONS * len(hosts.addresses)} passed"
        return "" if code == 0 and passed in output else f"not {passed}: {output[-300:]}"

    return Contender("pytest-testinfra", command, missed, {}, folder)


Make = Callable[[Hosts, Path, Path], Contender]
"""Takes the hosts, a new folder to run in, and pyinfra's program."""
PEERS: dict[str, Make] = {"ansible": ansible, "testinfra": testinfra}
"""Those that take minutes."""
TURN: tuple[Make, ...] = (floor, opskit, pyinfra, lower_floor)


def _by_exit_code(code: int, output: str) -> str:
    return "" if code == 0 else f"exit code {code}: {output[-300:]}"


def _inventory(hosts: Hosts, folder: Path) -> None:
    """Two nameservers, two masters, and the rest client hosts; nothing of RocketMQ runs on any of them."""
    names = {f"host{number:04}": {"ansible_host": address} for number, address in enumerate(hosts.addresses)}
    rest = list(names)
    brokers = {name: {"rocketmq_broker_name": name, "rocketmq_broker_id": 0} for name in rest[2:4]}
    variables = {
        "rocketmq_cluster_name": CLUSTER,
        "rocketmq_release": "4.8.0",
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(hosts.key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={hosts.known_hosts} -o StrictHostKeyChecking=yes",
    }
    groups = {
        "nameservers": {"hosts": dict.fromkeys(rest[:2])},
        "brokers": {"hosts": brokers},
        "clients": {"hosts": dict.fromkeys(rest[4:])},
    }
    tree = {"all": {"vars": variables, "hosts": names, "children": groups}}
    (folder / "inventory.yml").write_text(yaml.safe_dump(tree, sort_keys=False))
