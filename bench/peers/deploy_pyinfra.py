"""The benchmark's assertions by pyinfra's facts."""

import hashlib
from pathlib import Path

from pyinfra import host
from pyinfra.facts.files import File, FileContents, Sha256File
from pyinfra.facts.server import Processes, Sysctl

RETRIES = "net.ipv4.tcp_retries2"

here = hashlib.sha256(Path("/etc/passwd").read_bytes()).hexdigest()
users = host.get_fact(File, path="/etc/passwd")
running = [one["args"] for one in host.get_fact(Processes).values() if one["command"] == "java"]
wrong = [
    what
    for what, holds in {
        RETRIES: host.get_fact(Sysctl, keys=[RETRIES])[RETRIES] > 0,
        "/etc/passwd": (users["user"], users["mode"]) == ("root", 644),
        "what /etc/passwd holds": host.get_fact(Sha256File, path="/etc/passwd") == here,
        "no server of RocketMQ": not [words for words in running if "org.apache.rocketmq" in words],
        "swap": host.get_fact(FileContents, path="/proc/swaps")[0].startswith("Filename"),
    }.items()
    if not holds
]
if wrong:
    raise AssertionError(f"{host.name}: {', '.join(wrong)}")
