"""The onhost program as it travels to hosts: all of its sources, and bytecode of what every look at a host imports.

A host whose Python is as this one's takes the bytecode: to compile the same would cost it ten times the look itself.
Any other sees by the magic number that it cannot read it, and takes the sources. zipimport does so by itself.
"""

import marshal
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from opskit import onhost
from opskit.onhost import archive

COMPILED = (
    *("__init__.py", "errors.py", "operations.py", "processes.py", "jvm/__init__.py", "jvm/roots.py"),
    *(f"facts/{name}.py" for name in ("__init__", "bounded", "connections", "look", "machine", "processes")),
)
"""Imported also where no RocketMQ runs. Bytecode of all modules would make the program three times as big."""
UNCHECKED_HASH = (0b01).to_bytes(4, "little")
"""PEP 552: the source's hash stands there, and nobody compares it."""


@cache
def program() -> bytes:
    """The zip."""
    return archive.build({f"{path}c": _bytecode(path) for path in COMPILED})


def _bytecode(path: str) -> bytes:
    """What a .pyc holds. The code itself comes from this machine's own cache, where there is one."""
    file = Path(onhost.__file__).parent / path
    code = SourceFileLoader(onhost.__name__, str(file)).get_code(onhost.__name__)
    return MAGIC_NUMBER + UNCHECKED_HASH + source_hash(file.read_bytes()) + marshal.dumps(code)
