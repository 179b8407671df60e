"""Which hosts and JVMs a command is about: --only HOST, --only HOST/NAME, --only /NAME; NAME is a glob. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from opskit.errors import OpskitError
from opskit.inventory.cluster import Client, Cluster
from opskit.observe.model import Jvm


@dataclass(frozen=True)
class Selection:
    """host None: every client host; name None: every JVM there."""

    host: str | None
    name: str | None

    def __str__(self) -> str:
        return "/".join((self.host or "", *([self.name] if self.name else [])))

    def takes(self, host: str, jvm: Jvm) -> bool:
        if self.host not in (None, host):
            return False
        names = (jvm.unit, (jvm.unit or "").removesuffix(".service"), jvm.container, jvm.main, str(jvm.pid), jvm.name)
        return self.name is None or any(name and fnmatchcase(name, self.name) for name in names)


def selections(cluster: Cluster, texts: Sequence[str]) -> tuple[Selection, ...]:
    """Raises OpskitError (exit 2) for a host that is no client host, or where the inventory has none at all."""
    known = [client.host.name for client in cluster.clients]
    if not known:
        raise OpskitError(
            "no client host: there is nobody to look at",
            where=cluster.name,
            remedy="Put the hosts that run RocketMQ clients into the group clients.",
        )
    found = []
    for text in texts:
        host, _, name = text.partition("/")
        if host and host not in known:
            near = get_close_matches(host, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Client hosts are {', '.join(known)}."
            raise OpskitError(f"{host} is no client host of {cluster.name}", where=f"--only {text}", remedy=hint)
        found.append(Selection(host or None, name or None))
    return tuple(found)


def hosts(cluster: Cluster, chosen: Sequence[Selection]) -> tuple[Client, ...]:
    """The client hosts to look at; all where nothing was chosen."""
    return tuple(
        client
        for client in cluster.clients
        if not chosen or any(one.host in (None, client.host.name) for one in chosen)
    )


def chosen_jvms(seen: Mapping[str, Sequence[Jvm]], chosen: Sequence[Selection]) -> dict[str, tuple[Jvm, ...]]:
    """By host, the JVMs that are meant. Raises OpskitError (exit 2) for a selection that no JVM there answers to."""
    for one in chosen:
        if one.name and not any(one.takes(host, jvm) for host, jvms in seen.items() for jvm in jvms):
            names = sorted({jvm.name for host, jvms in seen.items() for jvm in jvms if one.host in (None, host)})
            raise OpskitError(
                "no JVM with a RocketMQ client answers to that",
                where=f"--only {one}",
                remedy=f"There are {', '.join(names)}." if names else "There is none at all.",
            )
    return {
        host: tuple(jvm for jvm in jvms if not chosen or any(one.takes(host, jvm) for one in chosen))
        for host, jvms in seen.items()
    }
