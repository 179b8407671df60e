"""The kinds of value an inventory variable takes: how each is checked, and what an error says it should be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, TypeAdapter, ValidationError


@dataclass(frozen=True)
class Kind:
    """name: as the docs call it; ansible: the type in an argument_specs; expects: ends "…, which is not"."""

    name: str
    ansible: Literal["str", "int", "float", "bool", "list", "dict"]
    expects: str
    adapter: TypeAdapter[Any]
    choices: tuple[str, ...] = ()

    def parse(self, value: Any) -> Any:
        """The typed value. Raises ValueError with the end of a sentence that begins with the variable's name."""
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            place = "".join(f"[{part!r}]" for part in error.errors()[0]["loc"][:1] if part != "[key]")
            wrong = error.errors()[0]["input"] if place else value
            raise ValueError(f"{place} is {shown(wrong)}, which is not {self.expects}") from error


@dataclass(frozen=True)
class Entries(Kind):
    """A list of mappings. thing: what an entry is; keys: what each key of it must be, for errors that name it."""

    thing: str = "entry"
    keys: Mapping[str, str] = field(default_factory=dict)

    def parse(self, value: Any) -> Any:
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            first, names = error.errors()[0], ", ".join(self.keys)
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
            key = str(first["loc"][-1]) if first["loc"] else ""
            if first["type"] == "missing":
                entry = place.removesuffix(f".{key}")
                raise ValueError(f"{entry} has no {key}; a {self.thing} needs all of {names}") from error
            if first["type"] == "extra_forbidden":
                raise ValueError(f"{place} is no key of a {self.thing}; known are {names}") from error
            whole = self.expects if not place else f"a mapping of {names}"
            raise ValueError(f"{place} is {shown(first['input'])}, which is not {self.keys.get(key, whole)}") from error


def shown(value: Any) -> str:
    """A value as an operator would write it, with its YAML type where that is the surprise."""
    match value:
        case None:
            return "empty"
        case bool():
            return "the boolean " + str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return repr(value)
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"a {type(value).__name__}"


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a boolean")
    return value


def _pattern(name: str, pattern: str, expects: str) -> Kind:
    return Kind(name, "str", expects, TypeAdapter(Annotated[str, Field(pattern=pattern)]))


def choice(*choices: str) -> Kind:
    """One of a few words."""
    allowed: Any = Literal[choices]
    return Kind("choice", "str", "one of " + ", ".join(choices), TypeAdapter(allowed), choices)


_NUMBER = BeforeValidator(_no_boolean)

TEXT = _pattern("text", r"\S", "a text that says something")
NAME = _pattern("name", r"^[A-Za-z0-9_-]{1,127}$", "a name of letters, digits, - and _")
RELEASE = _pattern("release", r"^\d+\.\d+\.\d+$", 'a release of three numbers in quotes, such as "4.8.0"')
RELEASES = Kind(
    "list of releases",
    "list",
    'a list of releases in quotes, such as ["4.8.0"]',
    TypeAdapter(Annotated[list[Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]], Field(min_length=1)]),
)
ADDRESS = _pattern("address", r"^[A-Za-z0-9._-]+$", "a host name or IPv4 address, without a port")
PORT = Kind("port", "int", "a port from 3 to 65534", TypeAdapter(Annotated[int, _NUMBER, Field(ge=3, le=65534)]))
SSH_PORT = Kind("port", "int", "a port from 1 to 65535", TypeAdapter(Annotated[int, _NUMBER, Field(ge=1, le=65535)]))
BROKER_ID = Kind("number", "int", "a whole number from 0", TypeAdapter(Annotated[int, _NUMBER, Field(ge=0)]))
COUNT = Kind("number", "int", "a whole number from 1", TypeAdapter(Annotated[int, _NUMBER, Field(ge=1)]))
DAYS = Kind(
    "days", "int", "a whole number of days from 1 to 3650", TypeAdapter(Annotated[int, _NUMBER, Field(ge=1, le=3650)])
)
SECONDS = Kind("seconds", "float", "a number of seconds above 0", TypeAdapter(Annotated[float, _NUMBER, Field(gt=0)]))
FLAG = Kind("boolean", "bool", "true or false", TypeAdapter(bool))
SIZE = _pattern("size", r"^[1-9]\d*[kKmMgG]$", "a size as the JVM takes it, such as 512m or 4g")
PATH = _pattern("path", r"^/\S+$", "an absolute path")
USER = _pattern("user", r"^[a-z_][a-z0-9_-]{0,31}$", "a user name")
SHA512 = _pattern("sha512", r"^[0-9a-fA-F]{128}$", "the 128 hexadecimal digits of a SHA-512")
OPTIONS = Kind(
    "list of options",
    "list",
    "a list of JVM options that begin with -",
    TypeAdapter(list[Annotated[str, Field(pattern=r"^-\S+$")]]),
)
SETTINGS = Kind(
    "settings",
    "dict",
    "a mapping of RocketMQ settings to texts, numbers or booleans",
    TypeAdapter(dict[StrictStr, StrictBool | StrictInt | StrictFloat | StrictStr]),
)


def windows(*paths: str) -> Kind:
    """A mapping of some of these paths to seconds."""
    allowed: Any = Literal[paths]
    seconds: Any = Annotated[float, _NUMBER, Field(gt=0)]
    return Kind(
        "windows", "dict", f"seconds above 0 for one of {', '.join(paths)}", TypeAdapter(dict[allowed, seconds])
    )
