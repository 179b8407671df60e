"""A real nameserver and broker as two JVMs on loopback, small and short-lived."""

import json
import random
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from opskit.artifacts.bundles import bundle
from opskit.inventory.cluster import Artifact

TOPIC = "ProbeTopic"
_PACKAGES = ("sun.nio.ch", "jdk.internal.ref", "java.nio", "java.lang", "java.util", "sun.net.www.protocol.http")
_OPENED = [
    word
    for package in _PACKAGES
    for word in (f"--add-exports=java.base/{package}=ALL-UNNAMED", f"--add-opens=java.base/{package}=ALL-UNNAMED")
]
_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:MaxDirectMemorySize=512m", *_OPENED]
_LOGBACK = """<configuration><appender name="file" class="ch.qos.logback.core.FileAppender"><file>{log}</file>
<encoder><pattern>%d %p %t - %m%n</pattern></encoder></appender><root level="INFO"><appender-ref ref="file"/></root>
</configuration>"""


@dataclass(frozen=True)
class Server:
    """One running JVM; end it by its pid only."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int


@dataclass(frozen=True)
class Cluster:
    nameserver: Server
    broker: Server

    @property
    def nameservers(self) -> str:
        return f"127.0.0.1:{self.nameserver.port}"


def unpacked(component: str, release: str, into: Path) -> Path:
    """The lib folder of a bundle, unpacked as a host would."""
    made = bundle(component, release, Artifact(), lambda _: None)
    folder = into / f"{component}-{made.folder}"
    with tarfile.open(made.archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "lib"


@contextmanager
def cluster(release: str, home: Path, keys: tuple[str, str] | None = None) -> Iterator[Cluster]:
    """A nameserver and one broker that holds TOPIC with 4 queues; both JVMs are killed by pid at the end.

    keys: the access key and secret key that the broker asks for (ACL 1.0, so 4.x).
    """
    lib = unpacked("server", release, home)
    nameserver_port, broker_port = free_ports(1), free_ports(4)
    lay_files(home, nameserver_port, broker_port + 2)
    if keys:
        account = f"accounts:\n- accessKey: {keys[0]}\n  secretKey: {keys[1]}\n  admin: true\n"
        (home / "conf" / "plain_acl.yml").write_text(account)
        with (home / "conf" / "broker.conf").open("a") as conf:
            conf.write("aclEnable=true\n")
    with ExitStack() as servers:
        nameserver = servers.enter_context(
            server(home, lib, "namesrv", "org.apache.rocketmq.namesrv.NamesrvStartup", nameserver_port)
        )
        broker = servers.enter_context(
            server(home, lib, "broker", "org.apache.rocketmq.broker.BrokerStartup", broker_port + 2)
        )
        yield Cluster(nameserver, broker)


def lay_files(home: Path, nameserver_port: int, broker_port: int) -> None:
    conf, topics = home / "conf", home / "store" / "config" / "topics.json"
    conf.mkdir()
    topics.parent.mkdir(parents=True)
    for name in ("namesrv", "broker", "tools"):
        (conf / f"logback_{name}.xml").write_text(_LOGBACK.format(log=home / f"{name}.log"))
    (conf / "namesrv.conf").write_text(f"listenPort={nameserver_port}\nkvConfigPath={home}/kv.json\n")
    (conf / "broker.conf").write_text(
        f"brokerClusterName=C1\nbrokerName=broker-a\nbrokerId=0\nnamesrvAddr=127.0.0.1:{nameserver_port}\n"
        f"brokerIP1=127.0.0.1\nbrokerIP2=127.0.0.1\nlistenPort={broker_port}\nstorePathRootDir={home}/store\n"
        f"storePathCommitLog={home}/store/commitlog\nmappedFileSizeCommitLog=67108864\n"
        "mappedFileSizeConsumeQueue=600000\nmaxIndexNum=100000\nmaxHashSlotNum=50000\ndiskMaxUsedSpaceRatio=99\n"
        "timerWheelEnable=false\n"
    )
    topic = {"topicName": TOPIC, "order": False, "perm": 6, "readQueueNums": 4, "writeQueueNums": 4}
    topic |= {"topicFilterType": "SINGLE_TAG", "topicSysFlag": 0}
    version = {"counter": 1, "timestamp": 1600000000000}
    topics.write_text(json.dumps({"dataVersion": version, "topicConfigTable": {TOPIC: topic}}))


@contextmanager
def server(home: Path, lib: Path, name: str, main: str, port: int) -> Iterator[Server]:
    memory = ["-Xms128m", "-Xmx384m"]
    places = [f"-Drocketmq.home.dir={home}", f"-Duser.home={home}", "-cp", f"{lib}/*"]
    output = home / f"{name}.out"
    command = ["java", *memory, *_JVM, *places, main, "-c", str(home / "conf" / f"{name}.conf")]
    with output.open("wb") as out:
        process = subprocess.Popen(command, cwd=home, stdout=out, stderr=subprocess.STDOUT)
    try:
        _await_port(process, port, output)
        yield Server(process, output, port)
    finally:
        process.kill()
        process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, output: Path, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()[-2000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"nothing listens on {port} after {seconds} s: {output.read_text()[-2000:]}")


def free_ports(count: int) -> int:
    """The first of `count` neighbouring free ports: a broker takes listenPort, -2 and +1.

    Taken at random below those that the kernel gives out, since tests beside this one take ports too.
    """
    while True:
        port = random.randrange(10000, 30000)  # noqa: S311 - a port, no secret
        with ExitStack() as stack:
            try:
                for one in range(port, port + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", one))
            except OSError:
                continue
        return port
