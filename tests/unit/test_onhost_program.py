"""The program as it travels: bytecode for hosts with this Python, sources for all others."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opskit.compliance.request import SYSCTL
from opskit.onhost import archive
from opskit.reach import program
from opskit.reach.sweep import BOOT, payload

LOOK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from onhost.jvm import roots
roots.PROC = sys.argv[2]
from onhost.operations import reply
answer = reply(json.loads(sys.argv[3]))
loaded = [module.__file__ for name, module in sys.modules.items() if name.startswith("onhost")]
print(json.dumps([answer, loaded]))
"""
REQUEST: dict[str, Any] = {
    "op": "facts",
    "seconds": 10,
    "agent": None,
    "sysctl": SYSCTL,
    **dict.fromkeys(("ports", "server_ports", "files", "settings", "units", "folders"), ()),
}


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    program.program.cache_clear()
    yield
    program.program.cache_clear()


@pytest.fixture
def calm(tmp_path: Path) -> Path:
    """A /proc that shows this machine without its processes: some of them may be JVMs."""
    folder = tmp_path / "proc"
    folder.mkdir()
    for one in Path("/proc").iterdir():
        if not one.name.isdigit():
            (folder / one.name).symlink_to(one)
    return folder


def looked(tmp_path: Path, proc: Path) -> tuple[set[str], set[str]]:
    """What a look tells, and from which files of the program its modules came."""
    whole = tmp_path / "onhost.zip"
    whole.write_bytes(program.program())
    words = (sys.executable, "-I", "-S", "-c", LOOK, str(whole), str(proc), json.dumps(REQUEST))
    answer, loaded = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return set(answer["ok"]), {path.removeprefix(f"{whole}/onhost/") for path in loaded}


def test_a_host_with_this_python_compiles_nothing_for_a_look(tmp_path: Path, calm: Path) -> None:
    _, loaded = looked(tmp_path, calm)
    assert loaded == {f"{path}c" for path in program.COMPILED}


def test_a_host_with_another_python_takes_the_sources_and_tells_the_same(
    tmp_path: Path, calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = looked(tmp_path, calm)
    program.program.cache_clear()
    monkeypatch.setattr(program, "MAGIC_NUMBER", b"\x00\x00\r\n")
    told_elsewhere, loaded = looked(tmp_path, calm)
    assert loaded == set(program.COMPILED)
    assert told_elsewhere == told >= {"boot_id", "memory", "clock", "sysctl"}


def test_nothing_but_bytecode_is_added_to_the_sources() -> None:
    with zipfile.ZipFile(io.BytesIO(archive.build())) as plain, zipfile.ZipFile(io.BytesIO(program.program())) as whole:
        added = set(whole.namelist()) - set(plain.namelist())
        assert added == {f"onhost/{path}c" for path in program.COMPILED}
        assert all(whole.read(name) == plain.read(name) for name in plain.namelist())


@pytest.mark.parametrize(("request_", "code"), [(REQUEST, 0), ({"op": "fly"}, 1)])
def test_the_whole_answer_is_out_before_the_program_ends(request_: dict[str, Any], code: int) -> None:
    words = (sys.executable, "-I", "-S", "-c", BOOT)
    done = subprocess.run(words, input=payload(request_), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b"")
    assert set(json.loads(done.stdout)) == ({"ok"} if code == 0 else {"error"})
