"""Start options of a JVM: order, sources, class path, and nothing told that may be a secret."""

import pytest

from opskit.onhost.jvm import options
from opskit.onhost.jvm.options import PROPERTY

ON, OFF = f"-D{PROPERTY}=true", f"-D{PROPERTY}=false"
Environment = dict[str, str]


def launch(
    command: str, environment: Environment | None = None, major: int | None = 17, files: Environment | None = None
) -> options.Launch:
    return options.launch(["java", *command.split()], environment or {}, major, (files or {}).get)


def facts(command: str, environment: Environment | None = None, files: Environment | None = None) -> dict[str, object]:
    return options.facts(launch(command, environment, files=files), environment or {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  -Xrs\t-Da=b\n", ["-Xrs", "-Da=b"]),
        ("-Da='b c' \"-Dd=e f\"", ["-Da=b c", "-Dd=e f"]),
        ("-Da=\"it's\" ''", ["-Da=it's", ""]),
        ("-Da='open end", ["-Da=open end"]),
    ],
)
def test_words_are_split_as_the_launcher_does(text: str, words: list[str]) -> None:
    assert options.split(text) == words


@pytest.mark.parametrize(
    ("command", "environment", "value"),
    [
        ("Main", {}, None),
        (f"{OFF} Main", {}, "false"),
        (f"{OFF} {ON} Main", {}, "true"),
        (f"Main {OFF}", {}, None),
        (f"-jar a.jar {OFF}", {}, None),
        (f"{ON} Main", {"JAVA_TOOL_OPTIONS": OFF}, "true"),
        (f"{ON} Main", {"JDK_JAVA_OPTIONS": OFF}, "true"),
        ("Main", {"JAVA_TOOL_OPTIONS": OFF, "JDK_JAVA_OPTIONS": ON}, "true"),
        (f"{ON} Main", {"_JAVA_OPTIONS": OFF}, "false"),
        (f"-D{PROPERTY}=TRUE Main", {}, "true"),
        (f"-D{PROPERTY} Main", {}, "false"),
        (f"-D{PROPERTY}=yes Main", {}, "false"),
        (f"-D{PROPERTY}X=false Main", {}, None),
    ],
)
def test_the_last_word_on_the_property_wins(command: str, environment: Environment, value: str | None) -> None:
    assert facts(command, environment)["property"] == value


def test_the_launcher_of_jdk_8_knows_no_options_of_its_own() -> None:
    assert launch("Main", {"JDK_JAVA_OPTIONS": "-Xrs"}, major=8).words == []
    assert launch("Main", {"JDK_JAVA_OPTIONS": "-Xrs"}, major=None).words == ["-Xrs"]


@pytest.mark.parametrize(
    ("command", "files", "words"),
    [
        ("@a Main", {"a": "-Xrs\n# -Xint\n-Da=b"}, ["-Xrs", "-Da=b"]),
        ("@a Main @b", {"a": "-Xrs", "b": "-Xint"}, ["-Xrs"]),
        ("-jar a.jar @b", {"b": "-Xint"}, []),
        ("-Xrs @gone Main", {}, ["-Xrs"]),
        ("--disable-@files @a Main", {"a": "-Xrs"}, ["--disable-@files"]),
        ("-XX:VMOptionsFile=v -Xint Main", {"v": "-Xrs"}, ["-XX:VMOptionsFile=v", "-Xrs", "-Xint"]),
        ("-XX:Flags=f -Xint Main", {"f": "+UseX\n-UseY"}, ["-XX:+UseX", "-XX:-UseY", "-XX:Flags=f", "-Xint"]),
    ],
)
def test_files_of_options_are_read_in_their_place(command: str, files: Environment, words: list[str]) -> None:
    assert launch(command, files=files).words == words


def test_a_file_of_options_that_names_itself_ends() -> None:
    assert "-Xrs" in launch("-XX:VMOptionsFile=v Main", files={"v": "-Xrs -XX:VMOptionsFile=v"}).words


