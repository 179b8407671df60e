"""Which processes of a host are RocketMQ servers, what is told of each, and whole looks at a host."""

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from opskit.observe.facts import HostFacts, ServerProcess
from opskit.onhost import processes as ids
from opskit.onhost.facts import clients, connections, look, machine, processes, servers, units
from opskit.onhost.jvm import agents, discover, records, roots

NAMESERVER = "org.apache.rocketmq.namesrv.NamesrvStartup"
BROKER = "org.apache.rocketmq.broker.BrokerStartup"
BUNDLE = "/opt/rocketmq/server/4.8.0-0123456789ab"
START = ["/usr/bin/java", "-server", "-Xmx1g", "-cp", f"{BUNDLE}/*", BROKER, "-c", "/etc/rocketmq/conf/broker.conf"]
JVM = "7f00-7f01 r-xp 00000000 08:01 42   {}/lib/server/libjvm.so\n"
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max open files            655350               655350               files
Max locked memory         unlimited            unlimited            bytes
"""
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:2694 00000000:0000 0A 00000000:00000000 00:00000000 00000000   106        0 501 1 0
   1: 0100007F:2A9F 0100007F:C001 01 00000000:00000000 00:00000000 00000000   106        0 502 1 0
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 503 1 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr uid to inode
   0: 00000000000000000000000000000000:2A9F 00000000000000000000000000000000:0000 0A 0:0 00:0 0   106        0 504 1 0
   1: 0000000000000000FFFF00000100000A:2A9F 0000000000000000FFFF00001500000A:D431 01 0:0 00:0 0   106        0 505 1 0
"""


