"""The start options of a JVM, in the order in which it reads them: from its command line and its environment.

Pure: texts in, facts out. What a launcher or an operator wrote may hold secrets: `facts` tells no more than it names.
"""

import os
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..masking import MASK

PROPERTY = "com.rocketmq.remoting.client.closeSocketIfTimeout"
CONNECT_PROPERTY = "com.rocketmq.remoting.client.connect.timeout"
VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")
AGENT = "opskit-agent"
"""In the file name of opskit's own agent."""
MOST_NESTED = 4
_VALUED = {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--source"} | {
    "--add-modules", "--add-opens", "--add-exports", "--add-reads", "--limit-modules", "--patch-module",
    "--enable-native-access", "-d", "--describe-module",
}  # fmt: skip
_CLASS_PATHS = ("-cp", "-classpath", "--class-path", "-Djava.class.path")
_MODULE_PATHS = ("-p", "--module-path")
_COMMANDS = ("-XX:OnError=", "-XX:OnOutOfMemoryError=")

Read = Callable[[str], Optional[str]]


class Launch(NamedTuple):
    """words: VM options, the later one wins; class_path: as given, not expanded; main: a class, module or jar name."""

    words: List[str]
    class_path: List[str]
    main: str


def launch(command: List[str], environment: Dict[str, str], major: Optional[int], read: Read) -> Launch:
    """How a JVM was started.

    command: argv; read: the text of a file as the process sees it, None where there is none. Order of HotSpot
    (Arguments::parse): -XX:Flags, JAVA_TOOL_OPTIONS, command line, _JAVA_OPTIONS; the launcher puts JDK_JAVA_OPTIONS
    before the command line since 9.
    """
    given = list(_expanded(split(environment.get("JDK_JAVA_OPTIONS", "")) if (major or 9) >= 9 else [], read))
    given += _expanded(command[1:], read)
    typed, main, jar = _until_main(given)
    words = split(environment.get("JAVA_TOOL_OPTIONS", ""))
    words += [word for word, _ in typed] + split(environment.get("_JAVA_OPTIONS", ""))
    words = [inner for word in words for inner in _vm_file(word, read, MOST_NESTED)]
    words = [flag for word in words if word.startswith("-XX:Flags=") for flag in _flags(word, read)] + words
    paths = [value for word, value in typed if word in _CLASS_PATHS]
    paths += [word.partition("=")[2] for word in words if word.startswith(("--class-path=", "-Djava.class.path="))]
    # an empty element is the working directory
    chosen = [part or "." for part in (paths or [environment.get("CLASSPATH", "")])[-1].split(":")]
    modules = [value for word, value in typed if word in _MODULE_PATHS]
    modules += [word.partition("=")[2] for word in words if word.startswith("--module-path=")]
    boot = [word.partition(":")[2] for word in words if word.startswith("-Xbootclasspath/a:")]
    more = [part for path in modules + boot for part in path.split(":") if part]
    return Launch(words, ([jar] if jar else chosen) + more, main)


def split(text: str) -> List[str]:
    """Words between white space; quotes of either kind hold a word together, and are dropped."""
    words, word, quote = [], None, ""  # type: List[str], Optional[str], str
    for char in text:
        if quote:
            word, quote = (word, "") if char == quote else ((word or "") + char, quote)
        elif char in "'\"":
            word, quote = word or "", char
        elif char.isspace():
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + char
    return words + ([] if word is None else [word])


def facts(found: Launch, environment: Dict[str, str]) -> Dict[str, object]:
    """What may be told of start options, without anything that may be a secret."""
    return {
        "shown": [shown for shown in map(_shown, found.words) if shown],
        "attach_disabled": _flag(found.words, "DisableAttachMechanism") or False,
        "dynamic_agents": _flag(found.words, "EnableDynamicAgentLoading"),
        "reduced_signals": "-Xrs" in found.words or _flag(found.words, "ReduceSignalUsage") or False,
        "agents": agents(found.words),
        "tool_options": "JAVA_TOOL_OPTIONS" in environment,
        "property": _property(found.words),
        "cds_forced": _cds_forced(found.words),
    }


