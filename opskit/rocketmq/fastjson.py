"""JSON as RocketMQ writes it: fastjson leaves map keys that are no strings as they are.

`{0:"10.0.0.1:10911"}` (brokerAddrs in the answer to 106) and `{{"queueId":0}:{…}}` (offset tables) are read as objects
whose keys are the text of the key.
"""

import json
import re
from typing import Any

_PIECE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}\[\],:]|[^"{}\[\],:]+', re.DOTALL)
"""A string (an unfinished one too, so that scanning stays linear), a sign of structure, or whatever lies between."""
_BARE = re.compile(r"\s*-?\w[\w.]*\s*")
_DECODER = json.JSONDecoder(strict=False)


def loads(text: str) -> Any:
    """The value of a JSON text, with the keys that fastjson left bare; ValueError where it is no such text."""
    try:
        try:
            return _DECODER.decode(text)
        except ValueError:
            return _DECODER.decode(quote_keys(text))
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def quote_keys(text: str) -> str:
    """The same text with bare keys made strings; what lies inside strings is never touched."""
    pieces: list[str] = []
    opened: list[int] = []
    closed = quoted = -1
    for piece in _PIECE.findall(text):
        if piece == ":" and pieces:
            if pieces[-1] in ("}", "]"):
                if closed <= quoted:
                    # Every level of quoting doubles the backslashes below it: a short text could fill the memory.
                    raise ValueError("an object inside a key has an object as its key")
                pieces[closed:] = [json.dumps("".join(pieces[closed:]))]
                quoted = closed
            elif _BARE.fullmatch(pieces[-1]):
                pieces[-1] = json.dumps(pieces[-1].strip())
        elif piece in ("{", "["):
            opened.append(len(pieces))
        elif piece in ("}", "]"):
            closed = opened.pop() if opened else len(pieces)
        if not piece.isspace():
            pieces.append(piece)
    return "".join(pieces)
