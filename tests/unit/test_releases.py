"""Releases: order, ordinals on the wire, and what changed between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.errors import OpskitError
from opskit.rocketmq import releases
from opskit.rocketmq.releases import SUPPORTED, Release

NUMBERED = st.builds(Release, st.sampled_from([4, 5]), st.integers(0, 9), st.integers(0, 9))


def test_releases_are_ordered_by_number_and_not_by_letter() -> None:
    assert sorted(map(Release.parse, ["5.10.0", "5.4.0", "4.9.7", "4.9.10"])) == [
        Release(4, 9, 7),
        Release(4, 9, 10),
        Release(5, 4, 0),
        Release(5, 10, 0),
    ]


def test_supported_releases_stand_oldest_first() -> None:
    assert list(SUPPORTED) == sorted(SUPPORTED, key=Release.parse)


@pytest.mark.parametrize("text", ["", "5", "5.4", "5.4.0-SNAPSHOT", "v5.4.0", "5.4.0\n", "a.b.c"])
def test_what_is_no_release_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(OpskitError, match="is no release of RocketMQ"):
        Release.parse(text)


MQVERSION = {
    "4.3.0": 273,
    "4.8.0": 373,
    "4.9.1": 395,
    "4.9.4": 401,
    "4.9.9": 411,
    "5.0.0": 413,
    "5.1.4": 441,
    "5.3.3": 479,
    "5.4.0": 493,
    "5.9.9": 611,
}
"""Read from the enum of 5.4.0."""


@pytest.mark.parametrize(("release", "ordinal"), MQVERSION.items())
def test_ordinals_are_those_of_mqversion(release: str, ordinal: int) -> None:
    assert Release.parse(release).ordinal == ordinal
    assert Release.name(ordinal) == release


@given(NUMBERED)
def test_an_ordinal_leads_back_to_its_release(release: Release) -> None:
    assert Release.of_ordinal(release.ordinal) == release


@pytest.mark.parametrize("ordinal", [-1, 0, 111, 212, 372, 494, 612, 613, 2**31])
def test_a_snapshot_or_an_unknown_version_is_no_release(ordinal: int) -> None:
    assert Release.of_ordinal(ordinal) is None
    assert Release.name(ordinal) == f"MQVersion {ordinal}"


@pytest.mark.parametrize("release", ["3.2.6", "4.10.0", "5.0.10", "6.0.0"])
def test_a_release_that_mqversion_cannot_hold_has_no_ordinal(release: str) -> None:
    with pytest.raises(ValueError, match="MQVersion"):
        _ = Release.parse(release).ordinal


@pytest.mark.parametrize(
    ("predicate", "last_without", "first_with"),
    [
        (releases.has_two_nameserver_trap, "4.9.0", "4.9.1"),
        (releases.has_two_nameserver_trap, "5.1.4", "5.1.3"),
        (releases.needs_logback_files, "5.1.0", "5.0.0"),
    ],
)
def test_what_changed_changed_at_its_release(predicate, last_without: str, first_with: str) -> None:
    assert not predicate(last_without)
    assert predicate(first_with)


def test_java_17_opens_its_packages_to_4_x_only() -> None:
    assert "--add-opens=java.base/java.nio=ALL-UNNAMED" in releases.java_options("4.8.0")
    assert "--add-exports=java.base/sun.security.util=ALL-UNNAMED" in releases.java_options("4.9.7")
    assert releases.java_options("5.4.0") == ()
