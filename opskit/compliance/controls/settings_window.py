"""Whether the timers in force still keep the recovery inside the declared window."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import inf
from typing import NamedTuple

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.settings_values import as_read, in_force, known, subject
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Scalar, Server
from opskit.onhost.masking import MASK
from opskit.predict.predict import predict
from opskit.predict.result import Prediction
from opskit.rocketmq.settings_reserved import RESERVED

WINDOWED = ("produce", "consume", "route")
"""Paths that have the cluster's window; others have one where `opskit_windows` gives it."""
_LAYOUTS = (", shared instance", ", separate instances")
_AS_DECLARED = (
    "The declared timers are as long: shorten them in the inventory, or widen the window. Then run `opskit deploy`, "
    "and prove it with `opskit verify failover`."
)


class _Worst(NamedTuple):
    """The longest recovery of one client on one path. hung: nameserver's and master's hosts."""

    hung: tuple[str, str]
    now: Prediction
    declared: Prediction

    @property
    def is_stretched(self) -> bool:
        return _seconds(self.now) > _seconds(self.declared)

    def is_over(self, limit: float) -> bool:
        """Never where no timer ends it: then it is no setting of a server that stretches it."""
        return self.now.seconds is not None and self.now.seconds > limit


@control(
    "settings-window",
    "settings",
    "medium",
    "Timers in force keep the recovery inside the window.",
    rationale="How long clients go on to a server that hangs is a sum of timers, most of them settings of nameservers "
    "and brokers. One that was lengthened stretches every failover, and nothing shows it until the next one.",
    looks_at="The worst case of each path, predicted by the settings in force, where one nameserver and one master "
    "hang together: beside the same prediction by the declared settings, and beside the window.",
    expects="It is inside the window, and no longer than the declared settings make it.",
    remedy="Run `opskit deploy`, which puts the declared timers in force, and prove the window with "
    "`opskit verify failover`.",
    references=("docs/timing.md", "docs/windows.md"),
)
def settings_window(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    own = dict.fromkeys(WINDOWED, cluster.window_seconds) if cluster.window_seconds else {}
    windows: dict[str, float] = {path: limit for path, limit in (own | cluster.windows).items() if limit}
    if not windows:
        yield not_applicable("cluster", "no window is declared (opskit_window_seconds)")
        return
    running = _running(cluster, evidence)
    if isinstance(running, str):
        yield from (unknown(path, running) for path in windows)
        return
    found = list(_predicted(cluster, running))
    for path, limit in windows.items():
        yield _judge(path, limit, [one for one in found if one.now.path == path])


def _judge(path: str, limit: float, found: Sequence[_Worst]) -> Outcome:
    wrong = [one for one in found if one.is_stretched or one.is_over(limit)]
    if wrong:
        worst = max(wrong, key=lambda one: (one.is_stretched, _seconds(one.now)))
        return fails(path, _sentence(worst, limit), remedy="" if worst.is_stretched else _AS_DECLARED)
    if not found:
        return not_applicable(path, "no worst case is predicted for this path")
    if all(one.now.seconds is None for one in found):
        return not_applicable(path, f"no timer of a server ends it, whatever its value: {found[0].now.sentence}")
    return holds(path)


def _sentence(worst: _Worst, limit: float) -> str:
    terms = " + ".join(f"{term.name} {term.seconds:g} s ({term.source})" for term in worst.now.terms)
    hung = " and ".join(dict.fromkeys(worst.hung))
    return (
        f"where {hung} hang, a client of {worst.now.client} needs up to {_words(worst.now)} by the "
        f"settings in force and {_words(worst.declared)} by the declared ones; the window is {limit:g} s: "
        f"{terms or worst.now.sentence}"
    )


def _words(prediction: Prediction) -> str:
    return "the whole time that they hang" if prediction.seconds is None else f"{prediction.seconds:g} s"


def _seconds(prediction: Prediction) -> float:
    return inf if prediction.seconds is None else prediction.seconds


def _running(cluster: Cluster, evidence: Evidence) -> Cluster | str:
    """The same cluster with the settings in force; the first reason where one did not tell its own."""
    copies: dict[str, Server] = {}
    for server in (*cluster.nameservers, *cluster.brokers):
        table, force = known(server), in_force(evidence, server)
        if isinstance(table, str) or isinstance(force, str):
            return f"{subject(server)}: {table if isinstance(table, str) else force}"
        settings = {
            key: value
            for key, text in force.items()
            if key in table and text != MASK and (value := as_read(table[key], text)) is not None
        }
        copies[subject(server)] = server.model_copy(update={"settings": settings})
    return cluster.model_copy(
        update={
            "nameservers": tuple(copies[subject(one)] for one in cluster.nameservers),
            "brokers": tuple(copies[subject(one)] for one in cluster.brokers),
        }
    )


def _predicted(cluster: Cluster, running: Cluster) -> Iterator[_Worst]:
    """For each nameserver with each master; of those whose timers are the same, once."""
    masters = [at for at, broker in enumerate(cluster.brokers) if broker.is_master]
    seen = set()
    for first, second in product(range(len(cluster.nameservers)), masters):
        hung = running.nameservers[first], running.brokers[second]
        timers = tuple(_timers(server) for server in (*hung, cluster.nameservers[first], cluster.brokers[second]))
        slaves = sum(broker.broker_name == hung[1].broker_name for broker in cluster.brokers)
        if (timers, slaves) in seen:
            continue
        seen.add((timers, slaves))
        now = _by_client(predict(running, "freeze", hung))
        declared = _by_client(predict(cluster, "freeze", (cluster.nameservers[first], cluster.brokers[second])))
        for key, prediction in now.items():
            yield _Worst((hung[0].host.name, hung[1].host.name), prediction, declared[key])


def _by_client(predictions: Sequence[Prediction]) -> Mapping[tuple[str, str], Prediction]:
    """The longest by path and client, whichever layout of its instances that is."""
    found: dict[tuple[str, str], Prediction] = {}
    for one in predictions:
        client = one.client
        for layout in _LAYOUTS:
            client = client.removesuffix(layout)
        key = one.path, client
        if key not in found or _seconds(one) > _seconds(found[key]):
            found[key] = one
    return found


def _timers(server: Server) -> tuple[str, frozenset[tuple[str, Scalar]]]:
    """What two servers differ in, but for who and where they are."""
    identity = RESERVED[server.component]
    return server.release, frozenset((key, value) for key, value in server.settings.items() if key not in identity)
