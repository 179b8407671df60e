"""Write down, four times a second, what each nameserver knows of all brokers: watch_brokers.py FILE NAME=ADDRESS …

Lines of JSON: at, seconds of CLOCK_MONOTONIC; nameserver; brokers, name → id → address, null where it did not answer.
It ends as soon as FILE.stop is there.
"""

import json
import sys
import time
from pathlib import Path

from conftest import PORTS, Server


def brokers(nameserver):
    try:
        return nameserver.brokers()
    except OSError:
        return None


def main():
    file = Path(sys.argv[1])
    named = dict(word.split("=") for word in sys.argv[2:])
    nameservers = {name: Server("nameserver", address, PORTS["nameserver"]) for name, address in named.items()}
    with file.open("w", buffering=1) as lines:
        while not file.with_suffix(".stop").exists():
            for name, nameserver in nameservers.items():
                line = {"at": time.monotonic(), "nameserver": name, "brokers": brokers(nameserver)}
                lines.write(json.dumps(line) + "\n")
            time.sleep(0.25)


main()
