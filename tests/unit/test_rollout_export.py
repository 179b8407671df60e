"""What is written for hosts and images that opskit may not touch."""

import hashlib
from pathlib import Path

import pytest

from opskit.errors import OpskitError
from opskit.rollout.export import export


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "agent.jar"
    path.write_bytes(b"a jar")
    path.chmod(0o600)
    return path


SHA256 = hashlib.sha256(b"a jar").hexdigest()


def test_everything_names_the_same_agent(jar: Path, tmp_path: Path) -> None:
    result = export(tmp_path / "out", jar, SHA256, "nameserver")
    assert result.agent == f"/usr/local/lib/opskit/agent/opskit-agent-{SHA256[:12]}.jar"
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(result.files)
    for name in ("zz-opskit-agent.conf", "Containerfile.snippet", "README.md"):
        assert result.agent in (tmp_path / "out" / name).read_text()
    written = tmp_path / "out" / result.agent.rsplit("/", 1)[1]
    assert written.read_bytes() == b"a jar"
    assert written.stat().st_mode & 0o777 == 0o644


def test_the_image_keeps_the_agents_that_it_has(jar: Path, tmp_path: Path) -> None:
    export(tmp_path / "out", jar, SHA256, "every", latency_fault=True)
    text = (tmp_path / "out" / "Containerfile.snippet").read_text()
    assert 'ENV JAVA_TOOL_OPTIONS="${JAVA_TOOL_OPTIONS:+$JAVA_TOOL_OPTIONS }-javaagent:' in text
    assert text.endswith('=on,mode=every,latency-fault=on"\n')


def test_an_export_can_be_made_again(jar: Path, tmp_path: Path) -> None:
    first = export(tmp_path / "out", jar, SHA256, "nameserver")
    assert export(tmp_path / "out", jar, SHA256, "nameserver") == first


def test_a_folder_with_other_things_is_left_alone(jar: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("mine")
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(OpskitError, match=r"holds other things: thesis\.tex"):
        export(tmp_path / "out", jar, SHA256, "nameserver")
    assert (tmp_path / "out" / "README.md").read_text() == "mine"


def test_a_file_where_the_folder_should_be(jar: Path, tmp_path: Path) -> None:
    with pytest.raises(OpskitError, match="cannot be written"):
        export(jar, jar, SHA256, "nameserver")