class Host:
    """A made-up /proc."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.java = folder / "proc", folder / "java"
        self.java.mkdir()
        (self.java / "release").write_text('JAVA_VERSION="17.0.15"\n')
        self.write("sys/kernel/random/boot_id", "boot-1\n")
        self.write("meminfo", "MemTotal: 100 kB\nMemAvailable: 50 kB\n")
        self.add(1, ["/sbin/init"], threads=1, maps="")
        self.add("self", [])

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def link(self, name: str, target: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).unlink(missing_ok=True)
        (self.folder / name).symlink_to(target)

    def add(self, pid: int | str, words: list[str], threads: int = 3, maps: str = JVM, unit: str = "") -> None:
        """A process of this user, which runs a JVM unless it is told otherwise."""
        base = f"{pid}/"
        self.write(base + "cmdline", "".join(word + "\0" for word in words))
        self.write(base + "maps", maps.format(self.java))
        self.write(base + "environ", "JAVA_TOOL_OPTIONS=-XX:+UseZGC\0PASSWORD=hidden\0")
        self.write(base + "cgroup", f"0::/system.slice/{unit}\n" if unit else "0::/init.scope\n")
        self.write(base + "stat", f"{pid} (ja) va) S " + "1 " * 18 + "4200 1 1\n")
        self.write(base + "limits", LIMITS)
        uid = os.getuid()
        status = (
            f"Pid:\t{pid}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t0\t0\t0\t0\nVmRSS:\t    1024 kB\nVmSwap:\t 8 kB\n"
        )
        self.write(base + "status", status + "SigCgt:\t0\n")
        for number in range(threads):
            self.write(f"{base}task/{number}/stat", f"{pid} (java) S " + "1 " * 18 + "4200 1 1\n")
        self.write(base + "net/tcp", TCP)
        self.write(base + "net/tcp6", TCP6)
        for name, target in (("root", "/"), ("cwd", "/srv"), ("ns/net", "net:[1]"), ("ns/pid", machine.FIRST_PIDS)):
            self.link(base + name, target)
        self.link(base + "ns/mnt", "mnt:[1]")
        opened = (f"{BUNDLE}/rocketmq-common-9.9.9.jar", f"{BUNDLE}/rocketmq-broker-4.8.0.jar", "socket:[504]")
        for number, target in enumerate((*opened, "socket:[501]", "socket:[502]", "/dev/null")):
            self.link(f"{base}fd/{number}", target)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    for module in (roots, ids):
        monkeypatch.setattr(module, "PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(machine, "CGROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(machine, "RUN", str(tmp_path / "run"))
    monkeypatch.setattr(units, "BOOTED", str(tmp_path / "systemd"))
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["java", "-cp", "x", NAMESERVER], "nameserver"),
        (START, "broker"),
        (["java", "org.apache.rocketmq.controller.ControllerStartup", "-c", "a"], "controller"),
        (["java", "org.apache.rocketmq.proxy.ProxyStartup", "-pc", "a"], "proxy"),
        (["/opt/jdk/bin/java", "org.apache.rocketmq.container.BrokerContainerStartup"], "container"),
        (["java", "org.tanukisoftware.wrapper.WrapperSimpleApp", BROKER], "broker"),
        (["/usr/bin/jcmd", BROKER, "VM.flags"], None),
        (["java", f"-Dname={BROKER}", "com.example.Orders"], None),
        (["java", f"{BROKER}Test"], None),
    ],
)
def test_a_server_is_told_by_its_main_class(words: list[str], kind: str | None) -> None:
    assert processes.kind_of(tuple(words)) == kind


def test_servers_and_other_jvms_of_a_host(host: Host) -> None:
    host.add(10, START)
    host.add(11, ["java", "com.example.Orders"])
    host.add(12, ["sh", "/opt/bin/runserver.sh", NAMESERVER], threads=1)
    host.add(13, ["sh", "/opt/bin/runserver.sh", NAMESERVER], maps="7f 7f r /usr/lib/libc.so.6\n")
    host.add(14, ["grep", BROKER], maps="")
    host.add(15, ["custom-launcher", "com.example.Orders"])
    host.add(16, [], threads=1)
    (host.folder / "17").mkdir()
    assert processes.look() == processes.Found({10: "broker"}, [11, 15])


def test_a_host_that_hides_processes_says_so(host: Host) -> None:
    host.add(10, START)
    assert processes.look().hidden == ""
    for name in ("cmdline", "cgroup"):
        (host.folder / "1" / name).unlink()
    assert processes.look() == processes.Found({10: "broker"}, [], processes.HIDDEN)
    assert told({}).refused == (f"processes could not be looked into: {processes.HIDDEN}",)


def seen(pid: int) -> dict[str, Any]:
    found = servers.look(pid, "broker", "0::/init.scope\n", connections.read("self"))
    assert found
    return found


def test_all_that_is_told_of_a_server(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.add(10, START, unit="rocketmq-broker.service")
    monkeypatch.setattr(servers.paths, "name", lambda lookup, number: "rocketmq")
    told = ServerProcess.model_validate(seen(10))
    assert told == ServerProcess(
        kind="broker",
        pid=10,
        start_ticks=4200,
        started=told.started,
        user="rocketmq",
        unit="rocketmq-broker.service",
        config="/etc/rocketmq/conf/broker.conf",
        options=("-XX:+UseZGC", "-server", "-Xmx1g"),
        ports=(9876, 10911),
        release="4.8.0",
        java=17,
        open_files_limit=655350,
        locked_memory_limit=-1,
        resident_bytes=1 << 20,
        swapped_bytes=8 << 10,
    )
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert told.started == pytest.approx(booted + 42, abs=0.1)


def test_a_server_in_a_network_of_its_own_listens_there(host: Host) -> None:
    host.add(10, START)
    host.link("10/ns/net", "net:[2]")
    host.write("self/net/tcp", "")
    host.write("self/net/tcp6", "")
    assert seen(10)["ports"] == [9876, 10911]


def test_without_root_what_cannot_be_seen_of_a_server_is_said(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(pid: int) -> None:
        raise PermissionError(13, "Permission denied", f"/proc/{pid}/maps")

    monkeypatch.setattr(servers.process, "runtime", closed)
    named = [*START[:3], "-cp", f"{BUNDLE}/rocketmq-broker-4.8.0.jar", *START[5:]]
    host.add(10, named)
    told = seen(10)
    assert (told["release"], told["options"], told["open_files_limit"]) == ("4.8.0", ["-server", "-Xmx1g"], 655350)
    assert "ports" not in told
    assert told["unread"].startswith("only root")


@pytest.mark.parametrize(
    ("kind", "words", "config"),
    [
        ("broker", "-c /etc/broker.conf", "/etc/broker.conf"),
        ("broker", "--configFile /etc/broker.conf", "/etc/broker.conf"),
        ("broker", "--configFile=/etc/broker.conf -n a:1", "/etc/broker.conf"),
        ("broker", "-cp x -n a:1", None),
        ("broker", "-c", None),
        ("proxy", "-bc /etc/b.conf -pc /etc/p.json", "/etc/p.json"),
    ],
)
def test_the_settings_that_a_command_line_names(kind: str, words: str, config: str | None) -> None:
    assert servers.config(kind, tuple(words.split())) == config


def test_a_relative_path_of_settings_is_made_absolute(host: Host) -> None:
    host.add(10, [*START[:-1], "../etc/broker.conf"])
    assert seen(10)["config"] == "/etc/broker.conf"


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("-Xmx1g", ["-Xmx1g"]),
        ("--add-opens=java.base/java.nio=ALL-UNNAMED", ["--add-opens=java.base/java.nio=ALL-UNNAMED"]),
        ("-Dtls.server.keyPassword=hidden", ["-Dtls.server.keyPassword=********"]),
        ("-Drocketmq.client.accessKey=hidden", ["-Drocketmq.client.accessKey=********"]),
        ("-Dapi_token=hidden=x", ["-Dapi_token=********"]),
        ("-Dpassword", ["-Dpassword"]),
        ("-Dproxy=http://me:hidden@proxy:80", ["-Dproxy=http://********@proxy:80"]),
        ("-javaagent:/o/apm.jar=key=hidden", ["-javaagent:/o/apm.jar=********"]),
        ("-javaagent:/o/opskit-agent-1.jar=on", ["-javaagent:/o/opskit-agent-1.jar=on"]),
        ("-agentpath:/o/p.so=hidden", ["-agentpath:/o/p.so=********"]),
        ("-agentlib:jdwp=address=*:5005", ["-agentlib:jdwp=address=*:5005"]),
        ("-XX:OnOutOfMemoryError=curl -u me:hidden", ["-XX:OnOutOfMemoryError=********"]),
        ("-cp", []),
    ],
)
def test_options_tell_no_secret(word: str, shown: list[str]) -> None:
    assert servers.shown([word]) == shown


@pytest.mark.parametrize(
    ("kind", "names", "release"),
    [
        ("broker", ["rocketmq-common-5.3.3.jar", "rocketmq-broker-4.8.0.jar"], "4.8.0"),
        ("nameserver", ["rocketmq-broker-5.3.3.jar", "rocketmq-namesrv-4.8.0.jar"], "4.8.0"),
        ("container", ["rocketmq-broker-5.3.3.jar", "rocketmq-container-5.4.0.jar"], "5.4.0"),
        ("broker", ["rocketmq-common-5.3.3.jar"], "5.3.3"),
        ("broker", ["rocketmq-broker-4.9.4-SNAPSHOT.jar"], "4.9.4"),
        ("broker", ["broker-all.jar", "netty-4.1.2.jar"], None),
    ],
)
def test_the_release_of_a_server(kind: str, names: list[str], release: str | None) -> None:
    assert servers.release(kind, [f"/lib/{name}" for name in names]) == release


NOTHING: dict[str, Any] = {
    "op": "facts",
    "ports": [9876],
    "server_ports": [],
    "seconds": 12.0,
    "files": [],
    "settings": [],
    "units": [],
    "folders": [],
    "sysctl": [],
    "agent": None,
}


def told(request: dict[str, Any]) -> HostFacts:
    """As it arrives on the controller."""
    answer = json.loads(json.dumps(look.answer({**NOTHING, **request})))
    return HostFacts.model_validate({**answer, "heard": 1.0})


def test_a_whole_look(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host.add(10, START)
    host.add(11, ["java", "com.example.Orders"])
    asked = []

    def sweep(ports: list[int], among: list[int]) -> tuple[list[Any], list[str]]:
        asked.append((ports, among))
        return [], ["of some processes nothing"]

    monkeypatch.setattr(discover, "sweep", sweep)
    (tmp_path / "broker.conf").write_text("a=1")
    conf = str(tmp_path / "broker.conf")
    facts = told({"server_ports": [10911, 9876], "files": [conf], "settings": [conf], "folders": ["/"], "units": ["a"]})
    assert asked == [([9876], [11])], "what a server holds is not read"
    assert (facts.boot_id, facts.memory.total, facts.container) == ("boot-1", 102400, None)
    assert [server.kind for server in facts.servers] == ["broker"]
    assert facts.peers == {10911: ("10.0.0.21:54321", "127.0.0.1:49153"), 9876: ()}
    assert facts.files[conf].settings == {"a": "1"}
    assert facts.folders["/"].exists
    assert facts.units == {}
    assert facts.refused == (
        "of some processes nothing",
        "units could not be looked into: systemd does not run this host",
    )


def test_a_part_that_fails_or_hangs_loses_no_other(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(path: str, *_: Any) -> dict[str, Any]:
        if path == "/dead":
            os.read(reads, 1)
        return {"exists": False, "total_bytes": 1, "used_ratio": 0.5}

    reads, writes = os.pipe()
    monkeypatch.setattr(look, "SECONDS", 0.3)
    from opskit.onhost.facts import paths

    monkeypatch.setattr(paths, "file", hang)
    monkeypatch.setattr(paths, "folder", hang)
    host.add(10, START)
    host.add(11, START)
    (host.folder / "11/limits").write_text("Max open files   many\n")
    host.add(12, START)
    (host.folder / "12/stat").unlink()
    facts = told({"files": ["/dead", "/x"], "folders": ["/dead", "/x"]})
    os.close(writes)
    assert facts.files["/dead"].exists is None
    assert facts.files["/dead"].error == "no answer within 0.3 s"
    assert facts.files["/x"].exists is False
    assert set(facts.folders) == {"/x"}
    assert [server.pid for server in facts.servers] == [10]
    assert [one.split(":")[0] for one in facts.refused] == [
        "the broker that is process 11 could not be looked into",
        "/dead could not be looked into",
    ]


def test_names_that_are_no_text_do_not_break_the_answer(host: Host) -> None:
    host.add(10, START)
    (host.folder / "10/cmdline").write_bytes("\0".join(START[:-1]).encode() + b"\0/etc/\xff.conf\0")
    assert [server.config for server in told({}).servers] == ["/etc/\ufffd.conf"]
    assert look._told(["\udcff", {"a\udcff": ("b",)}]) == ["?", {"a?": ["b"]}]


def jvm(pid: int, *given: str, java: int = 17, attach_disabled: bool = False) -> dict[str, Any]:
    return {
        "pid": pid,
        "start_ticks": pid * 10,
        "java": {"vm": "HotSpot", "major": java},
        "options": {"agents": list(given), "attach_disabled": attach_disabled, "dynamic_agents": None},
        "constructed": {"value": "off", "why": ""},
    }


def record(pid: int, ticks: int, way: str = "live-flip", state: str = "applied") -> dict[str, Any]:
    return {"process": {"pid": pid, "start_ticks": ticks}, "state": state, "steps": [{"way": way}]}


def test_agents_are_asked_only_where_they_are(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [jvm(1), jvm(2), jvm(3, "/o/opskit-agent-1.jar=on"), jvm(4, "/o/apm.jar"), jvm(5), jvm(6), jvm(7)]
    found += [jvm(8, "/o/opskit-agent-1.jar=on", java=8), jvm(9, "/o/opskit-agent-1.jar=on", attach_disabled=True)]
    standing = [record(2, 20), record(5, 51), record(6, 60, "jar-patch"), record(7, 70, state="begun")]
    asked: list[tuple[Any, ...]] = []

    def ask_all(refs: list[Any], jar: bytes, options: str, seconds: float) -> list[dict[str, Any]]:
        asked.append((refs, jar, options))
        return [{"report": {"agent": "1", "verb": "report"}}, {"error": "no answer in time"}]

    monkeypatch.setattr(records, "standing", lambda: standing)
    monkeypatch.setattr(agents, "ask_all", ask_all)
    monkeypatch.setattr(discover, "sweep", lambda ports, among: (found, []))
    host.add(11, ["java", "com.example.Orders"])
    agent = {"jar_b64": base64.b64encode(b"jar").decode(), "options": "report", "seconds": 5}
    facts = told({"agent": agent})
    assert facts.flipped == (2,)
    assert asked == [([{"pid": 2, "start_ticks": 20}, {"pid": 3, "start_ticks": 30}], b"jar", "report")]
    assert [(one.pid, one.report and one.report.verb, one.error) for one in facts.agents] == [
        (2, "report", ""),
        (3, None, "no answer in time"),
    ]
    assert told({}).agents == ()
    assert len(asked) == 1


def test_agents_that_take_all_of_the_time_do_not_lose_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "ask_all", lambda refs, *_: [{"error": "no answer in time"}] * len(refs))
    asking = {"jar_b64": "", "options": "report", "seconds": 10}
    began = time.monotonic() - clients.SECONDS
    assert {one["error"] for one in clients.ask([jvm(1)], asking, time.monotonic())} == {"no answer in time"}
    late = clients.ask([jvm(number) for number in range(9)], asking, began)
    assert {one["error"] for one in late} == {"it was not asked: the rest of this host took all of its time"}
    assert [one["pid"] for one in late] == list(range(9))


def test_records_that_cannot_be_read_are_refused(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed() -> None:
        raise PermissionError(13, "Permission denied", "/var/lib/opskit/changes")

    monkeypatch.setattr(records, "standing", closed)
    monkeypatch.setattr(discover, "sweep", lambda ports, among: ([jvm(1)], []))
    host.add(11, ["java", "com.example.Orders"])
    facts = told({})
    assert (len(facts.jvms), facts.flipped) == (1, ())
    assert facts.refused[0].startswith("what was switched on in JVMs could not be looked into: the SSH user may not")


def test_this_very_machine_tells_of_itself(tmp_path: Path) -> None:
    (tmp_path / "broker.conf").write_text("brokerName=a\n")
    conf = str(tmp_path / "broker.conf")
    facts = told(
        {"files": [conf], "settings": [conf], "folders": [str(tmp_path)], "sysctl": ["vm.swappiness", "no.such"]}
    )
    assert facts.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert facts.at == pytest.approx(time.time(), abs=5)
    assert 0 < facts.memory.available <= facts.memory.total
    assert set(facts.sysctl) == {"vm.swappiness"}
    assert facts.files[conf].settings == {"brokerName": "a"}
    df = os.statvfs(tmp_path)
    assert facts.folders[str(tmp_path)].total_bytes == df.f_blocks * df.f_frsize
    assert 0 <= facts.folders[str(tmp_path)].used_ratio <= 1


def test_only_the_processes_that_are_named_are_looked_at() -> None:
    assert discover.sweep([9876], []) == ([], [])
    assert discover.sweep([9876], [os.getpid()]) == ([], [])
