"""Bundles of jars, unpacked beside their final folder and renamed in."""

import hashlib
import os
import shutil
import tarfile
import tempfile


class ChecksumError(Exception):
    """An archive is not the one that it should be."""


def present(folder: str) -> bool:
    """A bundle's folder is renamed in last, so that one that exists is complete."""
    return os.path.isdir(folder)


def unpack(archive: str, sha256: str, folder: str) -> None:
    """Unpack a tar into `folder`, owned by root; nothing is left behind where it fails.

    Raises ChecksumError where the archive's sha256 (hex) differs, OSError as the file system does.
    """
    found = _sha256(archive)
    if found != sha256:
        raise ChecksumError(f"{archive} has sha256 {found}, {sha256} was sent: it was damaged on the way; run again.")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    beside = tempfile.mkdtemp(dir=os.path.dirname(folder), prefix=".unpacking-")
    try:
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                name = os.path.normpath(member.name)
                if not member.isfile() or name.startswith(("/", "..")):
                    continue
                target = os.path.join(beside, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                source = tar.extractfile(member)
                if source is not None:
                    with open(target, "wb") as file:
                        shutil.copyfileobj(source, file)
        for root, _, names in os.walk(beside):
            os.chmod(root, 0o755)  # noqa: S103 - the servers' user reads it
            for name in names:
                os.chmod(os.path.join(root, name), 0o644)
        os.rename(beside, folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
