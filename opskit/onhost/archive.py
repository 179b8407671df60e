"""This package as a zip that a host's python runs: `python3 onhost.pyz REQUEST`.

Built on the controller to be shipped in memory, and on a host where an undo must outlive the connection; so it reads
the modules' sources from wherever they were imported from, a folder or a zip.
"""

import io
import pkgutil
import sys
import zipfile
from typing import List

ENTRY = "from onhost.operations import main\nmain()\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


def build() -> bytes:
    """The zip's bytes; the same sources give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", EPOCH), ENTRY)
        for name in _modules():
            archive.writestr(zipfile.ZipInfo(f"onhost/{name}.py", EPOCH), _source(name))
    return buffer.getvalue()


def _modules() -> List[str]:
    package = sys.modules[__package__]
    return ["__init__", *sorted(module.name for module in pkgutil.iter_modules(package.__path__))]


def _source(name: str) -> bytes:
    source = pkgutil.get_data(__package__, name + ".py")
    if source is None:
        raise FileNotFoundError(f"no source of {__package__}.{name}")
    return source
