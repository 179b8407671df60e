"""Frames of RocketMQ's remoting protocol, and one call over a blocking socket.

A frame is an int32 with the size of the rest, an int32 (serializeType << 24 | header size), the header and the body,
all big-endian (RemotingCommand and NettyDecoder, the same in 4.x and 5.x). Requests carry a JSON header; answers are
read with a JSON or a ROCKETMQ binary one.

Standard library only and relative imports only: opskit ships this file to the hosts, where an armed undo
speaks to the broker beside it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import socket
import struct
import time
from dataclasses import dataclass, field, replace
from typing import Any

MAX_FRAME = 16 * 1024 * 1024
"""Bytes; NettyDecoder's own bound (com.rocketmq.remoting.frameMaxLength)."""
VERSION = 401
"""MQVersion that requests carry: 4.9.4, from which a nameserver answers 105 in standard JSON."""
LANGUAGES = (
    *("JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER", "HTTP", "GO", "PHP", "OMS"),
    *("RUST", "NODE_JS"),
)
"""LanguageCode by its number in a binary header."""
_RESPONSE = 1
_JSON, _BINARY = 0, 1
_opaque = itertools.count(1)


class FrameError(ValueError):
    """Bytes that are no frame of RocketMQ's."""


@dataclass(frozen=True)
class Frame:
    """One request or answer; `code` is the request's or the response's code (0: success)."""

    code: int
    ext: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    opaque: int = 0
    """Number that an answer repeats from its request."""
    flag: int = 0
    version: int = VERSION
    """MQVersion of the sender: of the server, in an answer."""
    language: str = "PYTHON"
    remark: str | None = None

    @property
    def is_response(self) -> bool:
        return bool(self.flag & _RESPONSE)


def request(
    code: int, ext: dict[str, str] | None = None, body: bytes = b"", acl: tuple[str, str] | None = None
) -> Frame:
    """A request with a fresh opaque, signed where acl = (access key, secret key) is given."""
    fields = signed(ext or {}, body, acl) if acl else dict(ext or {})
    return Frame(code, fields, body, opaque=next(_opaque) & 0x7FFFFFFF)


def signed(ext: dict[str, str], body: bytes, acl: tuple[str, str]) -> dict[str, str]:
    """The fields with AccessKey and Signature: HmacSHA1 over values in key order and the body (AclClientRPCHook)."""
    access_key, secret_key = acl
    fields = {key: value for key, value in ext.items() if key != "Signature"}
    fields["AccessKey"] = access_key
    content = "".join(fields[key] for key in sorted(fields)).encode() + body
    signature = hmac.new(secret_key.encode(), content, hashlib.sha1).digest()
    return dict(fields, Signature=base64.b64encode(signature).decode())


def encode(frame: Frame) -> bytes:
    """The bytes of a frame with a JSON header; FrameError where it exceeds MAX_FRAME."""
    header: dict[str, Any] = {
        "code": frame.code,
        "language": frame.language,
        "version": frame.version,
        "opaque": frame.opaque,
        "flag": frame.flag,
        "serializeTypeCurrentRPC": "JSON",
        "extFields": frame.ext,
    }
    if frame.remark is not None:
        header["remark"] = frame.remark
    encoded = json.dumps(header, separators=(",", ":")).encode()
    size = 4 + len(encoded) + len(frame.body)
    if size > MAX_FRAME:
        raise FrameError(f"a frame of {size} bytes exceeds the {MAX_FRAME} that RocketMQ takes")
    return struct.pack(">ii", size, _JSON << 24 | len(encoded)) + encoded + frame.body


def decode(payload: bytes) -> Frame:
    """The frame in what follows the size; FrameError where it is none."""
    if len(payload) < 4:
        raise FrameError("a frame ends before its header")
    (mark,) = struct.unpack_from(">I", payload)
    kind, end = mark >> 24, 4 + (mark & 0xFFFFFF)
    if end > len(payload):
        raise FrameError(f"a header of {end - 4} bytes in a frame of {len(payload)}")
    header, body = payload[4:end], payload[end:]
    try:
        if kind == _JSON:
            frame = _json_header(json.loads(header.decode()))
        elif kind == _BINARY:
            frame = _binary_header(header)
        else:
            raise FrameError(f"a header of the unknown kind {kind}")
    except FrameError:
        raise
    except (ValueError, RecursionError, struct.error) as error:
        raise FrameError(f"a header that cannot be read: {error}") from error
    return replace(frame, body=body)


