"""Settings rendered, on disk, in force: real answers give no finding, no secret is told, no garbage stops a judge."""

from pathlib import Path

import pytest
from clusters import small_cluster
from compliance_cases import sound
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.control import Outcome
from opskit.compliance.controls.settings_process import options_of
from opskit.compliance.controls.settings_values import as_read, listed, shown
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.onhost.masking import MASK
from opskit.render.files import render
from opskit.render.layout import KINDS
from opskit.rocketmq.answers import properties
from opskit.rocketmq.settings_table import Key, keys

IN_FORCE = Path(__file__).parent.parent / "cases" / "in-force"
"""What the start-up classes of each release report (Configuration.getAllConfigsFormatString) for the small cluster's
own files, as requests 26 and 319 answer."""
OWN = (
    "settings-on-disk",
    "settings-rewritten",
    "settings-unknown-key",
    "settings-in-force",
    "settings-changed-at-run-time",
    "broker-close-on-timeout",
    "settings-window",
    "settings-restart-pending",
    "jvm-options",
    "other-release",
)


def judged(cluster: Cluster, evidence: Evidence, *ids: str) -> list[Outcome]:
    return [outcome for id in ids or OWN for outcome in CONTROLS[id].judge(cluster, evidence)]


def of_release(release: str, **changes: object) -> Cluster:
    told = small_cluster(**changes).model_dump()
    for server in (*told["nameservers"], *told["brokers"]):
        server["release"] = release
    return Cluster.model_validate(told)


@pytest.mark.parametrize("release", ["4.8.0", "4.9.7", "5.4.0"])
def test_what_real_servers_tell_of_sound_files_is_no_finding(release: str) -> None:
    cluster = of_release(release, window_seconds=300.0)
    evidence = sound(cluster)
    force = {kind: properties((IN_FORCE / f"{release}-{kind}.txt").read_text()) for kind in ("master", "nameserver")}
    nameserver = evidence.nameservers["ns1"].model_copy(update={"settings": force["nameserver"]})
    master = evidence.brokers["a"].model_copy(update={"settings": force["master"]})
    told = evidence.model_copy(
        update={
            "nameservers": {**evidence.nameservers, "ns1": nameserver},
            "brokers": {**evidence.brokers, "a": master},
        }
    )
    assert [one for one in judged(cluster, told) if one.status in ("fails", "unknown")] == []


def test_a_host_that_did_not_tell_makes_its_servers_unknown() -> None:
    cluster, evidence = small_cluster(), sound()
    hosts = {name: facts for name, facts in evidence.hosts.items() if name != "a"}
    unseen = {"a": {"outcome": "unreachable", "error": "no route to a"}}
    told = Evidence.model_validate({**evidence.model_dump(), "hosts": hosts, "unseen": unseen})
    for id in set(OWN) - {"settings-window", "broker-close-on-timeout", "other-release"}:
        found = [one for one in judged(cluster, told, id) if one.host == "a"]
        assert {one.status for one in found} == {"unknown"}, id
        assert all("no route to a" in one.observed for one in found)
    # its broker answered, so of its release something was seen
    assert [one.status for one in judged(cluster, told, "other-release") if one.host == "a"] == ["holds"]


def test_no_secret_is_told_of_a_file_that_differs() -> None:
    key = "innerClientAuthenticationCredentials"
    brokers = small_cluster().brokers
    changed = (brokers[0].model_copy(update={"settings": {key: "hunter2", "fileReservedTime": 72}}), *brokers[1:])
    cluster = of_release("5.4.0", brokers=changed)
    told = sound(cluster).model_dump()
    conf = told["hosts"]["a"]["files"]["/etc/rocketmq/conf/broker.conf"]
    conf["sha256"] = "other"
    conf["settings"][key] = MASK
    told["brokers"]["a"]["settings"][key] = MASK
    only = judged(cluster, Evidence.model_validate(told))
    assert next(one.observed for one in only if one.status == "fails").endswith("or the value of a secret key")
    del conf["settings"][key]
    conf["settings"]["fileReservedTime"] = "48"
    more = judged(cluster, Evidence.model_validate(told))
    texts = [one.observed for one in more if one.status == "fails"]
    assert f"{key} is missing, declared {MASK}" in texts[0] and "fileReservedTime is 48, declared 72" in texts[0]
    assert "hunter2" not in repr([*only, *more])


def test_options_of_a_unit_are_as_systemd_passes_them_on() -> None:
    lines = ("/usr/bin/java -server", "-Xmx1g", '"-XX:OnError=kill -9 %%p"', "-cp /x/lib/*", "a.B -c f")
    unit = "[Service]\nExecStart=" + " \\\n    ".join(lines) + "\nRestart=on-failure\n"
    assert options_of(unit, "a.B") == ["-server", "-Xmx1g", "-XX:OnError=kill -9 %p", "-cp", "/x/lib/*"]


def test_every_rendered_unit_has_options() -> None:
    for release in ("4.8.0", "5.4.0"):
        for host in render(of_release(release), {release: "B"}).values():
            for file in host.files:
                kind = next((one for one in KINDS.values() if file.path.endswith(f"/{one.unit}")), None)
                if kind:
                    assert options_of(file.content, kind.main_class)[0] == "-server"


def test_of_many_differences_five_are_told() -> None:
    assert listed("abcde") == "a; b; c; d; e"
    assert listed("abcdefg") == "a; b; c; d; e; and 2 more"


BOOLEAN = Key("b", "boolean", ("X",), default=True)
INT = Key("i", "int", ("X",), default=30)
DOUBLE = Key("d", "double", ("X",), default=0.5)
TEXT = Key("t", "string", ("X",))


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (BOOLEAN, "TRUE", True),
        (BOOLEAN, "yes", False),
        (BOOLEAN, " true", False),
        (INT, "+075", 75),
        (INT, "30s", 30),
        (INT, "4294967296", 30),
        (INT, "9" * 5000, 30),
        (DOUBLE, "1e1", 10.0),
        (DOUBLE, "", 0.5),
        (TEXT, "a ", "a"),
    ],
)
def test_values_are_read_as_rocketmq_reads_them(key: Key, text: str, value: object) -> None:
    assert as_read(key, text) == value


def test_an_empty_value_and_a_secret_one_are_shown_as_such() -> None:
    assert (shown("a", ""), shown("a", "b"), shown("aclPassword", "b"), shown("aclPassword", "")) == (
        '""',
        "b",
        MASK,
        MASK,
    )


texts = st.dictionaries(
    st.sampled_from([*keys("broker", "4.8.0"), "scanNotActiveBrokerInterval", "nobody's"]) | st.text(max_size=6),
    st.text(max_size=12) | st.sampled_from(["-1", "1e999", "NaN", "true", MASK]),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(disk=texts, force=texts)
def test_whatever_lies_on_a_disk_or_is_told_is_judged(disk: dict[str, str], force: dict[str, str]) -> None:
    cluster = small_cluster(window_seconds=30.0)
    told = sound(cluster).model_dump()
    told["hosts"]["a"]["files"]["/etc/rocketmq/conf/broker.conf"] |= {"settings": disk, "sha256": "other"}
    for server in (told["brokers"]["a"], told["brokers"]["a-s"], told["nameservers"]["ns1"]):
        server["settings"] = force
    outcomes = judged(cluster, Evidence.model_validate(told))
    assert all(one.observed for one in outcomes if one.status != "holds")
