"""Real jars of every release are read, and a real JVM sees the patched byte."""

import shutil
import subprocess
from pathlib import Path

import pytest
from real_rocketmq import unpacked

from opskit.onhost.jvm import jars, patching
from opskit.onhost.jvm.patching import PatchError

ENTRY = "org/apache/rocketmq/remoting/netty/NettyClientConfig.class"
ASK = """class Ask {
    public static void main(String[] words) throws Exception {
        Object config = Class.forName(words[0]).getConstructor().newInstance();
        System.out.print(config.getClass().getMethod("isClientCloseSocketIfTimeout").invoke(config));
    }
}"""


def remoting(release: str, folder: Path) -> Path:
    return unpacked("client", release, folder) / f"rocketmq-remoting-{release}.jar"


def new_client_closes(jar: Path, folder: Path, *options: str) -> str:
    """What a NettyClientConfig made in a JVM says, or the JVM's complaint."""
    source = folder / "Ask.java"
    source.write_text(ASK)
    name = ENTRY.removesuffix(".class").replace("/", ".")
    command = ["java", *options, "-cp", str(jar), str(source), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout or done.stderr


@pytest.mark.parametrize(
    ("release", "state"),
    [("4.8.0", "off"), ("4.9.7", "property"), ("5.1.4", "property"), ("5.3.3", "property"), ("5.4.0", "property")],
)
def test_every_release_is_read_from_its_real_jar(release: str, state: str, tmp_path: Path) -> None:
    with remoting(release, tmp_path).open("rb") as file:
        (found,) = jars.clients(file)
    assert (found.entry, found.setting.state, found.release, found.signed) == (ENTRY, state, release, False)


def test_a_jvm_sees_the_patch_and_its_undo(tmp_path: Path) -> None:
    source, on, off = remoting("4.8.0", tmp_path), tmp_path / "on.jar", tmp_path / "off.jar"
    assert patching.patch(str(source), str(on), on=True) == [ENTRY]
    assert patching.patch(str(on), str(off), on=False) == [ENTRY]
    assert [new_client_closes(jar, tmp_path) for jar in (source, on, off)] == ["false", "true", "false"]


def test_a_jar_that_jarsigner_signed_is_refused(tmp_path: Path) -> None:
    store, jar, target = tmp_path / "keys.p12", tmp_path / "signed.jar", tmp_path / "patched.jar"
    shutil.copyfile(remoting("4.8.0", tmp_path), jar)
    access = ["-keystore", store, "-storetype", "PKCS12", "-storepass", "changeit"]
    make = ["keytool", "-genkeypair", *access, "-alias", "me", "-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=me"]
    for command in (make, ["jarsigner", *access, jar, "me"]):
        subprocess.run(command, capture_output=True, check=True, timeout=60)
    with pytest.raises(PatchError, match="the jar is signed"):
        patching.patch(str(jar), str(target), on=True)
    assert not target.exists()
    with jar.open("rb") as file:
        assert [found.signed for found in jars.clients(file)] == [True]
