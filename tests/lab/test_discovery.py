"""JVMs with a RocketMQ client, found from /proc: real jars that are held, replaced, nested, and in namespaces."""

import os
import shutil
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from real_rocketmq import unpacked
from runtimes import Running, built, running

from opskit.onhost.jvm import discover, options, patching

ASKER = """
import java.net.Socket;

public class Asker {
    public static void main(String[] words) throws Exception {
        Socket socket = new Socket("127.0.0.1", Integer.getInteger("port"));
        for (int i = 0; ; i++) {
            System.out.println(i);
            if (i % 70 == 0) socket.getOutputStream().write(1);
            Thread.sleep(100);
        }
    }
}
"""
OTHER = 12345
CONTAINER = (
    "unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", 'mount -t tmpfs tmpfs /tmp; exec "$@"', "sh",
    "setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups",
)  # fmt: skip
ENTRY = "org/apache/rocketmq/remoting/netty/NettyClientConfig.class"
Figure = Callable[[str], None]
Jvm = dict[str, Any]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The remoting jar of two releases."""
    return {
        release: unpacked("client", release, tmp_path_factory.mktemp("lib")) / f"rocketmq-remoting-{release}.jar"
        for release in ("4.8.0", "4.9.7")
    }


@pytest.fixture
def classes() -> Iterator[Path]:
    with built({"Asker.java": ASKER}) as folder:
        yield folder


@pytest.fixture
def remoting(classes: Path, released: dict[str, Path]) -> Path:
    return Path(shutil.copy(released["4.8.0"], classes / "remoting.jar"))


def seen(jvm: Running, ports: list[int] | None = None) -> Jvm:
    (found,) = [one for one in discover.jvms(ports or []) if one["pid"] == jvm.pid]
    assert found["start_ticks"] == jvm.start_ticks
    return found


def only(jvm: Jvm) -> Jvm:
    (client,) = jvm["clients"]
    return dict(client)


def packed(path: Path, manifest: str, classes: Path, nested: dict[str, Path] | None = None) -> Path:
    """A jar of Counter, with jars stored in it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\nMain-Class: Counter\n{manifest}")
        archive.write(classes / "Counter.class", "Counter.class")
        for name, jar in (nested or {}).items():
            archive.write(jar, name)
    return path


def test_a_jar_that_is_held(classes: Path, remoting: Path) -> None:
    with running(classes, "-Dpassword=hidden", class_path=f"{remoting}:{classes}") as jvm:
        found = seen(jvm)
        assert only(found) | {"sha256": "", "inode": ""} == {
            "jar": str(remoting),
            "entry": ENTRY,
            "class": ENTRY[: -len(".class")],
            "state": "off",
            "release": "4.8.0",
            "signed": False,
            "patchable": None,
            "held": True,
            "replaced": False,
            "on_disk": None,
            "sha256": "",
            "inode": "",
        }
        assert found["constructed"]["value"] == "off"
        assert (found["main"], found["java"]["major"], found["java"]["vm"]) == ("Counter", 17, "HotSpot")
        assert (found["ns_pid"], found["uid"], found["user"]) == (jvm.pid, os.getuid(), "root")
        assert not found["namespaced"]
        assert found["unread"] is None
        assert "hidden" not in str(found)


@pytest.mark.parametrize("change", ["patched", "deleted"])
def test_a_jar_that_is_replaced_or_deleted_does_not_mislead(classes: Path, remoting: Path, change: str) -> None:
    with running(classes, class_path=f"{remoting}:{classes}") as jvm:
        before = only(seen(jvm))
        if change == "patched":
            patching.patch(str(remoting), str(classes / "new"), True)
            (classes / "new").replace(remoting)
        else:
            remoting.unlink()
        after = only(seen(jvm))
        told = {"replaced": True, "on_disk": "on" if change == "patched" else None}
        assert after == before | told
        assert seen(jvm)["constructed"]["value"] == "off"


def test_a_jar_that_no_class_was_asked_of_yet_counts(classes: Path, remoting: Path) -> None:
    with running(classes, class_path=f"{classes}:{classes}/*") as jvm:
        assert (only(seen(jvm))["jar"], only(seen(jvm))["held"]) == (str(remoting), False)


