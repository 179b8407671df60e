"""`make mutate`: break the roles in each known way, and see whether their scenarios notice.

Exit 0: nine of ten were noticed; 1: fewer; 2: a mutation is stale or unknown, and nothing was run.
"""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from mutate import mutation, outcome, table
from mutate.run import Workshop
from opskit import paths
from opskit.errors import Exit, OpskitError

PAGE = Path("docs") / "mutations.md"


def main(names: Sequence[str]) -> int:
    """names: of mutations; all where none is given, which writes the page too."""
    root = paths.assets()
    wanted = mutation.chosen(mutation.load(root), tuple(names))
    for one in wanted:
        # before anything takes minutes
        mutation.mutated(one, (root / one.file).read_text() if (root / one.file).is_file() else "")
    workshop = Workshop(root, paths.state() / "mutate")
    rows = []
    for one in wanted:
        rows.append((one, workshop.ladder(one)))
        _say(table.line_of(one.name, rows[-1][1]))
    for scenario in workshop.baselines.values():
        _say(table.line_of(f"{scenario.scenario}, as it is", scenario))
    _say(f"{table.summary(rows)}. Logs: {workshop.kept}")
    if not names:
        (root / PAGE).write_text(table.page(rows, list(workshop.baselines.values())))
    return outcome.exit_code([found for _, found in rows])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # hosts go before it ends, however it is asked to; a shell's background job would ignore the first
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except OpskitError as error:
        sys.stderr.write(f"mutate: {error}\n")
        sys.exit(error.code)
