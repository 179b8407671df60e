"""`make bench-compliance`: how long an audit of many hosts takes, side by side with its peers.

Every number comes from one run of this program; contenders take turns, so that what else the machine does hits all.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import contenders, hosts, table
from bench.measure import Contender, Measured, measure

DESCRIPTION = "Measure `opskit compliance run` beside its peers. Needs root, openssh-server and 2 minutes to 20."


def main(arguments: Sequence[str]) -> int:
    """Exit 0: all did their work, and opskit reached its targets; 1: a target is missed; 3: somebody did not."""
    wanted = _parser().parse_args(arguments)
    code = hosts.separated(arguments)
    if code is not None:
        return code
    folder = Path(tempfile.mkdtemp(prefix="opskit-bench-"))
    try:
        hosts.serve(folder)
        measured = _all(wanted, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report = table.report(measured)
    sys.stdout.write(table.text(report) + "\n")
    if wanted.json:
        wanted.json.write_text(json.dumps(report, indent=2) + "\n")
    if any(one.missed for one in measured):
        return 3
    return 0 if all(target["reached"] for target in report["targets"]) else 1


def _all(wanted: argparse.Namespace, folder: Path) -> list[Measured]:
    """The quick ones by turns for each number of hosts; the slow peers, by turns too, for the first number."""
    found = []
    for many in wanted.hosts:
        served = hosts.hosts(folder, many)
        first = many == wanted.hosts[0]
        turns = [contenders.TURN] * (wanted.repeats if first else wanted.repeats_many)
        turns += [tuple(contenders.PEERS[name] for name in wanted.peers)] * (wanted.peer_repeats if first else 0)
        for turn in turns:
            for make in turn:
                own = Path(tempfile.mkdtemp(dir=folder))
                found.append(_one(make(served, own, wanted.pyinfra), many))
    return found


def _one(contender: Contender, many: int) -> Measured:
    one = measure(contender, many)
    sys.stdout.write(f"{many} hosts, {one.contender}: {one.missed or f'{one.seconds:.2f} s'}\n")
    sys.stdout.flush()
    return one


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=DESCRIPTION)
    names = list(contenders.PEERS)
    parser.add_argument("--hosts", type=int, nargs="+", default=[50, 200, 1000], help="the slow peers run at the first")
    parser.add_argument("--peers", nargs="*", choices=names, default=names, help="the slow ones")
    parser.add_argument("--repeats", type=int, default=5, help="of the quick ones at the first number of hosts")
    parser.add_argument("--repeats-many", type=int, default=1, help="of them at the others")
    parser.add_argument("--peer-repeats", type=int, default=1, help="of the slow ones")
    parser.add_argument("--pyinfra", type=Path, required=True, help="its program, which has a venv of its own")
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
