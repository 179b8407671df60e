"""A server that misbehaves on purpose: the error paths that a real RocketMQ cannot be made to take."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from opskit.inventory.cluster import Endpoint, Host
from opskit.onhost import frames

Behaviour = Callable[[frames.Frame], bytes | None]
"""What is sent back for one request; None closes the connection."""

ADDRESS = "127.0.0.1"


def host(name: str = "ns1", address: str = ADDRESS, endpoint: Endpoint | None = None) -> Host:
    return Host(name=name, address=address, endpoint=endpoint or Endpoint(host=name, address=address))


def answer(question: frames.Frame, **changes: object) -> bytes:
    fields = {"code": 0, "opaque": question.opaque, "flag": 1, "version": 373, "body": b"{}"} | changes
    return frames.encode(frames.Frame(**fields))  # type: ignore[arg-type]


@asynccontextmanager
async def serving(behave: Behaviour) -> AsyncIterator[int]:
    """The port of a server that answers each request as told, until the block ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = frames.Decoder()
        while data := await reader.read(65536):
            for question in decoder.feed(data):
                reply = behave(question)
                if reply is None:
                    writer.close()
                    return
                writer.write(reply)

    async with listening(serve) as port:
        yield port


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, ADDRESS, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


MISBEHAVIOURS: dict[str, tuple[Behaviour, str, str]] = {
    "an empty answer": (answer, "answered", ""),
    "hangs": (lambda question: b"", "silent", "no answer within 0.3 s"),
    "sends half a frame": (lambda question: answer(question)[:-1], "silent", "no answer within 0.3 s"),
    "another opaque": (
        lambda question: answer(question, opaque=question.opaque + 7),
        "garbled",
        "it answers, but not what it was asked",
    ),
    "a request of its own": (lambda question: answer(question, flag=0), "silent", "no answer within 0.3 s"),
    "garbage": (
        lambda question: b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "garbled",
        "not in RocketMQ's protocol: a frame of 1213486160 bytes",
    ),
    "a negative length": (
        lambda question: b"\xff\xff\xff\xff",
        "garbled",
        "not in RocketMQ's protocol: a frame of -1 bytes",
    ),
    "a huge length": (
        lambda question: b"\x01\x00\x00\x01",
        "garbled",
        "not in RocketMQ's protocol: a frame of 16777217 bytes",
    ),
    "a header longer than its frame": (
        lambda question: b"\x00\x00\x00\x08\x00\x00\x00\xff1234",
        "garbled",
        "not in RocketMQ's protocol: a header of 255 bytes in a frame of 8",
    ),
    "an error code": (
        lambda question: answer(question, code=1, remark="name server not ready\nSee http://"),
        "error",
        "code 1: name server not ready",
    ),
    "a body that is no JSON": (
        lambda question: answer(question, body=b"<html>"),
        "garbled",
        "an answer to GET_BROKER_CLUSTER_INFO that cannot be read: Expecting value: line 1 column 1 (char 0)",
    ),
    "a body of another shape": (
        lambda question: answer(question, body=b'{"brokerAddrTable":[]}'),
        "garbled",
        "an answer to GET_BROKER_CLUSTER_INFO that cannot be read: Input should be a valid dictionary",
    ),
    "a body that is no text": (
        lambda question: answer(question, body=b"\xff"),
        "garbled",
        "an answer to GET_BROKER_CLUSTER_INFO that cannot be read: "
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ),
    "closes": (lambda question: None, "refused", "it closed the connection without an answer"),
}
"""Name → behaviour, the outcome it must have, and the words for it."""
