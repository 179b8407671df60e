"""Every use of Ansible's Python internals that 2.18 and 2.19 share; importing this imports Ansible (0.4 s).

What differs between the two is in `ansible_218` and `ansible_219`, which have the same functions.
"""

from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import get_file_vault_secret
from ansible.plugins.loader import init_plugin_loader
from ansible.release import __version__
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

if __version__.startswith("2.18."):
    from opskit.inventory.ansible_218 import about, plain, position, take_secrets, template, why_unparsed, words
else:
    from opskit.inventory.ansible_219 import about, plain, position, take_secrets, template, why_unparsed, words

__all__ = [
    "AnsibleError",
    "AnsibleUndefinedVariable",
    "Inventory",
    "origin",
    "plain",
    "position",
    "vault_environment",
    "why_unparsed",
    "words",
]

constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True  # else a broken inventory is a warning and an empty cluster
constants.DEFAULT_HASH_BEHAVIOUR = "replace"  # opskit's inventories mean the same whatever ansible.cfg lies around
init_plugin_loader()  # lookups and filters of collections, as on the ansible command line


def origin(error: BaseException) -> tuple[str, int]:
    """The file and line an Ansible error is about, looked for in its causes too."""
    cause: BaseException | None = error
    while cause is not None:
        path, line = about(cause)
        if path:
            return path, line
        cause = cause.__cause__ or cause.__context__
    return "", 0


class Inventory:
    """The parsed inventories; variables are templated one at a time, so that what opskit never reads costs nothing."""

    def __init__(self, sources: list[str], vault_password_files: list[str]) -> None:
        self._loader = DataLoader()
        secrets = [self._secret(entry) for entry in (*_configured_vaults(), *vault_password_files)]
        take_secrets(self._loader, secrets)
        self._inventory = InventoryManager(loader=self._loader, sources=sources)
        self._variables = VariableManager(loader=self._loader, inventory=self._inventory)
        HostVars(self._inventory, self._variables, self._loader)  # gives the variable manager its `hostvars`

    def _secret(self, entry: str) -> tuple[str, Any]:
        """A vault secret of "path" or "identity@path"; a script is run, as Ansible does."""
        identity, _, path = entry.rpartition("@")
        secret = get_file_vault_secret(filename=path, vault_id=identity or None, loader=self._loader)
        secret.load()
        return identity or "default", secret

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Every group, with the hosts of its children."""
        groups = self._inventory.groups.items()
        return {str(name): tuple(str(host.name) for host in group.get_hosts()) for name, group in groups}

    def group_positions(self) -> dict[str, tuple[str, int]]:
        """The file and line each group is written at."""
        return {str(name): position(name) for name in self._inventory.groups}

    def host_groups(self, host: str) -> frozenset[str]:
        return frozenset(str(group.name) for group in self._inventory.get_host(host).get_groups())

    def raw(self, host: str) -> dict[str, Any]:
        """A host's variables as written."""
        values: dict[str, Any] = self._variables.get_vars(host=self._inventory.get_host(host))
        return values

    def template(self, raw: dict[str, Any], variable: str) -> Any:
        """One variable, templated, as a plain Python value."""
        return plain(template(self._loader, raw, raw[variable]))


def vault_environment() -> dict[str, str]:
    """The configured vault passwords, for an ansible-playbook that runs in another folder with another ansible.cfg."""
    identities = [
        "@".join((identity or "default", str(Path(path).expanduser().absolute())))
        for identity, _, path in (entry.rpartition("@") for entry in _identities())
    ]
    found = {"ANSIBLE_VAULT_IDENTITY_LIST": ",".join(identities), "ANSIBLE_VAULT_PASSWORD_FILE": _password_file()}
    return {name: value for name, value in found.items() if value}


def _configured_vaults() -> list[str]:
    """What ANSIBLE_VAULT_PASSWORD_FILE, ANSIBLE_VAULT_IDENTITY_LIST or ansible.cfg name."""
    return [*_identities(), *filter(None, [_password_file()])]


def _identities() -> list[str]:
    return [str(identity) for identity in constants.config.get_config_value("DEFAULT_VAULT_IDENTITY_LIST") or []]


def _password_file() -> str:
    """An absolute path, or none."""
    return str(constants.config.get_config_value("DEFAULT_VAULT_PASSWORD_FILE") or "")
