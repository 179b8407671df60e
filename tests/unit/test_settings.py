"""Settings that RocketMQ would swallow: tests/cases/settings, and promises that hold for every key of every table."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from opskit.rocketmq.releases import SUPPORTED
from opskit.rocketmq.settings import Component, Key, Scalar, check, default, keys, to_properties_value
from opskit.rocketmq.settings_danger import DANGERS
from opskit.rocketmq.settings_reserved import RESERVED
from opskit.rocketmq.settings_table import COMPONENTS

FILES = sorted((Path(__file__).parent.parent / "cases" / "settings").glob("*.yml"))
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in FILES
    for case in yaml.safe_load(file.read_text("utf-8"))
]
TABLES = [(component, release) for release in SUPPORTED for component in COMPONENTS if keys(component, release)]
KEYS = [(component, release, key) for component, release in TABLES for key in keys(component, release).values()]
PARTS = ("sentence", "remedy")


@pytest.mark.parametrize("case", CASES)
def test_findings_are_as_the_case_says(case: dict[str, Any]) -> None:
    found = check(case["component"], case["release"], case["settings"])
    expected = [{"severity": _severity(finding), **finding} for finding in case.get("findings", [])]
    assert [(finding.rule, finding.severity) for finding in found] == [
        (finding["rule"], finding["severity"]) for finding in expected
    ], found
    for finding, parts in zip(found, expected, strict=True):
        assert finding.subject == parts.get("subject", finding.subject)
        for part in PARTS:
            assert parts.get(part, "") in getattr(finding, part)


def _severity(finding: dict[str, str]) -> str:
    return "warning" if finding["rule"] == "setting-danger" else "error"


def test_a_finding_names_the_key_it_comes_from() -> None:
    origin = "host b1: rocketmq_broker_settings"
    found = check("broker", "4.8.0", {"x": 1, "brokerId": 0, "fileReservedTime": "x", "brokerPermission": 2}, origin)
    assert [finding.origin for finding in found] == [f"{origin}.{finding.subject}" for finding in found]
    assert len(found) == 4


def test_no_danger_of_an_unnamed_key_shows_a_value() -> None:
    for finding in check("broker", "5.4.0", {"objectStoreSecretKey": "hidden"}):
        assert "hidden" not in finding.model_dump_json()


@given(st.sampled_from(KEYS))
def test_every_default_passes_without_an_error(chosen: tuple[Component, str, Key]) -> None:
    component, release, key = chosen
    value = default(component, release, key.name)
    if value is not None and key.name not in RESERVED[component]:
        errors = [finding for finding in check(component, release, {key.name: value}) if finding.severity == "error"]
        assert errors == []


@given(st.sampled_from(KEYS), st.text() | st.integers() | st.floats() | st.booleans())
def test_any_value_is_judged_without_a_crash(chosen: tuple[Component, str, Key], value: Scalar) -> None:
    component, release, key = chosen
    for finding in check(component, release, {key.name: value}):
        assert finding.subject == key.name


@given(st.sampled_from(TABLES), st.text())
def test_any_other_name_is_an_error(table: tuple[Component, str], name: str) -> None:
    component, release = table
    if name not in keys(component, release) and name not in RESERVED[component]:
        (finding,) = check(component, release, {name: 1})
        assert finding.severity == "error"


@pytest.mark.parametrize("release", SUPPORTED)
def test_a_table_is_of_its_release_and_holds_what_every_server_has(release: str) -> None:
    assert default("broker", release, "registerNameServerPeriod") == 30_000
    assert default("nameserver", release, "serverChannelMaxIdleTimeSeconds") == 120
    assert keys("broker", release)["brokerIP1"].machine


@pytest.mark.parametrize(("release", "closes"), [("4.8.0", False), ("4.9.7", True), ("5.4.0", True)])
def test_the_setting_behind_the_incident_has_the_default_of_its_release(release: str, closes: bool) -> None:
    assert default("broker", release, "clientCloseSocketIfTimeout") is closes


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_reserved_or_dangerous_key_exists_somewhere(component: Component) -> None:
    known = {key for release in SUPPORTED for key in keys(component, release)}
    assert set(RESERVED[component]) <= known
    assert {danger.key for danger in DANGERS if component in danger.components and danger.key} <= known


def test_a_release_without_a_table_has_no_keys_to_ask_for() -> None:
    with pytest.raises(KeyError):
        keys("broker", "5.0.0")


@pytest.mark.parametrize(
    ("value", "written"), [(True, "true"), (False, "false"), (8, "8"), (0.5, "0.5"), ("True", "True"), ("a=b", "a=b")]
)
def test_a_value_is_written_as_rocketmq_parses_it(value: Scalar, written: str) -> None:
    assert to_properties_value(value) == written
