"""Secrets in configuration files, masked on the host already: what travels back may be logged on its way."""

import re
from typing import Dict, Optional, Tuple

MASK = "********"
# by the key's name and not by a list of what is declared: a key that was taken out of the inventory is secret still
SECRET = re.compile(
    r"^(\s*([^\s=:#!]*(?:secret|password|credential|initAuthenticationUser|exporterHeader)[^\s=:]*)\s*[=:]\s*)((?:.*\\\n)*.*)$",
    re.IGNORECASE | re.MULTILINE,
)


def masked(before: Optional[str], after: str) -> Tuple[Optional[str], str]:
    """Both texts of a properties file without the values of secret keys; one that changed says so, without either."""
    old = _secrets(before or "")

    def mask(found: "re.Match[str]") -> str:
        changed = found.group(2) in old and old[found.group(2)] != found.group(3)
        return found.group(1) + MASK + (" (changed)" if changed else "")

    return before and SECRET.sub(rf"\g<1>{MASK}", before), SECRET.sub(mask, after)


def _secrets(text: str) -> Dict[str, str]:
    return {found.group(2): found.group(3) for found in SECRET.finditer(text)}
