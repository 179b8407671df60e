"""Each file of tests/cases/inventories is an inventory wrong in one way, with what `opskit plan` must say of it.

change: a JSON merge patch on base.yml (null removes a key); files: contents written as they stand.
finding or error: what is said; also: further error rules; hides: a text that must appear nowhere;
under_ansible_2_18: what of the error is another there.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.release import __version__

from opskit.cli import main as cli
from opskit.errors import Exit, OpskitError
from opskit.inventory.load import load
from opskit.plan.judge import accept, judge

CASES = Path(__file__).parent.parent / "cases" / "inventories"
BASE = yaml.safe_load((CASES / "base.yml").read_text())


def cases() -> list[Any]:
    paths = sorted(path for path in CASES.glob("*.yml") if path.name != "base.yml")
    return [pytest.param(yaml.safe_load(path.read_text()), id=path.stem) for path in paths]


def patched(value: Any, change: Any) -> Any:
    """RFC 7396."""
    if not isinstance(change, dict):
        return change
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in change.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), item)
    return result


def written(root: Path, case: dict[str, Any]) -> Path:
    inventory = root / "inventory"
    contents = {name: yaml.safe_dump(content) for name, content in patched(BASE, case.get("change", {})).items()}
    for name, content in (contents | case.get("files", {})).items():
        path = inventory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return inventory


@pytest.fixture(autouse=True)
def no_vault_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)

    def refuse(*address: object) -> None:
        raise AssertionError(f"a connection was opened: {address}")

    monkeypatch.setattr("socket.socket.connect", refuse)


def test_the_base_is_sound(tmp_path: Path) -> None:
    assert judge(load([written(tmp_path, {})])).findings == ()


@pytest.mark.parametrize("case", cases())
def test_what_is_wrong_is_found(case: dict[str, Any], tmp_path: Path) -> None:
    inventory = written(tmp_path, case)
    if "error" in case:
        with pytest.raises(OpskitError) as raised:
            load([inventory])
        error = raised.value
        expected = case["error"] | (case.get("under_ansible_2_18", {}) if __version__.startswith("2.18.") else {})
        assert error.code is Exit.USAGE
        assert expected["says"] in error.what
        assert expected["where"] in error.where
        assert expected.get("remedy", "") in error.remedy
        return
    expected = case["finding"]
    judged = judge(load([inventory]))
    found = [finding for finding in judged.findings if finding.rule == expected["rule"]]
    assert any(expected["says"] in finding.sentence for finding in found), judged.findings
    finding = next(finding for finding in found if expected["says"] in finding.sentence)
    assert finding.severity == expected["severity"]
    assert expected["where"] in finding.origin
    assert expected.get("remedy", "") in finding.remedy
    rules = {error.rule for error in judged.errors}
    assert rules == {expected["rule"] for _ in (1,) if expected["severity"] == "error"} | set(case.get("also", ()))


@pytest.mark.parametrize("case", cases())
def test_the_command_rejects_errors_in_a_sentence_and_shows_warnings(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = written(tmp_path, case)
    monkeypatch.setattr("sys.argv", ["opskit", "-i", str(inventory), "plan"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    rejected = "error" in case or case["finding"]["severity"] == "error"
    assert ended.value.code == (Exit.USAGE if rejected else Exit.HOLDS)
    assert "Traceback" not in out + err
    assert "[WARNING]" not in out + err
    assert case.get("hides", "\0") not in out + err
    if "error" in case:
        assert err.startswith("opskit: ")
        assert out == ""
        return
    assert case["finding"]["rule"] in out
    if rejected:
        with pytest.raises(OpskitError) as raised:
            accept([inventory])
        assert case["finding"]["says"] in str(raised.value)
        assert case["finding"]["where"] in str(raised.value)
