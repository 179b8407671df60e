"""Where opskit's assets, state and caches lie."""

import os
from pathlib import Path

import platformdirs


def assets() -> Path:
    """The checkout, in which playbooks/, roles/, plugins/, templates/ and java/ lie."""
    return Path(__file__).resolve().parent.parent


def collections() -> Path:
    """Ansible's collections path, in which opskit.rocketmq is found."""
    return assets() / ".collections"


def ansible_config() -> Path:
    """The ansible.cfg that opskit's own runs use, whatever the current folder holds."""
    return assets() / "ansible.cfg"


def state() -> Path:
    """Runs, labs and keys: $OPSKIT_STATE, or the user's state folder."""
    return Path(os.environ.get("OPSKIT_STATE") or platformdirs.user_state_path("opskit")).absolute()


def cache() -> Path:
    """Jars and lab images, safe to delete: $OPSKIT_CACHE, or the user's cache folder."""
    return Path(os.environ.get("OPSKIT_CACHE") or platformdirs.user_cache_path("opskit")).absolute()