def _json_header(header: Any) -> Frame:
    if not isinstance(header, dict):
        raise FrameError("a header that is no JSON object")
    numbers = [header.get(key, 0) for key in ("code", "opaque", "flag", "version")]
    ext, remark = header.get("extFields") or {}, header.get("remark")
    if "code" not in header or not all(type(number) is int for number in numbers):
        raise FrameError("a header without a numeric code, opaque, flag or version")
    if not isinstance(ext, dict) or not isinstance(remark, (str, type(None))):
        raise FrameError("a header whose extFields or remark have the wrong type")
    code, opaque, flag, version = numbers
    fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in ext.items()}
    language = str(header.get("language", "OTHER"))
    return Frame(code, fields, opaque=opaque, flag=flag, version=version, language=language, remark=remark)


def _binary_header(header: bytes) -> Frame:
    """RocketMQSerializable.rocketMQProtocolDecode."""
    code, language, version, opaque, flag = struct.unpack_from(">hBhii", header)
    remark, at = _chunk(header, 13, ">i")
    fields, end = _chunk(header, at, ">i")
    if end != len(header):
        raise FrameError("a binary header with bytes to spare")
    ext, at = {}, 0
    while at < len(fields):
        key, at = _chunk(fields, at, ">h")
        value, at = _chunk(fields, at, ">i")
        ext[key.decode()] = value.decode()
    name = LANGUAGES[language] if language < len(LANGUAGES) else "OTHER"
    text = remark.decode() if remark else None
    return Frame(code, ext, opaque=opaque, flag=flag, version=version, language=name, remark=text)


def _chunk(data: bytes, at: int, prefix: str) -> tuple[bytes, int]:
    """The bytes whose length stands at `at`, and where they end."""
    (length,) = struct.unpack_from(prefix, data, at)
    start = at + struct.calcsize(prefix)
    if length < 0 or start + length > len(data):
        raise FrameError("a binary header that ends before its fields")
    return data[start : start + length], start + length


class Decoder:
    """Bytes as they arrive, into frames."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; FrameError as soon as a size cannot be one."""
        self._pending += data
        frames = []
        while len(self._pending) >= 4:
            (size,) = struct.unpack_from(">i", self._pending)
            if not 4 <= size <= MAX_FRAME:
                raise FrameError(f"a frame of {size} bytes")
            if len(self._pending) < 4 + size:
                break
            frames.append(decode(bytes(self._pending[4 : 4 + size])))
            del self._pending[: 4 + size]
        return frames


def call(
    address: str,
    port: int,
    code: int,
    ext: dict[str, str] | None = None,
    body: bytes = b"",
    timeout: float = 3.0,
    acl: tuple[str, str] | None = None,
) -> Frame:
    """Ask one server once and return its answer, whatever its code.

    timeout: seconds for everything together. Raises TimeoutError, FrameError, or the OSError of the connection
    (ConnectionError where the server closes it without an answer).
    """
    deadline = time.monotonic() + timeout
    asked, decoder = request(code, ext, body, acl), Decoder()
    try:
        with socket.create_connection((address, port), timeout) as connection:
            connection.settimeout(_left(deadline))
            connection.sendall(encode(asked))
            while True:
                connection.settimeout(_left(deadline))
                data = connection.recv(65536)
                if not data:
                    raise ConnectionError(f"{address}:{port} closed the connection without an answer")
                for frame in decoder.feed(data):
                    if frame.is_response and frame.opaque == asked.opaque:
                        return frame
    except socket.timeout as error:
        raise TimeoutError(f"{address}:{port} did not answer within {timeout:g} s") from error


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout("deadline passed")
    return left