def test_the_class_path_of_a_manifest(classes: Path, remoting: Path) -> None:
    app = packed(classes / "app.jar", "Class-Path: remoting.jar\n", classes)
    with running(classes, "-jar", str(app), main="") as jvm:
        assert seen(jvm)["main"] == "app.jar"
        assert (only(seen(jvm))["jar"], only(seen(jvm))["held"]) == (str(remoting), False)


def test_a_fat_jar(classes: Path, remoting: Path) -> None:
    fat = packed(classes / "fat.jar", "", classes, {"BOOT-INF/lib/rocketmq-remoting-4.8.0.jar": remoting})
    with running(classes, "-jar", str(fat), main="") as jvm:
        found = only(seen(jvm))
        assert (found["jar"], found["held"], found["state"], found["release"]) == (str(fat), True, "off", "4.8.0")
        assert found["entry"] == f"BOOT-INF/lib/rocketmq-remoting-4.8.0.jar!/{ENTRY}"


def test_classes_that_lie_in_a_folder(classes: Path, remoting: Path) -> None:
    with zipfile.ZipFile(remoting) as archive:
        archive.extract(ENTRY, classes / "exploded")
    remoting.unlink()
    with running(classes, class_path=f"{classes}:{classes}/exploded") as jvm:
        entries = {(one["jar"], one["entry"], one["state"]) for one in seen(jvm)["clients"]}
        assert (f"{classes}/exploded", ENTRY, "off") in entries


@pytest.mark.parametrize(("value", "constructed"), [("false", "off"), ("true", "on"), (None, "on")])
def test_the_property_of_a_later_release(
    classes: Path, released: dict[str, Path], value: str | None, constructed: str
) -> None:
    environment = os.environ | ({"JAVA_TOOL_OPTIONS": f"-D{options.PROPERTY}={value}"} if value else {})
    path = f"{released['4.9.7']}:{classes}"
    with running(classes, class_path=path, environment=environment) as jvm:
        found = seen(jvm)
        assert (only(found)["state"], only(found)["release"]) == ("property", "4.9.7")
        assert (found["options"]["property"], found["constructed"]["value"]) == (value, constructed)
        assert found["options"]["tool_options"] is bool(value)


def test_namespaces_of_its_own_and_another_user(classes: Path, remoting: Path) -> None:
    with running(classes, class_path=f"{remoting}:{classes}", inside=CONTAINER) as jvm:
        found = seen(jvm)
        assert found["namespaced"]
        assert (found["uid"], found["gid"]) == (OTHER, OTHER)
        assert found["ns_pid"] < jvm.pid
        assert (only(found)["jar"], only(found)["state"]) == (str(remoting), "off")


def test_a_flow_that_gets_no_answer_is_stuck(classes: Path, remoting: Path) -> None:
    """It asks each 7 s, and only the first question is answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = list[socket.socket]()

        def answer_once() -> None:
            channel = server.accept()[0]
            taken.append(channel)
            channel.sendall(channel.recv(1))

        thread = threading.Thread(target=answer_once)
        thread.start()
        with running(classes, f"-Dport={port}", main="Asker", class_path=f"{remoting}:{classes}") as jvm:
            thread.join()
            (before,) = seen(jvm, [port])["flows"]
            assert (before["peer"], before["stuck"]) == (f"127.0.0.1:{port}", False)
            time.sleep(8)
            (after,) = seen(jvm, [port])["flows"]
            assert after["stuck"], after
            assert seen(jvm, [port + 1])["flows"] == []
        taken[0].close()


def test_a_look_at_ten_jvms_takes_little(classes: Path, remoting: Path, figure: Figure) -> None:
    with ExitStack() as stack:
        jvms = [stack.enter_context(running(classes, class_path=f"{remoting}:{classes}")) for _ in range(10)]
        began = time.monotonic()
        found = {one["pid"] for one in discover.jvms([9876])}
        seconds = time.monotonic() - began
        figure(f"a look at ten JVMs and whatever else runs here: {seconds:.2f} s")
        assert found >= {jvm.pid for jvm in jvms}
        assert seconds < 5
