"""The program that travels to hosts."""

import ast
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import opskit.onhost
from opskit.onhost import archive, operations

FOLDER = Path(opskit.onhost.__file__).parent


def test_the_same_sources_give_the_same_bytes() -> None:
    assert archive.build() == archive.build()


def test_it_runs_by_itself_and_can_build_itself_again(tmp_path: Path) -> None:
    program = tmp_path / "onhost.pyz"
    program.write_bytes(archive.build())
    request = {"op": "survey", "files": [str(program)], "folders": [str(tmp_path)]}
    done = subprocess.run(
        [sys.executable, "-I", program, json.dumps(request)], capture_output=True, text=True, check=True
    )
    facts = json.loads(done.stdout)["ok"]
    assert facts["folders"][str(tmp_path)]["exists"]
    again = (
        "import sys; sys.path[:0] = sys.argv[1:]; from onhost.archive import build; sys.stdout.buffer.write(build())"
    )
    rebuilt = subprocess.run([sys.executable, "-I", "-c", again, program], capture_output=True, check=True).stdout
    assert rebuilt == program.read_bytes()


def test_an_unknown_operation_is_an_error_reply_not_a_crash(tmp_path: Path) -> None:
    program = tmp_path / "onhost.pyz"
    program.write_bytes(archive.build())
    done = subprocess.run([sys.executable, program, '{"op": "fly"}'], capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": "KeyError: 'fly'"})


@pytest.mark.parametrize("path", [*operations.OPERATIONS.values(), *operations.HELD.values()])
def test_every_operation_has_its_function(path: str) -> None:
    assert callable(operations.named(path))


def test_what_runs_on_hosts_imports_the_standard_library_only() -> None:
    sources = sorted(FOLDER.rglob("*.py"))
    with zipfile.ZipFile(io.BytesIO(archive.build())) as program:
        assert set(program.namelist()) == {"__main__.py", *(f"onhost/{path.relative_to(FOLDER)}" for path in sources)}
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(), feature_version=(3, 8))):
            if isinstance(node, ast.Import):
                assert all(name.name.split(".")[0] in sys.stdlib_module_names for name in node.names), path
            elif isinstance(node, ast.ImportFrom):
                assert node.level or (node.module or "").split(".")[0] in sys.stdlib_module_names, path
