"""What lives in the zoo: one service, built and started in every way in which sites do it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

ROOT = "/opt/zoo"
LOGS = "/var/log/zoo"
RUN = "/run/zoo"
TOPIC = "ZooTopic"
SECRET = "zoo-secret-never-shown"
"""In the command line of every service: what a sweep of hosts must not repeat."""

MEMORY = ("-Xmx48m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
OPENED = "--add-opens=java.base/java.nio=ALL-UNNAMED"
"""netty 4.0 of the 4.8.0 client does not start on Java 17 without it."""


@dataclass(frozen=True)
class Variant:
    """One way to build and start the service; the fields below `build` are what a rollout should find.

    build: folder of the build. java: a runtime other than the host's own 17. words: options of the service itself.
    isolated: no unit, but namespaces, a user and a read-only root of its own, as a container has them.
    state: of the constructor's bytes. way: where its client lies, "" for a plain jar.
    """

    name: str
    what: str
    build: str = "thin-4.8.0"
    release: str = "4.8.0"
    state: str = "off"
    java: int = 17
    options: tuple[str, ...] = ()
    tool_options: str = ""
    words: tuple[str, ...] = ()
    isolated: bool = False

    @property
    def unit(self) -> str:
        return f"zoo-{self.name}.service"

    @property
    def user(self) -> str:
        return "zoo-isolated" if self.isolated else "zoo"

    @property
    def folder(self) -> str:
        """Of its jars, as the host sees it."""
        return f"{ROOT}/{self.name}"

    @property
    def sees(self) -> str:
        """The same folder, as the process sees it."""
        return "/app" if self.isolated else self.folder

    @property
    def log(self) -> str:
        """Its stdout, a line for each query."""
        return f"{LOGS}/{self.name}.log"

    @property
    def health(self) -> str:
        """As new as its last answered query."""
        return f"{RUN}/{self.name}.health"


_TYPED = "com.rocketmq.remoting.client.closeSocketIfTimeout"

VARIANTS = (
    Variant("thin", "a class path of jars"),
    Variant("fat-boot2", "a fat jar of Spring Boot 2.7.18", build="fat-boot2"),
    Variant("fat-boot3", "a fat jar of Spring Boot 3.3.5", build="fat-boot3"),
    Variant("shaded", "one jar, its client relocated to my.shaded.rocketmq", build="shaded"),
    Variant("exploded", "the remoting classes in a folder", build="exploded"),
    Variant("signed", "a signed remoting jar", build="signed"),
    Variant("agent", "another agent in JAVA_TOOL_OPTIONS", tool_options="-javaagent:{folder}/idle-agent.jar=busy"),
    Variant("no-attach", "a JVM that takes no attach", options=("-XX:+DisableAttachMechanism",)),
    Variant("poller", "a service that never asks, but polls every 30 s", words=("poll-only",)),
    Variant("jdk11", "on Java 11", java=11),
    Variant("jdk21", "on Java 21", java=21),
    Variant("isolated", "in namespaces and under a user of its own, on a read-only root", isolated=True),
    Variant("new", "4.9.7 as it comes", build="thin-4.9.7", release="4.9.7", state="property"),
    Variant(
        "new-off",
        "4.9.7, switched off by its property",
        build="thin-4.9.7",
        release="4.9.7",
        state="property",
        options=(f"-D{_TYPED}=false",),
    ),
)


def chosen(names: Sequence[str]) -> tuple[Variant, ...]:
    """The variants of these names; all where none is named."""
    known = {variant.name: variant for variant in VARIANTS}
    return tuple(known[name] for name in names or known)


def command(variant: Variant, nameservers: str) -> list[str]:
    """The argv of its JVM. nameservers: address:port, semicolons between."""
    java = "/usr/bin/java" if variant.java == 17 else f"{ROOT}/runtimes/{variant.java}/bin/java"
    jar = f"{variant.sees}/service.jar"
    places = {
        "fat-boot2": ("-jar", jar),
        "fat-boot3": ("-jar", jar),
        "shaded": ("-cp", jar, "zoo.Service"),
        "exploded": ("-cp", f"{variant.sees}/classes:{variant.sees}/lib/*", "zoo.Service"),
    }
    return [
        java,
        *MEMORY,
        OPENED,
        *variant.options,
        f"-Dzoo.password={SECRET}",
        f"-Drocketmq.client.logRoot={LOGS}/{variant.name}",
        *places.get(variant.build, ("-cp", f"{variant.sees}/lib/*", "zoo.Service")),
        f"name={variant.name}",
        f"topic={TOPIC}",
        f"nameservers={nameservers}",
        f"health={variant.health}",
        f"password={SECRET}",
        *variant.words,
    ]


def unit(variant: Variant, nameservers: str) -> str:
    """The text of its unit."""
    tools = variant.tool_options.format(folder=variant.folder)
    words = " ".join(f'"{word}"' for word in command(variant, nameservers))
    environment = f"Environment=JAVA_TOOL_OPTIONS={tools}\n" if tools else ""
    return (
        f"[Unit]\nDescription=Zoo: {variant.what}\n\n"
        f"[Service]\nUser={variant.user}\n{environment}ExecStart={words}\n"
        f"StandardOutput=append:{variant.log}\nStandardError=append:{LOGS}/{variant.name}.err\n"
        # a JVM that is told to stop ends with 143
        "SuccessExitStatus=143\nRestart=on-failure\nRestartSec=1s\n"
    )
