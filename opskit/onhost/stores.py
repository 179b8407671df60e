"""A broker's store on this host: which release runs on it, which wrote it, and what in it only 5.x can serve."""

import glob
import os
import re
from typing import Any, Dict, Iterator, List, Optional

from . import units

HEAD_BYTES = 200
BROKER_JAR = re.compile(r"/rocketmq-broker-(\d+\.\d+\.\d+)\.jar$")
ONLY_5X = {
    "messages to be delivered at a time of their own": "consumequeue/rmq_sys_wheel_timer",
    "messages taken by pop consumers": "consumequeue/rmq_sys_REVIVE_LOG_*",
    "batch queues": "batchconsumequeue/*",
    "compacted topics": "compaction/compactionLog/*",
    "the epochs of a controller": "epochFileCheckpoint",
}
"""What it is → where 5.4.0 keeps it, below the store (StorePathConfigHelper, TimerMessageStore, MessageStoreConfig)."""


def state(path: str, unit: str) -> Dict[str, Any]:
    """{runs, written_by, only_5x}.

    runs: release of the unit's process, None where none runs or its jar does not say; written_by: 4 or 5, the major
    release that wrote the store last, None where there is none; only_5x: what in it no release of 4.x serves.
    """
    return {"runs": running(units.state(unit)["pid"]), "written_by": writer(path), "only_5x": only_5x(path)}


def running(pid: int) -> Optional[str]:
    """The release in the name of the broker's jar that the process holds open."""
    found = (BROKER_JAR.search(link) for link in _open_files(pid))
    return next((match.group(1) for match in found if match), None)


def writer(path: str) -> Optional[int]:
    """From consumerOffset.json, written every 5 s: its first key is dataVersion since 5.0.0, a key that 4.x has not."""
    try:
        with open(os.path.join(path, "config", "consumerOffset.json"), "rb") as file:
            return 5 if b'"dataVersion"' in file.read(HEAD_BYTES) else 4
    except FileNotFoundError:
        return None


def only_5x(path: str) -> List[str]:
    """In words, sorted; empty where 4.x can serve all of it."""
    below = glob.escape(path)
    return sorted(what for what, where in ONLY_5X.items() if glob.glob(os.path.join(below, where)))


def _open_files(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return  # no process, or one that has just ended
    for name in names:
        try:
            yield os.readlink(os.path.join(folder, name))
        except FileNotFoundError:
            continue  # closed in between; the jar stays open as long as the process lives