@pytest.mark.parametrize(
    ("command", "environment", "class_path", "main"),
    [
        ("Main", {}, ["."], "Main"),
        ("Main", {"CLASSPATH": "a.jar:b"}, ["a.jar", "b"], "Main"),
        ("-cp a.jar:lib/* com.example.Main secret", {"CLASSPATH": "c"}, ["a.jar", "lib/*"], "com.example.Main"),
        ("-cp a -classpath b Main", {}, ["b"], "Main"),
        ("--class-path=a Main", {}, ["a"], "Main"),
        ("-cp a -jar /srv/orders.jar --token=x", {}, ["/srv/orders.jar"], "orders.jar"),
        ("-Xbootclasspath/a:b.jar -cp a Main", {}, ["a", "b.jar"], "Main"),
        ("-p mods -m com.example/com.example.Main x", {}, [".", "mods"], "com.example/com.example.Main"),
        ("--add-opens java.base/java.nio=ALL-UNNAMED -cp a Main", {}, ["a"], "Main"),
        ("-version", {}, ["."], ""),
        ("-cp a.jar: Main", {}, ["a.jar", "."], "Main"),
    ],
)
def test_class_path_and_main(command: str, environment: Environment, class_path: list[str], main: str) -> None:
    found = launch(command, environment)
    assert (found.class_path, found.main) == (class_path, main)


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("Main", "attach_disabled", False),
        ("-XX:+DisableAttachMechanism Main", "attach_disabled", True),
        ("-XX:+DisableAttachMechanism -XX:-DisableAttachMechanism Main", "attach_disabled", False),
        ("Main", "dynamic_agents", None),
        ("-XX:-EnableDynamicAgentLoading Main", "dynamic_agents", False),
        ("-XX:+EnableDynamicAgentLoading Main", "dynamic_agents", True),
        ("-Xrs Main", "reduced_signals", True),
        ("-XX:+ReduceSignalUsage Main", "reduced_signals", True),
        ("Main -Xrs", "reduced_signals", False),
        ("-Xshare:on Main", "cds_forced", True),
        ("-Xshare:on -Xshare:auto Main", "cds_forced", False),
    ],
)
def test_what_decides_about_an_attach(command: str, name: str, value: bool | None) -> None:
    assert facts(command)[name] == value


def test_nothing_is_told_that_may_be_a_secret() -> None:
    words = (
        "-Xmx1g -Dspring.datasource.password=hidden -javaagent:/opt/apm.jar=token=hidden -Dtoken=hidden "
        f"-XX:OnOutOfMemoryError=hidden {OFF} -agentlib:x=hidden -XX:+UseSerialGC -jar orders.jar --password=hidden"
    )
    told = facts(words, {"JAVA_TOOL_OPTIONS": "-Dkey=hidden", "_JAVA_OPTIONS": "-Dother=hidden"})
    assert "hidden" not in str(told)
    assert told["shown"] == [
        "-Xmx1g",
        "-javaagent:/opt/apm.jar=********",
        "-XX:OnOutOfMemoryError=********",
        OFF,
        "-XX:+UseSerialGC",
    ]
    assert told["tool_options"] is True


@pytest.mark.parametrize(
    ("words", "agents", "on"),
    [
        ("", [], False),
        ("-javaagent:/a/apm.jar", ["/a/apm.jar"], False),
        ("-javaagent:/a/apm.jar=on", ["/a/apm.jar=********"], False),
        ("-javaagent:/o/opskit-agent-1.jar=on,mode=every", ["/o/opskit-agent-1.jar=on,mode=every"], True),
        ("-javaagent:/o/opskit-agent-1.jar=off", ["/o/opskit-agent-1.jar=off"], False),
        ("-javaagent:/o/opskit-agent-1.jar=report", ["/o/opskit-agent-1.jar=report"], False),
        ("-javaagent:a.jar -javaagent:opskit-agent.jar=on", ["a.jar", "opskit-agent.jar=on"], True),
        ("-javaagent:/opskit-agent/apm.jar=on", ["/opskit-agent/apm.jar=********"], False),
    ],
)
def test_agents_at_start(words: str, agents: list[str], on: bool) -> None:
    found = options.agents(words.split())
    assert found == agents
    assert options.agent_on(found) is on
