"""Which of this machine's own apt sources the lab image is built from. Pure: texts in, text out."""

from collections.abc import Iterable, Mapping

from opskit.lab.distribution import KNOWN, Distribution

KEYRING_STEM = "debian-archive-keyring"
APT_OPTIONS = (
    "Acquire::http::",
    "Acquire::https::",
    "Acquire::Check-Valid-Until ",
    "Acquire::Check-Date ",
    "Acquire::Retries ",
    "Acquire::ForceIPv4 ",
    "Acquire::ForceIPv6 ",
)


def debian_sources(files: Mapping[str, str], wanted: Distribution) -> str:
    """The entries of apt's source files (name → text) for this distribution, as deb822 stanzas; "" where there is none.

    Where no entry names it, those of another Debian release do: its mirrors hold all releases, so only the suites are
    put in its words. Third-party entries (a component other than main, another suite, a key that is not Debian's) are
    left out, and so are disabled ones and sources of packages.
    """
    stanzas = [stanza for name, text in sorted(files.items()) for stanza in _stanzas(name, text) if _is_debian(stanza)]
    for release in (wanted, *(one for one in KNOWN.values() if one != wanted)):
        if found := [_render(stanza, suites) for stanza in stanzas if (suites := _suites(stanza, release, wanted))]:
            return "\n".join(found)
    return ""


def apt_options(dump: str) -> tuple[str, ...]:
    """The lines of `apt-config dump` that say how this machine reaches its mirrors: proxies, checks, retries."""
    return tuple(line.rstrip(";") for line in dump.splitlines() if line.startswith(APT_OPTIONS) and ' ""' not in line)


def _stanzas(name: str, text: str) -> Iterable[dict[str, str]]:
    if name.endswith(".sources"):
        for block in text.split("\n\n"):
            yield _deb822(block)
    elif name.endswith(".list"):
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield _one_line(line)


def _deb822(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    key = ""
    for line in block.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and key:
            fields[key] += f"\n{line}"
        elif ":" in line:
            key, _, value = line.partition(":")
            key = key.strip().lower()
            fields[key] = value.strip()
    return fields


def _one_line(line: str) -> dict[str, str]:
    kind, _, rest = line.split("#")[0].strip().partition(" ")
    rest, options = rest.strip(), {}
    if rest.startswith("["):
        inside, _, rest = rest[1:].partition("]")
        options = dict(word.partition("=")[::2] for word in inside.split())
    words = rest.split()
    uri, suite = (*words, "", "")[:2]
    fields = {"types": kind, "uris": uri, "suites": suite, "components": " ".join(words[2:])}
    return fields | ({"signed-by": options["signed-by"]} if "signed-by" in options else {})


def _is_debian(stanza: Mapping[str, str]) -> bool:
    key = stanza.get("signed-by", KEYRING_STEM)
    return (
        "deb" in stanza.get("types", "").split()
        and stanza.get("enabled", "yes").lower() not in ("no", "false")
        and "main" in stanza.get("components", "").split()
        and (KEYRING_STEM in key or "BEGIN PGP" in key)
    )


def _suites(stanza: Mapping[str, str], release: Distribution, wanted: Distribution) -> str:
    """The suites of a release in a stanza, in the words of the wanted one."""
    words = dict(zip(release.suites, wanted.suites, strict=True))
    return " ".join(words[suite] for suite in stanza.get("suites", "").split() if suite in words)


def _render(stanza: Mapping[str, str], suites: str) -> str:
    fields = {"Types": "deb", "URIs": stanza["uris"], "Suites": suites, "Components": "main"}
    fields |= {"Signed-By": stanza["signed-by"]} if "signed-by" in stanza else {}
    return "".join(f"{key}: {value}".replace(": \n", ":\n") + "\n" for key, value in fields.items())
