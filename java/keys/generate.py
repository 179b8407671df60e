"""Makes the setting tables of opskit from the jars of RocketMQ releases: python generate.py [--out DIR] RELEASE...

Needs a JDK (java, javap) of 11 or newer and Maven. For each component it asks javap which configuration classes the
release's own Startup class creates, and Keys.java which keys MixAll.properties2Object would set on them. Keys.java runs
on two machines as different as one can pretend; a default that differs between the two, or is this machine's name or
address, is recorded as the machine's, so that a table comes out the same wherever it is made.
"""

import argparse
import ipaddress
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TABLES = HERE.parent.parent / "opskit" / "rocketmq" / "data"
ROOT = "org.apache.rocketmq."
STARTUPS = {
    "broker": "org.apache.rocketmq.broker.BrokerStartup",
    "nameserver": "org.apache.rocketmq.namesrv.NamesrvStartup",
    "controller": "org.apache.rocketmq.controller.ControllerStartup",
}
TIERED_STORE = (
    "org.apache.rocketmq.tieredstore.common.TieredMessageStoreConfig",
    "org.apache.rocketmq.tieredstore.MessageStoreConfig",
)
"""Read from broker.conf by the tiered store plugin; its name changed after 5.1."""
CREATED = re.compile(r"new +#\d+ +// class (org/apache/rocketmq/[\w/]+Config)$", re.MULTILINE)
READ_DIRECTLY = re.compile(r"// String (\w+)\n.*\n.*Method java/util/Properties\.getProperty:")
PARSERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "long": int,
    "double": float,
    "float": float,
    "boolean": "true".__eq__,
    "string": str,
}

Entry = dict[str, Any]


def class_path(release: str, scratch: Path) -> list[str]:
    """The jars of the release's broker and nameserver with all they depend on, fetched by Maven where missing."""
    listed = scratch / "class-path"
    goal = ["dependency:build-classpath", f"-Dmdep.outputFile={listed}", f"-Drocketmq.release={release}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], check=True)
    return listed.read_text().strip().split(":")


def classes_in(jars: list[str]) -> frozenset[str]:
    names: set[str] = set()
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            names.update(name.removesuffix(".class").replace("/", ".") for name in archive.namelist())
    return frozenset(names)


def disassembled(startup: str, jars: list[str]) -> str:
    command = ["javap", "-p", "-c", startup]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=with_jars(jars)).stdout


def components(jars: list[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """For each component its configuration classes, and the keys that its Startup reads without any class."""
    present = classes_in(jars)
    configs: dict[str, list[str]] = {}
    direct: dict[str, list[str]] = {}
    for component, startup in STARTUPS.items():
        if startup not in present:
            continue
        code = disassembled(startup, jars)
        found = [name.replace("/", ".") for name in CREATED.findall(code)]
        plugins = [name for name in TIERED_STORE if name in present and component == "broker"]
        configs[component] = list(dict.fromkeys(found)) + plugins
        direct[startup] = sorted(set(READ_DIRECTLY.findall(code)))
    return configs, {startup: keys for startup, keys in direct.items() if keys}


def pretended_machines(scratch: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """JVM options and environment of two machines that differ in processors, memory and home."""
    hosts = scratch / "hosts"
    hosts.write_text(f"127.0.0.1 {socket.gethostname()}\n")
    for name, processors, heap in (("one", 1, "128m"), ("two", 192, "512m")):
        home = scratch / name
        home.mkdir()
        properties = {"user.home": home, "java.io.tmpdir": home, "jdk.net.hosts.file": hosts}
        options = [f"-D{key}={value}" for key, value in properties.items()]
        sized = ["-XX:+UseSerialGC", f"-XX:ActiveProcessorCount={processors}", f"-Xmx{heap}"]
        yield [*options, *sized], {"ROCKETMQ_HOME": str(home), "NAMESRV_ADDR": f"{name}:9876"}


def rows(classes: list[str], jars: list[str], scratch: Path) -> Iterator[tuple[str, str, str, str, str, bool]]:
    """class, key, type, values, default as Keys.java writes them, and whether the default is the machine's."""
    seen: list[list[list[str]]] = []
    for number, (options, environment) in enumerate(pretended_machines(scratch)):
        out = scratch / f"keys-{number}"
        command = ["java", *options, str(HERE / "Keys.java"), str(out), *classes]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**with_jars(jars), **environment})
        seen.append([line.split("\t") for line in out.read_text().splitlines()])
    for one, two in zip(*seen, strict=True):
        yield one[0], one[1], one[2], one[3], one[4], one[4] != two[4] or names_machine(one[4].removeprefix("="))


def with_jars(jars: list[str]) -> dict[str, str]:
    """An environment of nothing but the commands and the jars, since defaults may come from other variables."""
    return {"PATH": os.environ["PATH"], "CLASSPATH": ":".join(jars)}


def names_machine(default: str) -> bool:
    """Whether a default is the name or an address of this machine; 0.0.0.0 is every machine's."""
    try:
        return not ipaddress.ip_address(default).is_unspecified
    except ValueError:
        return default == socket.gethostname()


def entry(kind: str, values: str, default: str, machine: bool) -> Entry:
    made: Entry = {"type": kind}
    if values != "-":
        made["values"] = values.split(",")
    if machine:
        made["machine"] = True
    else:
        made["default"] = None if default == "-" else PARSERS[kind](default.removeprefix("="))
    return made


def table(release: str) -> str:
    """The whole table of one release, as it is committed."""
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        jars = class_path(release, scratch)
        configs, direct = components(jars)
        classes = sorted({name for names in configs.values() for name in names})
        entries: dict[str, dict[str, Entry]] = {name: {} for name in [*classes, *direct]}
        for config, key, kind, values, default, machine in rows(classes, jars, scratch):
            entries[config][key] = entry(kind, values, default, machine)
    for startup, keys in direct.items():
        entries[startup] = {key: entry("string", "-", "-", machine=True) for key in keys}
    of_component = {
        component: [*names, *(startup for startup in direct if startup == STARTUPS[component])]
        for component, names in configs.items()
    }
    return written(release, of_component, entries)


def written(release: str, of_component: dict[str, list[str]], entries: dict[str, dict[str, Entry]]) -> str:
    """JSON with one line a key, so that a difference between two releases reads well."""
    short = {name: name.removeprefix(ROOT) for name in entries}
    owners = [pair(component, [short[name] for name in names]) for component, names in of_component.items()]
    classes = [
        block(short[name], [pair(key, keys[key]) for key in sorted(keys)]) for name, keys in sorted(entries.items())
    ]
    text = ",\n".join([pair("release", release), block("components", owners), block("classes", classes)])
    return "{\n" + indented(text) + "\n}\n"


def pair(name: str, value: Any) -> str:
    return f"{json.dumps(name)}: {json.dumps(value)}"


def block(name: str, lines: list[str]) -> str:
    return f"{json.dumps(name)}: {{\n" + indented(",\n".join(lines)) + "\n}"


def indented(text: str) -> str:
    return textwrap.indent(text, "  ")


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the setting tables of RocketMQ releases.")
    parser.add_argument("--out", type=Path, default=TABLES, help="folder the tables go to")
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help="such as 5.4.0; all that have a table if none")
    arguments = parser.parse_args()
    for release in arguments.releases or sorted(path.stem for path in TABLES.glob("*.json")):
        text = table(release)
        (arguments.out / f"{release}.json").write_text(text)
        keys = sum(len(keys) for keys in json.loads(text)["classes"].values())
        sys.stdout.write(f"{release}: {keys} keys\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
