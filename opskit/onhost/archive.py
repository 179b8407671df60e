"""This package as a zip that a host's python runs: `python3 onhost.pyz REQUEST`.

Built on the controller to be shipped in memory, and on a host where an undo must outlive the connection; so it reads
the modules' sources from wherever they were imported from, a folder or a zip.
"""

import io
import pkgutil
import sys
import zipfile
from typing import List, Mapping, Optional

ENTRY = "from onhost.operations import main\nmain()\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


def build(beside: Optional[Mapping[str, bytes]] = None) -> bytes:
    """The zip's bytes; the same sources give the same bytes. beside: more files, by their paths below this package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", EPOCH), ENTRY)
        for path, data in [*((path, _source(path)) for path in _paths()), *(beside or {}).items()]:
            archive.writestr(zipfile.ZipInfo("onhost/" + path, EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _paths() -> List[str]:
    """Of this package's sources, below it."""
    package = sys.modules[__package__]
    found = ["__init__.py"]
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        path = module.name[len(package.__name__) + 1 :].replace(".", "/")
        found.append(path + "/__init__.py" if module.ispkg else path + ".py")
    return sorted(found)


def _source(path: str) -> bytes:
    source = pkgutil.get_data(__package__, path)
    if source is None:
        raise FileNotFoundError(f"no source of {__package__} at {path}")
    return source
