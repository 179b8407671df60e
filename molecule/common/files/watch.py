"""Write down, ten times a second, whether the Java processes of this host stand still. Runs on a victim, beside opskit.

watch.py FILE: lines of CLOCK_MONOTONIC in nanoseconds and a letter for each process, T for one that is stopped. It ends
with an error as soon as one of them is gone.
"""

import sys
import time
from pathlib import Path


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def main():
    pids = [each.parent.name for each in Path("/proc").glob("[0-9]*/comm") if each.read_text() == "java\n"]
    with Path(sys.argv[1]).open("w", buffering=1) as lines:
        while True:
            lines.write(f"{time.monotonic_ns()} {''.join(map(state, pids))}\n")
            time.sleep(0.1)


main()
