"""Take a master out of its producers' rotation before it is stopped, with the undo armed on this host first.

brokerPermission 4 (read only) reaches the nameservers at once; producers move at their next route poll, 30 s by
default (measured on 4.8.0 and 5.4.0: 7 to 25 s, no failed send on ordinary topics). The change lives in memory only,
since the configuration folder belongs to root: a restart brings the declared permission back.
"""

import json
import time
from typing import Any, Dict, Optional, Tuple

from . import changes, frames

UPDATE_BROKER_CONFIG, GET_BROKER_CONFIG, GET_BROKER_RUNTIME_INFO = 25, 26, 28
READ_ONLY = "4"
QUIET_SECONDS = 3.0
CALL_SECONDS = 5.0

Acl = Optional[Tuple[str, str]]


class BrokerError(Exception):
    """The broker answered with an error, or is not read-only any more."""


def begin(
    identity: str, address: str, port: int, acl: Acl, least_seconds: float, most_seconds: float, undo_seconds: float
) -> Dict[str, Any]:
    """Arm the undo, set the broker read-only, and wait until its producers have moved.

    Waits at least `least_seconds` (above the clients' route poll), then until nothing was stored for 3 s, at most
    `most_seconds` in all. undo_seconds: when the armed undo fires. Returns {seconds, still_per_second}; the second is
    above zero where somebody still sent at the end (delayed messages count too: the broker stores them itself).
    Raises where the broker does not answer, and BrokerError where the change is undone while this waits.
    """
    subject = f"{address}:{port}"
    # else the read-only of an interrupted drain would be what the undo of this one restores
    changes.undo_of(subject, UNDO)
    before = permission(address, port, acl)
    undo = {"address": address, "port": port, "acl": acl, "permission": before}
    changes.arm(identity, "drain", subject, undo, undo_seconds)
    started = time.monotonic()
    set_permission(address, port, acl, READ_ONLY)
    count, since, rate = _stored(address, port, acl), started, 0.0
    while True:
        time.sleep(1.0)
        if identity not in changes.armed():
            # by a Ctrl-C that came in the moment between arming and setting, too: nobody would undo it any more
            set_permission(address, port, acl, before)
            raise BrokerError("the drain was undone while it waited")
        now, latest = time.monotonic(), _stored(address, port, acl)
        rate, moved = (latest - count) / max(now - since, 1e-9), latest == count
        if not moved:
            count, since = latest, now
        waited = now - started
        if waited >= most_seconds or (waited >= least_seconds and now - since >= QUIET_SECONDS):
            return {"seconds": round(waited, 1), "still_per_second": 0.0 if moved else round(rate, 1)}


def permission(address: str, port: int, acl: Acl) -> str:
    """brokerPermission as it is in force."""
    text = _ask(address, port, acl, GET_BROKER_CONFIG).decode("utf-8")
    return next(line.split("=", 1)[1].strip() for line in text.splitlines() if line.startswith("brokerPermission="))


def set_permission(address: str, port: int, acl: Acl, value: str) -> None:
    """Set brokerPermission at run time (request 25)."""
    body = f"brokerPermission={value}\n".encode()
    _ask(address, port, acl, UPDATE_BROKER_CONFIG, body)


def _undo(undo: Dict[str, Any]) -> None:
    acl = undo["acl"]
    try:
        set_permission(undo["address"], undo["port"], tuple(acl) if acl else None, undo["permission"])
    except ConnectionRefusedError:
        return  # it is down, and comes back with its declared permission


UNDO = {"drain": _undo}


def _stored(address: str, port: int, acl: Acl) -> int:
    table = json.loads(_ask(address, port, acl, GET_BROKER_RUNTIME_INFO).decode("utf-8"))["table"]
    return int(table["putMessageTimesTotal"])


def _ask(address: str, port: int, acl: Acl, code: int, body: bytes = b"") -> bytes:
    answer = frames.call(address, port, code, {}, body, CALL_SECONDS, acl)
    if answer.code:
        raise BrokerError(f"the broker at {address}:{port} answered request {code} with {answer.code}: {answer.remark}")
    return answer.body
