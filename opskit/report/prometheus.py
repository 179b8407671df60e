"""Figures as a Prometheus textfile, for node_exporter's textfile collector or a push."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest


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
    """Written beside and renamed in, so that a collector never reads half of it. One without samples is left out.

    Everybody may read it, since node_exporter runs as a user of its own. Raises OSError; the file is then as it was.
    """
    registry = CollectorRegistry()
    for metric in metrics:
        if metric.samples:
            gauge = Gauge(metric.name, metric.help, tuple(metric.samples[0].labels), registry=registry)
            for sample in metric.samples:
                (gauge.labels(**sample.labels) if sample.labels else gauge).set(sample.value)
    new = path.with_name(f".{path.name}.new")  # not *.prom: no collector takes it for a textfile
    try:
        with new.open("wb") as file:
            file.write(generate_latest(registry))
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
