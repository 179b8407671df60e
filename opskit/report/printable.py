"""Text of others, as a terminal or a file may safely show it."""


def printable(text: str) -> str:
    """Control characters, with which a host's answer could take over a terminal or break a file, become U+FFFD."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\t\n" else "\ufffd" for one in text)
