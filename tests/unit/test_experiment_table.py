"""Each file of tests/cases/experiments is a table wrong in one way, with what is said of it before anything starts.

change: a JSON merge patch on base.yml; text or bytes (in hexadecimal): the file as it stands instead. where and remedy:
parts of those of the error.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from test_plan_wrong_inventories import patched

from opskit.errors import Exit, OpskitError
from opskit.experiment.prepare import arguments, prepare
from opskit.experiment.table import DrillRow, Experiment, read
from opskit.paths import assets

CASES = Path(__file__).parent.parent / "cases" / "experiments"
BASE = yaml.safe_load((CASES / "base.yml").read_text())


def cases() -> list[Any]:
    paths = sorted(path for path in CASES.glob("*.yml") if path.name != "base.yml")
    return [pytest.param(yaml.safe_load(path.read_text()), id=path.stem) for path in paths]


def written(folder: Path, case: dict[str, Any]) -> Path:
    file = folder / "table.yml"
    if "bytes" in case:
        file.write_bytes(bytes.fromhex(case["bytes"]))
    else:
        file.write_text(case.get("text", yaml.safe_dump(patched(BASE, case.get("change", {})))))
    return file


@pytest.mark.parametrize("case", cases())
def test_what_is_wrong_is_said_of_the_file_the_row_and_the_key(case: dict[str, Any], tmp_path: Path) -> None:
    file = written(tmp_path, case)
    with pytest.raises(OpskitError) as raised:
        prepare(read(file), file)
    error = raised.value
    assert error.code is Exit.USAGE
    assert error.where.startswith(str(file))
    assert case.get("where", "") in error.where
    assert case["says"] in error.what
    assert case.get("remedy", "") in error.remedy
    assert error.remedy
    assert "opskit-experiment-" not in str(error), "the overlay's own path helps nobody"


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OpskitError) as raised:
        read(tmp_path / "table.yml")
    assert (raised.value.what, raised.value.code) == ("no such file", Exit.USAGE)


def change(**changes: Any) -> dict[str, Any]:
    return {"change": changes}


def row(**changes: Any) -> dict[str, Any]:
    return {"name": "hang", "scenario": "nameserver", "fault": "freeze"} | changes


def test_a_row_says_what_differs_from_the_defaults(tmp_path: Path) -> None:
    said = row(hold=90, vars={"rocketmq_release": "5.4.0"})
    (settled,) = read(written(tmp_path, change(rows=[said]))).settled()
    assert (settled.window, settled.hold, settled.stable) == (30, 90, 30)
    assert settled.vars == {
        "rocketmq_client_settings": {"clientCloseSocketIfTimeout": False},
        "rocketmq_release": "5.4.0",
    }


def test_a_row_may_go_back_to_what_the_inventory_says(tmp_path: Path) -> None:
    (settled,) = read(written(tmp_path, change(rows=[row(window=None)]))).settled()
    assert settled.window is None
    assert "--window" not in arguments(settled)


def test_the_arguments_of_a_drill() -> None:
    said = row(victim=["ns1", "broker-a"], scenario="nameserver-and-broker", window=7.5, hold=90, repeat=2)
    words = " ".join(arguments(DrillRow.model_validate(said)))
    assert words == (
        "--scenario nameserver-and-broker --fault freeze --victim ns1 --victim broker-a "
        "--window 7.5 --hold 90 --stable 30 --clients 1 --repeat 2"
    )


def test_variables_reach_every_host_over_what_its_groups_say(tmp_path: Path) -> None:
    said = row(hosts={"client2": {"rocketmq_client_settings": {"pollNameServerInterval": 7000}}})
    file = written(tmp_path, change(rows=[said]))
    (made,) = prepare(read(file), file)
    settings = {client.host.name: client.settings for client in made.cluster.clients}
    # inventories/lab/group_vars/clients.yml says otherwise
    assert settings == {"client1": {"clientCloseSocketIfTimeout": False}, "client2": {"pollNameServerInterval": 7000}}


SAME = {"expect": "fails", "note": "other words"}
OTHER_DRILL = {"fault": "kill"}
OTHER_CLIENTS = {"vars": {"rocketmq_client_releases": ["5.4.0"]}}
OTHER_SETTINGS = {"vars": {"rocketmq_client_settings": {"clientCloseSocketIfTimeout": True}}}
OTHER_SERVERS = {"vars": {"rocketmq_nameserver_settings": {"serverChannelMaxIdleTimeSeconds": 33}}}


def test_what_needs_another_drill_and_what_another_lab(tmp_path: Path) -> None:
    changed = [{}, SAME, OTHER_DRILL, OTHER_SETTINGS, OTHER_CLIENTS, OTHER_SERVERS]
    rows = [row(**one) | {"name": f"row-{number}"} for number, one in enumerate(changed)]
    file = written(tmp_path, change(rows=rows))
    first, same, drill, settings, clients, servers = prepare(read(file), file)
    assert same.definition == first.definition
    assert first.definition not in {one.definition for one in (drill, settings, clients, servers)}
    assert drill.setup == settings.setup == first.setup
    assert clients.setup.servers == first.setup.servers
    assert clients.setup != first.setup
    assert servers.setup.servers != first.setup.servers


def test_an_inventory_beside_the_table_wins_over_the_checkouts(tmp_path: Path) -> None:
    beside = tmp_path / "inventories" / "lab" / "hosts.yml"
    beside.parent.mkdir(parents=True)
    beside.write_text((assets() / "inventories" / "lab" / "hosts.yml").read_text().replace("lab\n", "mine\n", 1))
    file = written(tmp_path, change(defaults={"vars": {"opskit_gate_seconds": 60}}))
    (made,) = prepare(read(file), file)
    assert made.inventory == beside.parent


@pytest.mark.parametrize("path", sorted((assets() / "experiments").glob("*.yml")), ids=lambda path: path.stem)
def test_the_tables_of_the_checkout_are_sound(path: Path) -> None:
    for made in prepare(read(path), path):
        for broker in made.cluster.brokers:
            assert broker.settings["mappedFileSizeCommitLog"] == 67108864, "a lab's disk is small"
            assert ("timerWheelEnable" in broker.settings) == (broker.release >= "5"), made.name


def test_the_table_of_hangs_holds_what_it_should() -> None:
    path = assets() / "experiments" / "hang.yml"
    made = prepare(read(path), path)
    plain = made[0].cluster
    assert all(one.settings == {} for one in plain.nameservers), "defaults, whatever the lab's inventory gives"
    assert all("registerNameServerPeriod" not in one.settings for one in plain.brokers)
    assert [one.settings for one in plain.clients] == [{"clientCloseSocketIfTimeout": False}] * 2
    rows = [one.row for one in made]
    settings = [said.vars["rocketmq_client_settings"] for said in rows]
    frozen = {
        (said.scenario, setting.get("clientCloseSocketIfTimeout"))
        for said, setting in zip(rows, settings, strict=True)
        if said.fault == "freeze" and set(setting) == {"clientCloseSocketIfTimeout"}
    }
    scenarios = ("nameserver", "broker", "nameserver-and-broker", "host")
    assert frozen == {(scenario, on) for scenario in scenarios for on in (False, True)}
    assert {said.fault for said in rows} == {"freeze", "blackhole", "kill"}
    assert len(rows) >= 16


def test_the_docs_name_every_key() -> None:
    text = (assets() / "docs" / "experiments.md").read_text()
    known = {*Experiment.model_fields, *DrillRow.model_fields}
    assert not [key for key in known if f"`{key}`" not in text and f"\n{key}: " not in text]
