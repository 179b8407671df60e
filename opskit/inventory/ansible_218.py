"""What ansible-core 2.18 does in another way than 2.19: fewer values know their line, templates come out as text.

The functions are those of `ansible_219`, and give the same but for the lines that 2.18 does not keep.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.yaml.objects import AnsibleVaultEncryptedUnicode
from ansible.template import AnsibleNativeEnvironment, Templar
from ansible.template.native_helpers import ansible_concat
from ansible.utils.display import Display
from jinja2 import pass_eval_context

constants.DEFAULT_JINJA2_NATIVE = True
constants.DUPLICATE_YAML_DICT_KEY = "error"  # what 2.19 reads from the environment each time
Display().columns = sys.maxsize  # else a warning is broken into lines in the midst of a path

_PREAMBLE = re.compile(r"^We were unable to read either as JSON nor YAML.+? while loading YAML\.\s+", re.DOTALL)
_EXCERPT = re.compile(r"\. while |\. String: |\s+The error appears to be in |\n")
_TYPES = re.compile(r"ansible\.parsing\.yaml\.objects\.Ansible(Sequence|Mapping|Unicode)\b")


def plain(value: Any) -> Any:
    """A templated value without Ansible's own kinds of text, list and mapping."""
    match value:
        case AnsibleVaultEncryptedUnicode():
            return str(value.data)
        case str():
            return str(value)
        case Mapping():
            return {plain(key): plain(one) for key, one in value.items()}
        case list() | tuple() | set():
            return [plain(one) for one in value]
    return value


def position(value: Any) -> tuple[str, int]:
    """The file and line a value was read from; an empty file where Ansible does not know, as for numbers."""
    path, line, _ = getattr(value, "ansible_pos", None) or (None, 0, 0)
    return str(path or ""), line if path else 0


def about(error: BaseException) -> tuple[str, int]:
    """The file and line an Ansible error is about, its causes left aside; a decryption names its file in words."""
    path, line = position(getattr(error, "obj", None))
    told = re.search(r"^Decryption failed .* on (/.+)", str(error))
    return (told[1], 0) if told and not path else (path, line)


def why_unparsed(said: str, source: str, plugin: str) -> tuple[str, int]:
    """Why an inventory plugin could not parse a source, and at which line, out of Ansible's warnings."""
    reason = re.search(rf"Failed to parse {re.escape(source)} with {plugin} plugin: (.+)", said)
    line = re.search(rf"The error appears to be in '{re.escape(source)}': line (\d+)", said)
    return _reason(reason[1]) if reason else "", int(line[1]) if line else 0


def words(error: BaseException) -> str:
    """What an Ansible error says of its reason."""
    return _reason(str(error))


def _reason(said: str) -> str:
    """Without what tells of the parser, and without excerpts of the file or template, which may hold secrets."""
    kept = _EXCERPT.split(_PREAMBLE.sub("", said.strip()))[0]
    return _TYPES.sub(lambda found: {"Sequence": "list", "Mapping": "dict", "Unicode": "str"}[found[1]], kept).strip()


def template(loader: DataLoader, variables: dict[str, Any], value: Any) -> Any:
    """A value with its Jinja resolved; a single expression keeps its type."""
    templar = Templar(loader=loader, variables=variables)
    native = templar.environment.finalize

    @pass_eval_context
    def finalize(_: Any, found: Any) -> Any:
        """Asked while the template runs only: what Jinja can compute before is text in Ansible's environment."""
        return native(found)

    return templar.copy_with_new_env(environment_class=_Typed, finalize=finalize).template(value)


def _concat(nodes: Iterable[Any]) -> Any:
    """One expression as it is, several as text. Ansible's own reads text as Python: a password 1e5 as a number."""
    parts = list(nodes)
    return parts[0] if len(parts) == 1 else ansible_concat(parts)


class _Typed(AnsibleNativeEnvironment):  # type: ignore[misc]
    concat = staticmethod(_concat)


def take_secrets(loader: DataLoader, secrets: list[tuple[str, Any]]) -> None:
    """What decrypts vaulted files and values that this loader reads."""
    loader.set_vault_secrets(secrets)
