"""Figures as a Prometheus textfile, for node_exporter's textfile collector or a push."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile


@dataclass(frozen=True)
class Sample:
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Metric:
    """One gauge. All its samples carry the same labels; a unit ends its name."""

    name: str
    help: str
    samples: tuple[Sample, ...]


def write_prometheus(path: Path, metrics: Iterable[Metric]) -> None:
    """Written beside and renamed in, so that a collector never reads half of it. One without samples is left out."""
    registry = CollectorRegistry()
    for metric in metrics:
        if metric.samples:
            gauge = Gauge(metric.name, metric.help, tuple(metric.samples[0].labels), registry=registry)
            for sample in metric.samples:
                (gauge.labels(**sample.labels) if sample.labels else gauge).set(sample.value)
    write_to_textfile(str(path), registry)
