"""The schedule under a real systemd: a machine of its own, whose timer audits the hosts of a lab.

Hosts of a lab lack CAP_SYS_ADMIN, without which systemd leaves most of a unit's hardening out. This machine has it.
"""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, lab, until

from opskit.compliance.schedule.units import Names
from opskit.lab.runtime import detect, global_options, run_options

CLUSTER = "nightly"
HOSTS = {
    "nameservers": {"hosts": {"ns1": {}}},
    "brokers": {"hosts": {"broker-a": {"rocketmq_broker_name": "broker-a", "rocketmq_broker_id": 0}}},
}
"""Nothing is deployed to them, so there are findings."""
SERVICE = Names(CLUSTER).service
PYTHON = f"python{sysconfig.get_python_version()}"
OPSKIT = "/opt/controller/bin/opskit -i /etc/opskit/hosts.yml -i /etc/opskit/lab/inventory.yml --format json compliance"
GAUGES, TOLD = "/var/lib/out/opskit.prom", "/var/lib/out/told"
INSTALL = f"""
set -e
{sys.base_prefix}/bin/{PYTHON} -m venv --without-pip /opt/controller
printf '/opt/opskit\\n/opt/packages\\n' > /opt/controller/lib/{PYTHON}/site-packages/opskit.pth
printf '#!/opt/controller/bin/python\\nfrom opskit.cli.main import main\\nmain()\\n' > /opt/controller/bin/opskit
printf '#!/bin/sh\\necho "$OPSKIT_CLUSTER $MONITOR_EXIT_STATUS" >> {TOLD}\\n' > /usr/local/bin/tell
chmod +x /opt/controller/bin/opskit /usr/local/bin/tell
mkdir -p /etc/opskit /var/lib/out /var/lib/opskit
"""


class Controller:
    """A container with systemd and this checkout."""

    def __init__(self, name: str) -> None:
        self._name = name

    def sh(self, script: str, code: int = 0) -> str:
        """Run by root; what it printed."""
        words = ("podman", "exec", "-e", "OPSKIT_STATE=/var/lib/opskit", self._name, "sh", "-c", script)
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def take(self, path: Path, to: str) -> None:
        subprocess.run(("podman", "cp", path, f"{self._name}:{to}"), check=True, timeout=60)

    def schedule(self, words: str, code: int = 0) -> Any:
        return json.loads(self.sh(f"cd / && {OPSKIT} schedule {words}", code))

    def audits(self) -> list[Any]:
        found: list[Any] = json.loads(self.sh(f"{OPSKIT} history"))["runs"]
        return found


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    inventory, state = tmp_path_factory.mktemp("inventory") / "hosts.yml", tmp_path_factory.mktemp("state")
    variables = {"rocketmq_cluster_name": CLUSTER, "rocketmq_release": "5.4.0"}
    inventory.write_text(yaml.safe_dump({"all": {"vars": variables, "children": HOSTS}}))
    with lab(str(inventory), state) as running:
        name, machine = f"opskit-{running.name}-controller", detect()
        image = running.podman("inspect", "ns1", "--format", "{{.ImageName}}").strip()
        seen = {ROOT: "/opt/opskit", sysconfig.get_path("purelib"): "/opt/packages"}
        if sys.base_prefix != "/usr":  # where it is that, the image has the same
            seen[sys.base_prefix] = sys.base_prefix
        start = ("podman", *global_options(machine), "run", "--detach", *run_options(machine), "--cap-add", "SYS_ADMIN")
        volumes = [word for here, there in seen.items() for word in ("--volume", f"{here}:{there}:ro")]
        try:
            subprocess.run((*start, *volumes, "--network", f"opskit-{running.name}", "--name", name, image), check=True)
            made = Controller(name)
            until(60, lambda: _booted(name), "the boot of the controller")
            made.sh(INSTALL)
            made.take(inventory, "/etc/opskit/hosts.yml")
            folder = state / "labs" / running.name
            made.take(folder, "/etc/opskit/lab")
            made.sh(f"sed -i 's#{folder}#/etc/opskit/lab#g' /etc/opskit/lab/host_vars/*")
            yield made
        finally:
            subprocess.run(("podman", "rm", "--force", "--time", "0", name), check=True, timeout=60)


def _booted(name: str) -> bool:
    words = ("podman", "exec", name, "systemctl", "is-system-running")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() in ("running", "degraded")


@pytest.mark.timeout(180)
def test_the_unit_audits_tells_of_findings_and_goes_without_a_trace(controller: Controller) -> None:
    controller.sh("systemd-run --quiet --wait --property ProtectSystem=strict touch /etc/confined", code=1)

    put = controller.schedule(f"install --output prom={GAUGES} --on-failure /usr/local/bin/tell")
    assert (put["did"], put["enabled"], put["active"], bool(put["next"])) == ("installed", True, True, True)
    controller.sh(f"systemctl start {SERVICE}", code=1)
    last = controller.schedule("status")["last"]
    assert (last["exit"], last["result"]) == (1, "exit-code")
    (audit,) = controller.audits()
    assert (audit["judgement"], audit["hosts"], audit["errors"]) == ("fails", 2, 0)
    assert f'cluster="{CLUSTER}"' in controller.sh(f"cat {GAUGES}")
    until(10, lambda: controller.sh(f"cat {TOLD} || true") == f"{CLUSTER} 1\n", "the word of the hook")

    controller.schedule(
        f"install --output prom={GAUGES} --on-failure /usr/local/bin/tell --quiet-on 1"
        " --on-calendar '*:*:0/20' --random-delay 0"
    )
    until(60, lambda: len(controller.audits()) > 1, "an audit by the timer")
    until(30, lambda: (controller.schedule("status")["last"] or {}).get("result") == "success", "its quiet end")
    assert controller.sh(f"cat {TOLD}") == f"{CLUSTER} 1\n", "what is quiet was told"

    controller.schedule("remove")
    assert controller.sh("ls /etc/systemd/system").count("opskit-compliance") == 0
    assert controller.schedule("status", code=1)["files"] == []
