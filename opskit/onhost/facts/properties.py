"""A properties file as java.util.Properties.load reads it. Pure.

RocketMQ gives it a stream of bytes (BrokerStartup, NamesrvStartup), so it takes each byte for one character of Latin-1.
"""

import re
from typing import Dict, Iterator, Tuple

from ..masking import MASK, SECRET

_NATURAL = re.compile(r"\r\n|\r|\n")
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_SPACE = " \t\f"


class PropertiesError(ValueError):
    """Java refuses the file."""


def parse(data: bytes) -> Dict[str, str]:
    """Keys and values; the last one of a key wins. Raises PropertiesError."""
    return {_plain(key): _plain(value) for key, value in map(_halves, _lines(data.decode("latin-1")))}


def masked(settings: Dict[str, str]) -> Dict[str, str]:
    """Without the values of keys whose names look secret."""
    return {key: MASK if is_secret(key) else value for key, value in settings.items()}


def is_secret(key: str) -> bool:
    """By the rule for files; what would end the name of a key there is passed over."""
    return SECRET.match(re.sub(r"[\s=:#!]", "", key) + "=") is not None


def _lines(text: str) -> Iterator[str]:
    """Logical lines: one that ends in an odd number of backslashes goes on in the next; no comments, no blank ones."""
    held = ""
    going = False
    for natural in _NATURAL.split(text):
        part = natural.lstrip(_SPACE)
        if not going and part[:1] in ("", "#", "!"):
            continue
        held += part
        going = (len(part) - len(part.rstrip("\\"))) % 2 == 1
        if going:
            held = held[:-1]
            continue
        if held:
            yield held
        held = ""
    if held:
        yield held


def _halves(line: str) -> Tuple[str, str]:
    """Key and value, both escaped still; between them one of = and :, or white space."""
    at, escaped = 0, False
    while at < len(line) and (escaped or line[at] not in "=:" + _SPACE):
        escaped = line[at] == "\\" and not escaped
        at += 1
    rest = line[at:].lstrip(_SPACE)
    return line[:at], rest[1:].lstrip(_SPACE) if rest[:1] in ("=", ":") else rest


def _plain(text: str) -> str:
    """Java's characters are halves of those beyond 16 bits; half of one alone is no character."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(_meaning, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _meaning(found: "re.Match[str]") -> str:
    sign = found.group(1)
    if len(sign) == 5:
        return chr(int(sign[1:], 16))
    if sign == "u":
        raise PropertiesError("a \\u without four digits is in it: Java refuses the whole file")
    return _CONTROL.get(sign, sign)
