"""Frames: what is encoded decodes to itself, and no bytes do anything but decode or raise FrameError."""

import ast
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from remoting_fake import answer

from opskit.onhost import frames
from opskit.onhost.frames import Decoder, Frame, FrameError, call, decode, encode, signed

texts = st.text(max_size=30)
int32 = st.integers(-(2**31), 2**31 - 1)
some_frames = st.builds(
    Frame,
    code=st.integers(-(2**15), 2**15 - 1),
    ext=st.dictionaries(texts, texts, max_size=5),
    body=st.binary(max_size=200),
    opaque=int32,
    flag=int32,
    version=st.integers(0, 2**15 - 1),
    language=st.sampled_from(frames.LANGUAGES),
    remark=st.none() | st.text(min_size=1, max_size=30),
)


def encode_binary(frame: Frame) -> bytes:
    """RocketMQSerializable.rocketMQProtocolEncode, written from its layout."""
    ext = b"".join(
        struct.pack(">h", len(key.encode())) + key.encode() + struct.pack(">i", len(value.encode())) + value.encode()
        for key, value in frame.ext.items()
    )
    remark = (frame.remark or "").encode()
    header = struct.pack(
        ">hBhii", frame.code, frames.LANGUAGES.index(frame.language), frame.version, frame.opaque, frame.flag
    )
    header += struct.pack(">i", len(remark)) + remark + struct.pack(">i", len(ext)) + ext
    return struct.pack(">ii", 4 + len(header) + len(frame.body), 1 << 24 | len(header)) + header + frame.body


@given(st.lists(some_frames, max_size=4), st.integers(1, 40))
def test_frames_survive_the_wire_however_they_are_cut(sent: list[Frame], cut: int) -> None:
    wire = b"".join(encode(frame) for frame in sent)
    decoder = Decoder()
    assert [got for at in range(0, len(wire), cut) for got in decoder.feed(wire[at : at + cut])] == sent


@given(some_frames)
def test_a_binary_header_reads_as_the_json_one(frame: Frame) -> None:
    assert decode(encode_binary(frame)[4:]) == decode(encode(frame)[4:])


@given(st.binary(max_size=300))
@example(b"\x00\x00\x00\x02[[" + b"[" * 50_000)
@example(b"\x00\x00\xea\x60" + b"[" * 60_000)
@example(b'\x00\x00\x00\x0a{"code":1e')
def test_garbage_is_a_frame_or_a_frame_error(garbage: bytes) -> None:
    for kind in (b"", b"\x00", b"\x01\x00\x00", struct.pack(">i", 1 << 24 | max(0, len(garbage)))):
        with suppress(FrameError):
            assert isinstance(decode(kind + garbage), Frame)
    with suppress(FrameError):
        assert isinstance(Decoder().feed(garbage), list)


@given(some_frames, st.data())
def test_a_damaged_frame_is_a_frame_or_a_frame_error(frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(data.draw(st.sampled_from([encode, encode_binary]))(frame))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] = data.draw(st.integers(0, 255))
    with suppress(FrameError):
        assert isinstance(Decoder().feed(bytes(wire)), list)


@pytest.mark.parametrize("size", [-1, 0, 3, frames.MAX_FRAME + 1, 2**31 - 1])
def test_a_size_that_cannot_be_one_is_refused_before_its_bytes_come(size: int) -> None:
    with pytest.raises(FrameError, match=f"a frame of {size} bytes"):
        Decoder().feed(struct.pack(">i", size))


@pytest.mark.parametrize(
    "header",
    [
        [],
        "text",
        {},
        {"code": "105"},
        {"code": True},
        {"code": 1, "opaque": 1.5},
        {"code": 1, "extFields": ["topic"]},
        {"code": 1, "remark": {}},
    ],
)
def test_a_header_of_the_wrong_shape_is_refused(header: object) -> None:
    text = json.dumps(header).encode()
    with pytest.raises(FrameError):
        decode(struct.pack(">i", len(text)) + text)


def test_a_frame_that_rocketmq_would_drop_is_not_sent() -> None:
    with pytest.raises(FrameError, match="exceeds the 16777216"):
        encode(Frame(code=25, body=b"x" * frames.MAX_FRAME))


def test_the_frame_of_the_documentation() -> None:
    """The layout, byte by byte: total, kind and header size, header."""
    wire = encode(Frame(code=105, ext={"topic": "DefaultCluster"}, opaque=1))
    header = wire[8:]
    assert wire[:8] == struct.pack(">ii", 4 + len(header), len(header))
    assert json.loads(header) == {
        "code": 105,
        "language": "PYTHON",
        "version": 401,
        "opaque": 1,
        "flag": 0,
        "serializeTypeCurrentRPC": "JSON",
        "extFields": {"topic": "DefaultCluster"},
    }


def test_a_signature_covers_the_values_in_key_order_and_the_body() -> None:
    """Value: `printf 'keyab12body' | openssl dgst -sha1 -hmac secret -binary | base64`."""
    fields = signed({"b": "12", "a": "ab", "Signature": "old"}, b"body", ("key", "secret"))
    assert fields == {"a": "ab", "b": "12", "AccessKey": "key", "Signature": "D1U0okxtmxskrEF0AdGS0wuOKtw="}


def test_it_stays_within_the_python_of_the_hosts() -> None:
    source = Path(frames.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"base64", "hashlib", "hmac", "itertools", "json", "socket", "struct", "time"}
    assert "from __future__ import annotations" in source


@contextmanager
def blocking(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that treats one connection as told."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            connection, _ = server.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def question(connection: socket.socket) -> Frame:
    return Decoder().feed(connection.recv(65536))[0]


def test_call_returns_the_answer_whatever_its_code() -> None:
    with blocking(lambda c: c.sendall(answer(question(c), code=17, remark="no topic"))) as port:
        got = call("127.0.0.1", port, 105, {"topic": "T"})
    assert (got.code, got.remark, got.version) == (17, "no topic", 373)


def test_call_passes_over_frames_that_are_not_its_answer() -> None:
    def serve(connection: socket.socket) -> None:
        asked = question(connection)
        connection.sendall(answer(asked, flag=0) + answer(asked, opaque=asked.opaque + 1) + answer(asked, body=b"mine"))

    with blocking(serve) as port:
        assert call("127.0.0.1", port, 28).body == b"mine"


def test_call_gives_up_at_its_deadline_though_bytes_keep_trickling() -> None:
    def serve(connection: socket.socket) -> None:
        reply = answer(question(connection))
        for at in range(len(reply)):
            try:
                connection.sendall(reply[at : at + 1])
            except OSError:
                return
            time.sleep(0.1)

    began = time.monotonic()
    with blocking(serve) as port, pytest.raises(TimeoutError, match="did not answer within"):
        call("127.0.0.1", port, 28, timeout=0.5)
    assert time.monotonic() - began < 2


def test_call_says_that_the_connection_was_closed() -> None:
    with blocking(lambda c: question(c) and None) as port, pytest.raises(ConnectionError, match="without an answer"):
        call("127.0.0.1", port, 28)


def test_call_refuses_what_is_not_rocketmq() -> None:
    with blocking(lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port, pytest.raises(FrameError):
        call("127.0.0.1", port, 28)


def test_call_is_refused_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        call("127.0.0.1", port, 28)
