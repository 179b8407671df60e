"""Work that ends with an undo, whatever stops it."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any

from opskit.errors import Exit
from opskit.reach.playbook import STOPS


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run it; Ctrl-C, SIGTERM and SIGHUP cancel it once, and what it undoes then is not cut short by another one.

    Afterwards KeyboardInterrupt or SystemExit(143) tells that it was stopped.
    """
    stopped: list[signal.Signals] = []

    async def supervised() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def stop(signum: signal.Signals) -> None:
            if not stopped:
                stopped.append(signum)
                task.cancel()

        for signum in (one for one in STOPS if signal.getsignal(one) is not signal.SIG_IGN):
            loop.add_signal_handler(signum, stop, signum)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    before = {signum: signal.getsignal(signum) for signum in STOPS}
    try:
        asyncio.run(supervised())
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if stopped:
        raise KeyboardInterrupt if stopped[0] is signal.SIGINT else SystemExit(int(Exit.TERMINATED))