def agents(words: List[str]) -> List[str]:
    """Java agents at start, as "path" or "path=options"; options of others than opskit's own are masked."""
    found = []
    for word in words:
        if word.startswith("-javaagent:"):
            path, sign, given = word[len("-javaagent:") :].partition("=")
            found.append(path + sign + (given if AGENT in os.path.basename(path) else given and MASK))
    return found


def agent_on(found: List[str]) -> bool:
    """Whether opskit's own agent is among them and puts the setting in force at start."""
    given = [agent.partition("=") for agent in found]
    return any(AGENT in os.path.basename(path) and text.split(",")[0] == "on" for path, _, text in given)


def _shown(word: str) -> str:
    if word.startswith("-javaagent:"):
        return "-javaagent:" + agents([word])[0]
    if word.startswith(_COMMANDS):
        return word.partition("=")[0] + "=" + MASK
    ours = (f"-D{PROPERTY}", f"-D{CONNECT_PROPERTY}")
    return word if word.startswith("-X") or word.partition("=")[0] in ours else ""


def _flag(words: List[str], name: str) -> Optional[bool]:
    """The last word on a boolean flag of the VM; None where none is given."""
    given = [word[4] == "+" for word in words if word in (f"-XX:+{name}", f"-XX:-{name}")]
    return given[-1] if given else None


def _property(words: List[str]) -> Optional[str]:
    """As Boolean.parseBoolean reads it (NettySystemConfig, 4.9.1 and later)."""
    given = [word.partition("=") for word in words]
    values = [value for name, _, value in given if name == f"-D{PROPERTY}"]
    return ("true" if values[-1].lower() == "true" else "false") if values else None


def _cds_forced(words: List[str]) -> bool:
    given = [word for word in words if word.startswith("-Xshare:")]
    return bool(given) and given[-1] == "-Xshare:on"


def _until_main(words: List[str]) -> Tuple[List[Tuple[str, str]], str, Optional[str]]:
    """Launcher options with their values ("" where they have none), the main class or jar name, and the jar."""
    typed, ahead = [], iter(words)  # type: List[Tuple[str, str]], Iterator[str]
    for word in ahead:
        if word in ("-jar", "-m", "--module"):
            main = next(ahead, "")
            return (typed, os.path.basename(main), main) if word == "-jar" else (typed, main, None)
        if word.startswith("--module="):
            return typed, word.partition("=")[2], None
        if not word.startswith("-"):
            return typed, word, None
        typed.append((word, next(ahead, "") if word in _VALUED else ""))
    return typed, "", None


def _expanded(words: List[str], read: Read) -> Iterator[str]:
    """With @argfiles in place, up to the main class; what follows belongs to the application. Since 9."""
    ended, value = False, False
    for word in words:
        if word.startswith("@") and not ended and not value and word != "@":
            yield from [word[1:]] if word.startswith("@@") else _argfile(read(word[1:]) or "")
            continue
        ended = ended or word == "--disable-@files" or not (value or word.startswith("-"))
        value = word in _VALUED
        yield word


def _argfile(text: str) -> List[str]:
    """Without comments. A backslash before anything but white space and quotes stays, as in a path."""
    lines = [line for line in text.replace("\\\n", "").splitlines() if not line.lstrip().startswith("#")]
    return split("\n".join(lines).replace("\\\\", "\\"))


def _vm_file(word: str, read: Read, depth: int) -> List[str]:
    """A -XX:VMOptionsFile in its place."""
    if not word.startswith("-XX:VMOptionsFile=") or not depth:
        return [word]
    inner = split(read(word.partition("=")[2]) or "")
    return [word] + [deeper for found in inner for deeper in _vm_file(found, read, depth - 1)]


def _flags(word: str, read: Read) -> List[str]:
    """-XX:Flags=FILE: flags as after -XX:, a few a line."""
    return [f"-XX:{flag}" for flag in split(read(word.partition("=")[2]) or "") if not flag.startswith("#")]
