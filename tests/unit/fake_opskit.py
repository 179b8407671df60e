"""Stands in for `python -m opskit` under an experiment: notes what it is asked, keeps the folder of a lab, and ends as
the folder that FAKE_OPSKIT names says.

calls: a line a call. STEP-ROW.json: what the row's next steps do, the last one for ever: {code, out, err, undo}, hang:
seconds that it waits for a signal, until and undo_until: calls that must have come before it ends, and before it has
undone what it did.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

HOME = Path(os.environ.get("FAKE_OPSKIT", "."))
LABS = Path(os.environ.get("OPSKIT_STATE", ".")) / "labs"


def note(text: str) -> None:
    with (HOME / "calls").open("a") as file:
        file.write(f"{text}\n")


def behaviour(step: str, row: str) -> dict:  # type: ignore[type-arg]
    path = HOME / f"{step}-{row}.json"
    if not path.exists():
        return {}
    first, *rest = json.loads(path.read_text())
    if rest:
        path.write_text(json.dumps(rest))
    return first


def await_call(line: str) -> None:
    while line not in (HOME / "calls").read_text():
        time.sleep(0.02)


def act(does: dict, row: str) -> None:  # type: ignore[type-arg]
    received: list[int] = []
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda signum, _: received.append(signum))
    await_call(does.get("until", ""))
    if "hang" in does:
        note(f"hangs {row}")
        end = time.monotonic() + does["hang"]
        while not received and time.monotonic() < end:
            time.sleep(0.02)
        if received:
            await_call(does.get("undo_until", ""))
            note(f"undone {row} after {','.join(signal.Signals(one).name for one in received)}")
            sys.stdout.write(does.get("out", ""))
            sys.exit(does.get("undo", 130 if received[0] == signal.SIGINT else 143))
    sys.stderr.write(does.get("err", ""))
    sys.stdout.write(does.get("out", ""))
    sys.exit(does.get("code", 0))


def main(words: list[str]) -> None:
    inventories = [words[number + 1] for number, word in enumerate(words) if word == "-i"]
    row = next((Path(one).parent.name for one in inventories if "overlays" in one), "")
    if "lab" in words:
        verb, lab = words[words.index("lab") + 1], LABS / words[words.index("--name") + 1]
        number = lab.name.rsplit("-", 1)[-1]
        if verb == "shell":
            sys.stderr.write('openjdk version "17.0.13" 2024-10-15\n')
            return
        note(f"lab {verb} {number}")
        if verb == "up":
            lab.mkdir(parents=True)
            (lab / "inventory.yml").write_text("")
            act(behaviour("up", "lab"), "lab")
        else:
            shutil.rmtree(lab)
        return
    verb = "deploy" if "deploy" in words else "drill"
    note(f"{verb} {row} on {Path(inventories[-1]).parent.name.rsplit('-', 1)[-1]}")
    act(behaviour(verb, row), row)


if __name__ == "__main__":
    main(sys.argv[1:])
