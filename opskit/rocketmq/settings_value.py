"""Whether RocketMQ would take a value as it is meant, and how it is written into a properties file."""

import re

from opskit.rocketmq.settings_table import Key, Scalar

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BITS = {"int": 32, "long": 64}


def to_properties_value(value: Scalar) -> str:
    """The text that RocketMQ parses: true and false in small letters, numbers as Python writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def objection(key: Key, value: Scalar) -> str:
    """What is wrong with the value for this key, "" where nothing is."""
    match key.type:
        case "boolean":
            return "" if to_properties_value(value).lower() in ("true", "false") else "is not true or false"
        case "int" | "long":
            return _integer_objection(value, _BITS[key.type])
        case "float" | "double":
            taken = not isinstance(value, bool) and _DECIMAL.fullmatch(str(value))
            return "" if taken else "is no number"
        case "string":
            return _text_objection(value, key.values)


def consequence(key: Key) -> str:
    """What RocketMQ does with a value it cannot parse, read from MixAll.properties2Object.

    Boolean.parseBoolean never fails; any other parser throws, and the exception is swallowed.
    """
    if key.type == "boolean":
        return "RocketMQ would take it for false without a word"
    kept = "its default" if key.default is None else f"the default {to_properties_value(key.default)}"
    return f"RocketMQ would keep {kept} without a word"


def expectation(key: Key) -> str:
    """What to write instead."""
    if key.values:
        return f"Write one of {', '.join(key.values)}."
    match key.type:
        case "boolean":
            return "Write true or false."
        case "int" | "long":
            limit = 2 ** (_BITS[key.type] - 1)
            return f"Write a whole number from {-limit} to {limit - 1}."
        case "float" | "double":
            return "Write a number such as 0.8."
        case "string":
            return "Write a text, in quotes where YAML would read it as something else."


def _integer_objection(value: Scalar, bits: int) -> str:
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)):
        return "is no whole number"
    limit = 2 ** (bits - 1)
    return "" if -limit <= int(value) < limit else f"does not fit into {bits} bits"


def _text_objection(value: Scalar, values: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "is a boolean where a text belongs"
    return "is none of its values" if values and value not in values else ""
