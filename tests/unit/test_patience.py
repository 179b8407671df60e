"""A cancel waits for the work."""

import asyncio

import pytest

from opskit.reach.patience import to_the_end


class Work:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.go_on, self.finished = error, asyncio.Event(), False

    async def do(self) -> str:
        await self.go_on.wait()
        self.finished = True
        if self.error:
            raise self.error
        return "done"


async def cancelled_meanwhile(work: Work) -> asyncio.Task[str]:
    task = asyncio.create_task(to_the_end(work.do()))
    for _ in range(2):
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    work.go_on.set()
    await asyncio.wait([task])
    return task


async def test_the_result_is_that_of_the_work() -> None:
    work = Work()
    work.go_on.set()
    assert await to_the_end(work.do()) == "done"


async def test_a_cancel_is_raised_once_the_work_is_done_however_often_it_comes() -> None:
    work = Work()
    task = await cancelled_meanwhile(work)
    assert work.finished and task.cancelled()


async def test_an_error_of_the_work_is_raised() -> None:
    work = Work(ValueError("no"))
    task = await cancelled_meanwhile(work)
    with pytest.raises(ValueError, match="no"):
        task.result()


async def test_work_that_ends_itself_by_a_cancel_is_not_waited_for_again() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await to_the_end(work())
