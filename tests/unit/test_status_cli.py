"""`opskit status` as it is run: exit codes, JSON on stdout, warnings on stderr."""

import asyncio
import json
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from remoting_fake import serving
from test_dial import unused_port

from opskit.status.result import StatusReport


def inventory(folder: Path, nameserver_port: int, broker_port: int, **variables: object) -> Path:
    """One nameserver and one master, on loopback addresses of their own."""
    path = folder / "hosts.yml"
    ns1 = {"ansible_host": "127.0.0.1", "rocketmq_nameserver_port": nameserver_port}
    a = {"ansible_host": "127.0.0.2", "rocketmq_broker_port": broker_port}
    a |= {"rocketmq_broker_name": "broker-a", "rocketmq_broker_id": 0}
    ns2 = {"ansible_host": "127.0.0.3", "rocketmq_nameserver_port": nameserver_port}
    client = {"ansible_host": "127.0.0.4", "rocketmq_client_releases": ["4.8.0"]}
    groups = {"nameservers": {"ns1": ns1, "ns2": ns2}, "brokers": {"a": a}, "clients": {"c": client}}
    named = {"rocketmq_cluster_name": "C1", "rocketmq_release": "4.8.0", "opskit_dial": "direct"} | variables
    children = {group: {"hosts": hosts} for group, hosts in groups.items()}
    path.write_text(yaml.safe_dump({"all": {"vars": named, "children": children}}))
    return path


async def opskit(*words: str | Path) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from opskit.cli.main import main; main()", *map(str, words)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    return process.returncode, stdout.decode(), stderr.decode()


async def test_a_nameserver_that_hangs_is_named_and_the_exit_code_is_1(tmp_path: Path) -> None:
    async with serving(lambda question: b"") as port:
        code, stdout, stderr = await opskit("-i", inventory(tmp_path, port, unused_port()), "status")
    assert "✘ ns1 accepts connections but does not answer: its host or process hangs (no answer within 0.7 s)" in stdout
    assert "ns2 refuses connections" in stdout
    assert code == 1, stderr


async def test_json_is_the_whole_of_stdout_and_validates(tmp_path: Path) -> None:
    code, stdout, stderr = await opskit(
        "-i", inventory(tmp_path, unused_port(), unused_port()), "--format", "json", "status", "--deadline", "0.2"
    )
    report = json.loads(stdout)
    jsonschema.validate(report, StatusReport.model_json_schema(by_alias=True))
    assert (report["schema"], report["judgement"], code) == ("opskit/status/1", "fails", 1)
    assert "[no-slave]" in stderr


async def test_where_nothing_can_be_reached_nothing_is_judged(tmp_path: Path) -> None:
    """SSH to each host ends at a port where nothing listens."""
    hosts = inventory(tmp_path, 9876, 10911, opskit_dial="ssh", ansible_port=unused_port())
    code, stdout, stderr = await opskit("-i", hosts, "status")
    assert "Nothing can be said: none of the 3 servers could be reached." in stdout
    assert code == 3, stderr


@pytest.mark.parametrize("words", [["status"], ["-i", "nowhere.yml", "status"], ["status", "--deadline", "0"]])
async def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    code, stdout, _ = await opskit(*words)
    assert (code, stdout) == (2, "")
