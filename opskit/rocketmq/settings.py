"""Settings that RocketMQ itself would swallow, found before any connection.

RocketMQ ignores a key it does not know and keeps its default where a value does not parse, both without a word
(MixAll.properties2Object). `check` does not.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache

from opskit.finding import Finding, Severity
from opskit.rocketmq.releases import SUPPORTED
from opskit.rocketmq.settings_danger import Given, dangers
from opskit.rocketmq.settings_reserved import RESERVED
from opskit.rocketmq.settings_table import (
    COMPONENTS,
    Component,
    Key,
    Scalar,
    default,
    keys,
    nearest_release,
    releases_with,
)
from opskit.rocketmq.settings_value import consequence, expectation, objection, to_properties_value

_CLOSE = 0.75
"""How alike two names are that one may be meant for the other: 0.6, difflib's own, joins names that share one word."""

__all__ = ["Component", "Key", "Scalar", "check", "default", "keys", "to_properties_value"]


def check(component: Component, release: str, settings: Mapping[str, Scalar], origin: str = "") -> list[Finding]:
    """What is wrong with the settings of one server, in their order.

    origin: where they come from, such as "host b1: rocketmq_broker_settings"; a finding's origin adds the key.
    Rules: release-unknown, setting-reserved, setting-unknown, setting-other-release, setting-type (errors) and
    setting-danger (a warning; an error where the server would not start or stand open).
    """
    if release not in SUPPORTED:
        return [_release_unknown(release, origin)]
    known = keys(component, release)
    if not known:
        return [_component_missing(component, release, origin)]
    findings: list[Finding] = []
    sound: dict[str, Scalar] = {}
    for key, value in settings.items():
        at = f"{origin}.{key}" if origin else key
        if key in RESERVED[component]:
            findings.append(_reserved(component, key, at))
        elif key not in known:
            findings.append(_not_in_table(component, release, key, at))
        elif wrong := objection(known[key], value):
            findings.append(_mistyped(known[key], value, wrong, at))
        else:
            sound[key] = value
    return [*findings, *_endangering(Given(component, release, sound, known), origin)]


def _finding(rule: str, severity: Severity, subject: str, sentence: str, remedy: str, origin: str) -> Finding:
    return Finding(rule=rule, severity=severity, subject=subject, sentence=sentence, remedy=remedy, origin=origin)


def _release_unknown(release: str, origin: str) -> Finding:
    return _finding(
        "release-unknown",
        "error",
        release,
        f"opskit has no setting table for RocketMQ {release}; it has them for {', '.join(SUPPORTED)}",
        f"Choose one of these releases, or make its table: java/keys/generate.py {release} (docs/settings.md).",
        origin,
    )


def _component_missing(component: Component, release: str, origin: str) -> Finding:
    having = tuple(other for other in SUPPORTED if keys(component, other))
    return _finding(
        "setting-other-release",
        "error",
        component,
        f"RocketMQ {release} has no {component}; {_has(having)}",
        f"Run {nearest_release(release, having)}, the nearest release that has it.",
        origin,
    )


def _reserved(component: Component, key: str, at: str) -> Finding:
    return _finding("setting-reserved", "error", key, f"opskit writes {key} itself", RESERVED[component][key], at)


def _not_in_table(component: Component, release: str, key: str, at: str) -> Finding:
    having = releases_with(component, key)
    if having:
        nearest = nearest_release(release, having)
        sentence = f"the {component} of RocketMQ {release} has no setting {key}; {_has(having)}"
        remedy = f"Leave it out, or run {nearest}, the nearest release that has it."
        return _finding("setting-other-release", "error", key, sentence, remedy, at)
    sentence = f"RocketMQ {release} has no {component} setting {key} and would ignore it without a word"
    return _finding("setting-unknown", "error", key, sentence, _what_was_meant(component, release, key), at)


def _has(releases: tuple[str, ...]) -> str:
    return f"{', '.join(releases)} {'has' if len(releases) == 1 else 'have'} it"


@cache
def _what_was_meant(component: Component, release: str, key: str) -> str:
    others = [other for other in COMPONENTS if other != component and key in keys(other, release)]
    if others:
        return f"It is a setting of the {others[0]}: move it to rocketmq_{others[0]}_settings."
    known = {name.lower(): name for name in keys(component, release)}
    for close in get_close_matches(key.lower(), known, n=1, cutoff=_CLOSE):
        instead = RESERVED[component].get(known[close])
        return f"Did you mean {known[close]}? {instead}" if instead else f"Did you mean {known[close]}?"
    return "Leave it out; no known name comes close."


def _mistyped(key: Key, value: Scalar, wrong: str, at: str) -> Finding:
    sentence = f"{key.name} {value!r} {wrong}; {consequence(key)}"
    return _finding("setting-type", "error", key.name, sentence, expectation(key), at)


def _endangering(given: Given, origin: str) -> Iterator[Finding]:
    for key, danger in dangers(given):
        # a rule about any key might meet a secret one, so only rules about a named key show the value
        shown = f"{key} {to_properties_value(given.settings[key])}" if danger.key else key
        at = f"{origin}.{key}" if origin else key
        yield _finding("setting-danger", danger.severity, key, f"{shown}: {danger.reason}", danger.remedy, at)
