"""nftables on this host."""

import os
import re
import shutil
import subprocess
from typing import List, Optional

from .errors import FaultError

SECONDS = 10
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
"""A shell over SSH often has no sbin in its path."""


def available() -> bool:
    return shutil.which("nft", path=PATH) is not None


def tables(prefix: str) -> List[str]:
    """Names of the inet tables that begin so; none where there is no nft."""
    if not available():
        return []
    return sorted(re.findall(rf"^table inet ({re.escape(prefix)}\S*)$", _nft("list", "tables"), re.MULTILINE))


def load(ruleset: str) -> None:
    """All of it or nothing, in one transaction."""
    _nft("-f", "-", text=ruleset)


def delete(table: str) -> None:
    _nft("delete", "table", "inet", table)


def dropped(table: str) -> int:
    """Packets counted by the rules of a table."""
    return sum(int(count) for count in re.findall(r"\bcounter packets (\d+)", _nft("list", "table", "inet", table)))


def _nft(*words: str, text: Optional[str] = None) -> str:
    command = "`{}`".format(" ".join(("nft", *words)))
    try:
        done = subprocess.run(
            ["nft", *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=dict(os.environ, LC_ALL="C", PATH=PATH),
        )
    except subprocess.TimeoutExpired as error:
        raise FaultError(f"{command} did not end within {SECONDS} s") from error
    if done.returncode:
        raise FaultError(f"{command} failed: {done.stderr.strip()}")
    return done.stdout
