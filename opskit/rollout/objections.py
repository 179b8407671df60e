"""Why a way is closed to one JVM: a sentence, empty where it is open. Pure."""

from opskit.inventory.services import Mode
from opskit.observe.agent import PROPERTY
from opskit.observe.model import AgentReport, Jvm

FIRST_JAVA, FLIPPED_FROM, FLIPPED_TO = 8, 11, 25
"""The agent's bytecode; the JDKs between which a live flip was shown to work (11, 17, 21 and 25)."""


def flip_objection(jvm: Jvm, untested_jdk: bool = False) -> str:
    """Why the agent cannot be loaded into the running JVM; empty where it can."""
    java, options = jvm.java, jvm.options
    if options.attach_disabled:
        return "-XX:+DisableAttachMechanism forbids loading an agent into it"
    if java.vm == "OpenJ9":
        return "OpenJ9 speaks another attach protocol"
    if options.dynamic_agents is False:
        return "-XX:-EnableDynamicAgentLoading forbids loading an agent into it"
    if java.major is not None and java.major < FIRST_JAVA:
        return f"opskit's agent needs Java {FIRST_JAVA}, it runs {java.major}"
    known = java.vm == "HotSpot" and java.major is not None and FLIPPED_FROM <= java.major <= FLIPPED_TO
    if known or untested_jdk:
        return ""
    name = "an unknown Java" if java.major is None else f"JDK {java.major} ({java.vm or 'unknown VM'})"
    return f"a live flip on {name} was never shown to work (--untested-jdk tries it all the same)"


def start_objection(jvm: Jvm) -> str:
    """Why opskit cannot bring an agent into the JVM's next start; empty where it can."""
    if jvm.java.major is not None and jvm.java.major < FIRST_JAVA:
        return f"opskit's agent needs Java {FIRST_JAVA}, it runs {jvm.java.major}"
    if jvm.is_contained:
        return "its start belongs to its container, which opskit does not rebuild"
    if not jvm.unit:
        return "no systemd unit starts it"
    return ""


def patch_objection(jvm: Jvm, report: AgentReport | None, accept_broker_closes: bool) -> str:
    """Why its jars are not patched; empty where they can be."""
    off = [client for client in jvm.clients if client.state == "off"]
    if not off:
        return "there is no byte to change: its clients read a property"
    if signed := next((client for client in off if client.signed), None):
        return f"{signed.jar} is signed, and a changed class would not load"
    if refused := next((client for client in off if client.patchable), None):
        return f"{refused.jar} cannot be patched: {refused.patchable}"
    if jvm.is_contained:
        return "its container would come back with the old jar"
    if jvm.options.cds_forced:
        return "-Xshare:on: it would not start with a jar that is not the archived one"
    if not accept_broker_closes and may_be_shared(report):
        return "the patch closes brokers' connections too, and a producer and a consumer share a client instance or may"
    return ""


def may_be_shared(report: AgentReport | None) -> bool:
    """Whether a producer and a consumer share a client instance; unknown counts as shared."""
    return report is None or not report.instances or any(instance.shared for instance in report.instances)


def starts_on(jvm: Jvm, mode: Mode) -> bool:
    """Whether opskit's agent came at the start and was told to be on in that mode; nameserver is its default."""
    verb, *options = (jvm.own_agent or "").partition("=")[2].split(",")
    return verb == "on" and ("mode=every" in options) == (mode == "every")


def is_switched_off(jvm: Jvm) -> bool:
    """Whether a client that reads the property is told by it to be off."""
    return jvm.options.property == "false" and any(client.state == "property" for client in jvm.clients)


def switched_off_by(jvm: Jvm) -> str:
    """Who switched it off in a client that reads the property, as far as the start options tell."""
    if jvm.options.property == "false":
        if any(PROPERTY in option for option in jvm.options.shown):
            return f"its start options say -D{PROPERTY}=false"
        if jvm.options.tool_options:
            return f"its JAVA_TOOL_OPTIONS say -D{PROPERTY}=false"
    return jvm.constructed.why or "who did it is not known"
