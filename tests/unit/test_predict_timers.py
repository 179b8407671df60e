"""The timers that predictions are made of, and the client settings behind them."""

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.rocketmq.client_settings import CLIENT_SETTINGS, check_client, in_force
from opskit.rocketmq.releases import SUPPORTED
from opskit.rocketmq.settings_table import Scalar
from opskit.rocketmq.timers import Client, Server, broker_removed, client_forgotten, registration_timeout

NAMES = st.sampled_from(sorted(CLIENT_SETTINGS))


@pytest.mark.parametrize(
    ("release", "setting", "default"),
    [
        ("4.8.0", "clientCloseSocketIfTimeout", False),
        ("4.9.0", "clientCloseSocketIfTimeout", False),
        ("4.9.1", "clientCloseSocketIfTimeout", True),
        ("5.4.0", "clientCloseSocketIfTimeout", True),
        ("4.9.1", "mqClientApiTimeout", None),
        ("4.9.2", "mqClientApiTimeout", 3000),
        ("5.1.4", "enableHeartbeatChannelEventListener", None),
        ("5.2.0", "enableHeartbeatChannelEventListener", True),
        ("5.3.0", "sendMsgMaxTimeoutPerRequest", None),
        ("5.3.3", "sendMsgMaxTimeoutPerRequest", -1),
        ("4.8.0", "pollNameServerInterval", 30_000),
    ],
)
def test_a_default_is_that_of_its_release(release: str, setting: str, default: Scalar | None) -> None:
    assert in_force(release, {}).get(setting) == default
    assert CLIENT_SETTINGS[setting].is_in(release) is (default is not None)


@given(NAMES, st.sampled_from(SUPPORTED))
def test_every_default_passes(name: str, release: str) -> None:
    setting = CLIENT_SETTINGS[name]
    if setting.is_in(release):
        assert list(check_client("c1", [release], {name: setting.default(release)})) == []


@given(NAMES, st.lists(st.sampled_from(SUPPORTED), min_size=1), st.text() | st.integers() | st.floats() | st.booleans())
def test_any_value_is_judged_without_a_crash(name: str, releases: list[str], value: Any) -> None:
    for finding in check_client("c1", releases, {name: value}, "hosts.yml: rocketmq_client_settings"):
        assert finding.subject == name
        assert finding.sentence.startswith("c1: ")
        assert finding.origin == f"hosts.yml: rocketmq_client_settings.{name}"


def test_a_mistyped_value_names_the_defaults_of_all_releases() -> None:
    (found,) = check_client("c1", ["4.8.0", "5.4.0"], {"clientCloseSocketIfTimeout": "true"})
    assert "false or true" in found.remedy


@pytest.mark.parametrize(
    ("release", "settings", "seconds"),
    [
        ("4.8.0", {}, 0),
        ("4.8.0", {"sendLatencyFaultEnable": True}, 600),
        ("5.1.3", {"sendLatencyFaultEnable": True}, 600),
        ("5.1.4", {"sendLatencyFaultEnable": True}, 10),
        ("5.4.0", {"sendLatencyFaultEnable": True, "startDetectorEnable": True}, inf),
        ("5.4.0", {"startDetectorEnable": True}, 0),
    ],
)
def test_a_broker_that_timed_out_is_avoided_for(release: str, settings: dict[str, Scalar], seconds: float) -> None:
    assert Client(release, settings).avoids_for == seconds


@pytest.mark.parametrize(
    ("nameserver", "broker", "seconds"),
    [
        (("4.8.0", {}), ("4.8.0", {}), 130),
        (("5.4.0", {}), ("4.8.0", {}), 125),
        (("4.8.0", {}), ("5.4.0", {"enableSlaveActingMaster": True}), 130),
        (("5.4.0", {}), ("5.4.0", {"enableSlaveActingMaster": True}), 15),
        (("5.4.0", {"serverChannelMaxIdleTimeSeconds": 12}), ("5.4.0", {"enableSlaveActingMaster": True}), 15),
        (("5.4.0", {"serverChannelMaxIdleTimeSeconds": 45}), ("5.4.0", {}), 45),
    ],
)
def test_a_nameserver_drops_a_silent_broker_after(
    nameserver: tuple[str, dict[str, Scalar]], broker: tuple[str, dict[str, Scalar]], seconds: float
) -> None:
    timers = broker_removed(Server("nameserver", *nameserver), Server("broker", *broker))
    assert sum(timer.seconds for timer in timers) == seconds


def test_a_broker_that_woke_forgets_dead_connections_when_its_release_and_settings_say() -> None:
    def seconds(release: str, settings: dict[str, Scalar]) -> float:
        return sum(timer.seconds for timer in client_forgotten(Server("broker", release, settings)))

    assert seconds("4.8.0", {}) == 130
    assert seconds("5.4.0", {}) == 130
    assert seconds("5.4.0", {"channelExpiredTimeout": 40000}) == 50


def test_4x_and_5x_brokers_wait_for_a_silent_nameserver_as_their_tables_say() -> None:
    assert registration_timeout(Server("broker", "4.8.0", {})) == 6
    assert registration_timeout(Server("broker", "5.4.0", {})) == 24


def test_a_timer_names_its_setting_value_and_class() -> None:
    assert Client("4.8.0", {"sendMsgTimeout": 1500}).send_timeout.source == "sendMsgTimeout 1500 (DefaultMQProducer)"
    assert Client("4.8.0", {}).api_timeout.source == "MQClientInstance, 3000"
    assert Client("5.4.0", {}).api_timeout.source == "mqClientApiTimeout 3000 (ClientConfig)"
