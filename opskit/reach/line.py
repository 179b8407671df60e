"""A line to one RocketMQ server: questions asked at once over one connection, each answered with an outcome.

What happens to a question is a value, never an exception, so that one server that hangs cannot spoil the asking of all.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from opskit.inventory.cluster import Acl
from opskit.onhost import frames
from opskit.rocketmq.admin import Request, ServerError

T = TypeVar("T")
Outcome = Literal["answered", "refused", "unreachable", "silent", "error", "garbled"]
"""silent: the connection was accepted, and no answer came before the deadline: a hung server looks like that.
error: the server answered with an error code. garbled: what came back is not RocketMQ's."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """What became of one question. seconds: since its deadline began to run."""

    outcome: Outcome
    seconds: float
    value: T | None = None
    detail: str = ""
    """The reason in words, for every outcome but answered."""
    code: int | None = None
    """The response code of an error."""
    version: int | None = None
    """MQVersion of the server, wherever it answered in RocketMQ's way."""


class LineError(Exception):
    """There is no connection to the server, or no longer."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


@dataclass(frozen=True)
class Deadline:
    """An end on the event loop's clock, shared by dialling and asking."""

    seconds: float
    started: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def at(self) -> float:
        return self.started + self.seconds

    @property
    def elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self.started

    @property
    def left(self) -> float:
        return max(0.0, self.seconds - self.elapsed)


class Reader(Protocol):
    async def read(self, n: int) -> bytes: ...


class Writer(Protocol):
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


Streams = tuple[Reader, Writer]
Opened = tuple[Streams, Deadline]
"""Streams, and until when answers that come by them are waited for."""


class Line:
    """An open connection, or the reason why there is none; that reason then answers every question."""

    def __init__(self, streams: "Streams | LineError", deadline: Deadline, acl: Acl | None = None) -> None:
        self._deadline = deadline
        self._acl = (acl.access_key, acl.secret_key.get_secret_value()) if acl else None
        self._waiting: dict[int, asyncio.Future[frames.Frame]] = {}
        self._stray = False
        self._streams = None if isinstance(streams, LineError) else streams
        self._lost = streams if isinstance(streams, LineError) else None
        self._listener = asyncio.create_task(self._listen(self._streams[0])) if self._streams else None

    async def ask(self, request: Request[T]) -> Reply[T]:
        """The outcome of one question, at the deadline at the latest; several may be asked at once."""
        if self._lost or not self._streams:
            return self._failed(self._lost or LineError("refused", "the connection is closed"))
        question = frames.request(request.code, dict(request.ext), request.body, self._acl)
        answer = self._waiting[question.opaque] = asyncio.get_running_loop().create_future()
        version = None
        try:
            async with asyncio.timeout_at(self._deadline.at):
                self._streams[1].write(frames.encode(question))
                frame = await answer
            version = frame.version
            return Reply("answered", self._deadline.elapsed, request.answer(frame), version=version)
        except ServerError as error:
            return Reply("error", self._deadline.elapsed, detail=str(error), code=error.code, version=version)
        except frames.FrameError as error:
            return Reply("garbled", self._deadline.elapsed, detail=str(error), version=version)
        except LineError as lost:
            return self._failed(lost)
        except TimeoutError:
            if self._stray:
                return self._failed(LineError("garbled", "it answers, but not what it was asked"))
            return self._failed(LineError("silent", f"no answer within {self._deadline.seconds:g} s"))
        finally:
            del self._waiting[question.opaque]

    async def close(self) -> None:
        if self._listener:
            self._listener.cancel()
            await asyncio.wait({self._listener})
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _listen(self, reader: Reader) -> None:
        """Hand each answer to its question until the connection ends."""
        decoder = frames.Decoder()
        try:
            while data := await reader.read(65536):
                for frame in decoder.feed(data):
                    if frame.is_response:
                        self._settle(frame)
            self._lost = LineError("refused", "it closed the connection without an answer")
        except frames.FrameError as error:
            self._lost = LineError("garbled", f"not in RocketMQ's protocol: {error}")
        except OSError as error:
            self._lost = LineError("refused", f"it broke the connection: {error.strerror or error}")
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._lost)

    def _settle(self, frame: frames.Frame) -> None:
        answer = self._waiting.get(frame.opaque)
        if answer is None:
            self._stray = True
        elif not answer.done():
            answer.set_result(frame)

    def _failed(self, lost: LineError) -> Reply[Any]:
        return Reply(lost.outcome, self._deadline.elapsed, detail=lost.detail)
