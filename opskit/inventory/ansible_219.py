"""What only ansible-core 2.19 has: every value carries a tag of the file and line it was read from."""

import re
from typing import Any

from ansible._internal._datatag._tags import Origin
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecretsContext
from ansible.template import Templar
from ansible.utils.vars import transform_to_native_types


def plain(value: Any) -> Any:
    """A templated value without Ansible's tagged types, which pydantic keeps in Any and PyYAML refuses."""
    return transform_to_native_types(value, redact=False)


def position(value: Any) -> tuple[str, int]:
    """The file and line a value was read from; an empty file where Ansible does not know, as for booleans."""
    tag = value if isinstance(value, Origin) else Origin.get_tag(value)
    return (tag.path or "", tag.line_num or 0) if tag else ("", 0)


def about(error: BaseException) -> tuple[str, int]:
    """The file and line an Ansible error is about, its causes left aside."""
    return position(getattr(error, "obj", None))


def why_unparsed(said: str, source: str, plugin: str) -> tuple[str, int]:
    """Why an inventory plugin could not parse a source, and at which line, out of Ansible's warnings."""
    reason = re.search(rf"Failed to parse inventory with '{plugin}' plugin: (.+)", said)
    line = re.search(rf"Origin: {re.escape(source)}:(\d+)", said)
    return reason[1] if reason else "", int(line[1]) if line else 0


def words(error: BaseException) -> str:
    """What an Ansible error says of its reason."""
    return str(error)


def template(loader: DataLoader, variables: dict[str, Any], value: Any) -> Any:
    """A value with its Jinja resolved; a single expression keeps its type."""
    return Templar(loader=loader, variables=variables).template(value)


def take_secrets(loader: DataLoader, secrets: list[tuple[str, Any]]) -> None:
    """Inline !vault values read their secrets from one context of the process, which can be made only once."""
    loader.set_vault_secrets(secrets)
    context = VaultSecretsContext.current(optional=True)
    if context is None:
        VaultSecretsContext.initialize(VaultSecretsContext(secrets))
    else:
        context.secrets = secrets
