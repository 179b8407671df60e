"""From a declared cluster and a fault to the worst case of every path and client. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from opskit.inventory.cluster import Cluster, Scalar, Server
from opskit.predict.paths import Worst, bootstrap_consumer, bootstrap_producer, consume, produce, route
from opskit.predict.result import Prediction, Term
from opskit.predict.situation import Fault, Pace, Situation
from opskit.rocketmq.settings_value import to_properties_value
from opskit.rocketmq.timers import Client


def predict(
    cluster: Cluster, fault: Fault, victims: Sequence[Server], pace: Pace | None = None, new_groups: bool = False
) -> tuple[Prediction, ...]:
    """One prediction for each path and each client that differs in release or settings.

    Consumers that differ by the layout of their instances get one each. victims: servers of the cluster. new_groups:
    whether topics or consumer groups that the brokers never saw are made meanwhile. Without client hosts the clients
    are taken to run the servers' releases with the defaults.
    """
    return tuple(
        prediction
        for release, settings, attempts in _clients(cluster)
        for prediction in _of_client(
            _words(release, settings),
            Situation(cluster, Client(release, settings), fault, victims, pace or Pace(), attempts),
            new_groups,
        )
    )


def worst(predictions: Iterable[Prediction], path: str) -> float | None:
    """The longest of all clients; None where one lasts as long as the fault, 0 where none is predicted."""
    found = [prediction.seconds for prediction in predictions if prediction.path == path]
    bounded = [seconds for seconds in found if seconds is not None]
    return None if len(bounded) < len(found) else max(bounded, default=0.0)


def exceeding(predictions: Iterable[Prediction], windows: Mapping[str, float]) -> tuple[Prediction, ...]:
    """Those whose worst case is longer than the window of their path: held in this run only."""
    return tuple(
        prediction
        for prediction in predictions
        if prediction.path in windows and (prediction.seconds is None or prediction.seconds > windows[prediction.path])
    )


def _clients(cluster: Cluster) -> list[tuple[str, Mapping[str, Scalar], int]]:
    found: list[tuple[str, Mapping[str, Scalar], int]] = [
        (release, client.settings, client.bootstrap_attempts)
        for client in cluster.clients
        for release in client.releases
    ]
    found = found or [(release, {}, 1) for release in sorted({server.release for server in cluster.servers})]
    return [each for at, each in enumerate(found) if each not in found[:at]]


def _words(release: str, settings: Mapping[str, Scalar]) -> str:
    given = ", ".join(f"{name} {to_properties_value(value)}" for name, value in sorted(settings.items()))
    return f"{release} with {given}" if given else release


def _of_client(client: str, now: Situation, new_groups: bool) -> Iterator[Prediction]:
    yield _prediction("produce", client, produce(now))
    shared, separate = consume(now, "shared", new_groups), consume(now, "separate", new_groups)
    if shared == separate:
        yield _prediction("consume", client, shared)
    else:
        yield _prediction("consume", f"{client}, shared instance", shared)
        yield _prediction("consume", f"{client}, separate instances", separate)
    yield _prediction("route", client, route(now))
    yield _prediction("bootstrap@producer", client, bootstrap_producer(now))
    yield _prediction("bootstrap@consumer", client, bootstrap_consumer(now))


def _prediction(path: str, client: str, found: Worst) -> Prediction:
    return Prediction(
        path=path,
        client=client,
        seconds=found.seconds,
        terms=tuple(Term(**timer._asdict()) for timer in found.timers or ()),
        sentence=found.sentence,
    )
