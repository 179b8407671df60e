"""Blackhole: what the units serve and what they dial is dropped both ways, so that no packet ever tells anybody.

In an nftables table of the drill's own. Connections stay established on both ends; loopback and SSH stay open.
"""

import re
from typing import Any, Dict, List, Sequence, Tuple

from . import nft, processes
from .errors import FaultError


def typed(request: Dict[str, Any]) -> Tuple[List[str], List[str]]:
    """What injects and what undoes it, as a person would type it."""
    return [f"nft -f - <<'END'\n{_ruleset(request)}END"], [f"nft delete table inet {_table(request)}"]


def plan(request: Dict[str, Any]) -> Dict[str, Any]:
    """Raises FaultError where it cannot be done here."""
    if not nft.available():
        raise FaultError("nft is not installed here, and a blackhole needs it: install nftables")
    if not request["serves"] and not request["dials"]:
        raise FaultError("a blackhole needs the ports that the units serve or dial")
    return {"table": _table(request), "ruleset": _ruleset(request)}


def inject(fault: Dict[str, Any]) -> None:
    nft.load(fault["ruleset"])


def effect(fault: Dict[str, Any]) -> Tuple[bool, str]:
    """Shown once the table has dropped a packet."""
    if not nft.tables(fault["table"]):
        return False, "the table {} is gone".format(fault["table"])
    dropped = nft.dropped(fault["table"])
    return dropped > 0, f"packets dropped: {dropped}"


def undo(fault: Dict[str, Any]) -> None:
    """Delete the drill's own table; also after a reboot, which may have brought it back from a saved ruleset.

    Raises FaultError where nft has gone since: without it the table can be neither seen nor deleted.
    """
    if not nft.available() and fault["boot_id"] == processes.boot_id():
        raise FaultError("nft is gone, and the table {} may be in force: install nftables".format(fault["table"]))
    if fault["table"] in nft.tables(fault["table"]):
        nft.delete(fault["table"])


def _table(request: Dict[str, Any]) -> str:
    return "opskit_drill_" + re.sub(r"\W", "_", request["id"])


def _ruleset(request: Dict[str, Any]) -> str:
    # before the site's own filter, so that every packet is counted
    hook = "type filter hook {} priority -10; policy accept;"
    ssh, serves, dials = request["ssh_port"], request["serves"], request["dials"]
    incoming = ['iifname "lo" accept', f"tcp dport {ssh} accept", *_drop("dport", serves), *_drop("sport", dials)]
    outgoing = ['oifname "lo" accept', f"tcp sport {ssh} accept", *_drop("sport", serves), *_drop("dport", dials)]
    lines = [f"table inet {_table(request)} {{"]
    for chain, rules in (("input", incoming), ("output", outgoing)):
        body = (hook.format(chain), *rules)
        lines += [f"  chain {chain} {{", *("    " + line for line in body), "  }"]
    return "\n".join([*lines, "}", ""])


def _drop(end: str, ports: Sequence[int]) -> List[str]:
    return ["tcp {} {{ {} }} counter drop".format(end, ", ".join(map(str, sorted(set(ports)))))] if ports else []
