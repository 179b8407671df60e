"""The setting tables: which keys a server of a release takes, of which type and default.

data/RELEASE.json is made by java/keys/generate.py from the release's own jars; see docs/settings.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from opskit.rocketmq.releases import SUPPORTED, Release

Component = Literal["broker", "nameserver", "controller"]
Type = Literal["string", "int", "long", "float", "double", "boolean"]
Scalar = str | int | float | bool

COMPONENTS: tuple[Component, ...] = ("broker", "nameserver", "controller")


@dataclass(frozen=True, slots=True)
class Key:
    """One key that MixAll.properties2Object sets.

    classes: configuration classes that take it, below org.apache.rocketmq; the first one's type and default stand.
    default: None where it is null or the machine's; machine: the default depends on the host (processors, home, name,
    address) or its environment; values: the constants a text must be, empty where any text will do.
    """

    name: str
    type: Type
    classes: tuple[str, ...]
    default: Scalar | None = None
    machine: bool = False
    values: tuple[str, ...] = ()


@cache
def keys(component: Component, release: str) -> Mapping[str, Key]:
    """Every key that the component of a supported release takes; empty where the release has no such component.

    Raises KeyError for a release that is not in releases.SUPPORTED.
    """
    table = _table(release)
    found: dict[str, Key] = {}
    for config in table["components"].get(component, ()):
        for name, entry in table["classes"][config].items():
            first = found.get(name)
            found[name] = Key(
                name=name,
                type=first.type if first else entry["type"],
                classes=(*first.classes, config) if first else (config,),
                default=first.default if first else entry.get("default"),
                machine=first.machine if first else entry.get("machine", False),
                values=first.values if first else tuple(entry.get("values", ())),
            )
    return MappingProxyType(found)


def default(component: Component, release: str, key: str) -> Scalar | None:
    """The value in force where a setting is left out; None where it is null or depends on the host.

    Raises KeyError where the release's component has no such key.
    """
    return keys(component, release)[key].default


@cache
def releases_with(component: Component, key: str) -> tuple[str, ...]:
    """The supported releases whose component takes this key, oldest first."""
    return tuple(release for release in SUPPORTED if key in keys(component, release))


def nearest_release(release: str, among: tuple[str, ...]) -> str:
    """The release of `among` closest to this one; of two equally close the newer."""
    ordinal = Release.parse(release).ordinal
    return min(reversed(among), key=lambda other: abs(Release.parse(other).ordinal - ordinal))


@cache
def _table(release: str) -> Any:
    if release not in SUPPORTED:
        raise KeyError(release)
    return json.loads(files("opskit.rocketmq").joinpath("data", f"{release}.json").read_text("utf-8"))
