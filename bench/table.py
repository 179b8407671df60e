"""What was measured as one report, and that as a text."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from statistics import median
from typing import Any

from bench.measure import Measured
from opskit.reach.sweep import CONNECTS_AT_ONCE

MOST_RATIO = 1.2
MOST_BYTES_AT_1000 = 300_000_000
FLOOR, OPSKIT = "ssh HOST true", "opskit"


def report(measured: Sequence[Measured]) -> dict[str, Any]:
    """Rows, one a contender and number of hosts, the machine, and which targets were reached."""
    rows = [_row(list(runs), measured) for _, runs in groupby(sorted(measured, key=_of), key=_of)]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processors": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()},
        "at_once": CONNECTS_AT_ONCE,
        "rows": sorted(rows, key=lambda row: (row["hosts"], row["seconds"])),
        "targets": _targets(rows),
    }


def text(found: dict[str, Any]) -> str:
    """The table in Markdown, and a line a target."""
    lines = [
        "",
        "| hosts | contender | runs | median s (least to most) | of the floor | its CPU s | hosts' CPU s | peak MB |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
        *map(_line, found["rows"]),
        "",
        *(f"{'reached' if one['reached'] else 'MISSED '}: {one['target']}: {one['seen']}" for one in found["targets"]),
    ]
    return "\n".join(lines)


def _of(one: Measured) -> tuple[int, str]:
    return one.hosts, one.contender


def _row(runs: list[Measured], measured: Sequence[Measured]) -> dict[str, Any]:
    seconds = [one.seconds for one in runs]
    floors = [one.seconds for one in measured if one.hosts == runs[0].hosts and one.contender == FLOOR]
    # a run beside a floor of its own is compared with that, since both met the same load
    paired = len(floors) == len(seconds)
    ratios = [mine / least for mine, least in zip(seconds, floors, strict=True)] if paired else []
    ratio = median(ratios) if paired else median(seconds) / median(floors)
    return {
        "hosts": runs[0].hosts,
        "contender": runs[0].contender,
        "runs": len(runs),
        "seconds": round(median(seconds), 2),
        "least": min(seconds),
        "most": max(seconds),
        "ratio": round(ratio, 2),
        "processor_seconds": round(median(one.processor_seconds for one in runs), 2),
        "host_seconds": round(median(one.host_seconds for one in runs), 2),
        "peak_bytes": max(one.peak_bytes for one in runs),
        "missed": next((one.missed for one in runs if one.missed), ""),
    }


def _line(row: dict[str, Any]) -> str:
    spread = f"{row['seconds']:.2f} ({row['least']:.2f} to {row['most']:.2f})"
    cells = (
        row["hosts"],
        row["contender"] + (f" FAILED: {row['missed']}" if row["missed"] else ""),
        row["runs"],
        spread,
        f"{row['ratio']:.2f}",
        f"{row['processor_seconds']:.1f}",
        f"{row['host_seconds']:.1f}",
        round(row["peak_bytes"] / 1e6),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _targets(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    own = [row for row in rows if row["contender"] == OPSKIT and not row["missed"]]
    targets = [
        {
            "target": f"at most {MOST_RATIO} of the floor at {row['hosts']} hosts",
            "seen": f"{row['ratio']:.2f}",
            "reached": row["ratio"] <= MOST_RATIO,
        }
        for row in own
    ]
    for row in own:
        peers = [
            one for one in rows if one["hosts"] == row["hosts"] and not one["contender"].startswith((FLOOR, OPSKIT))
        ]
        if peers:
            best = min(peers, key=lambda one: one["seconds"])
            targets.append(
                {
                    "target": f"ahead of every peer at {row['hosts']} hosts",
                    "seen": f"{row['seconds']:.2f} s; {best['contender']} {best['seconds']:.2f} s",
                    "reached": row["most"] < best["least"],
                }
            )
        if row["hosts"] == 1000:
            targets.append(
                {
                    "target": f"under {MOST_BYTES_AT_1000 / 1e6:.0f} MB at 1000 hosts",
                    "seen": f"{row['peak_bytes'] / 1e6:.0f} MB",
                    "reached": row["peak_bytes"] < MOST_BYTES_AT_1000,
                }
            )
    return targets
