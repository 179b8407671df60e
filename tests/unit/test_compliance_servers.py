"""What an audit hears from servers: everything that they say, or the reason; nothing that they do stops it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from remoting_fake import MISBEHAVIOURS, Behaviour, answer, host, serving

from opskit.compliance.evidence import BrokerSeen, NameserverSeen
from opskit.compliance.servers import ask_servers
from opskit.inventory.cluster import Broker, Cluster, Jvm, Nameserver
from opskit.observe.peers import Told
from opskit.onhost.frames import Frame
from opskit.onhost.masking import MASK
from opskit.reach.dial import Dialer
from opskit.rocketmq.admin import Code

SECONDS = 0.4
JVM = Jvm(heap="256m")
SETTINGS = b"clientCloseSocketIfTimeout=true\naclSecretKey=hunter2\nempty=\n"
RETRY_AND_MORE = {
    "topicConfigTable": {
        name: {"topicName": name, "readQueueNums": 1, "writeQueueNums": 1, "perm": 6} for name in ("T", "%RETRY%g")
    }
}
CLIENT = {"clientId": "10.0.0.21@7", "clientAddr": "10.0.0.21:40000", "language": "JAVA", "version": 373}
BODIES: dict[int, bytes] = {
    Code.GET_ROUTEINFO_BY_TOPIC: b"{}",
    Code.GET_BROKER_CLUSTER_INFO: b'{"brokerAddrTable":{"a":{"brokerName":"a","brokerAddrs":{0:"10.0.0.11:10911"}},'
    b'"other":{"brokerName":"other","brokerAddrs":{0:"10.9.9.9:10911"}}},"clusterAddrTable":{"C":["a"],"D":["other"]}}',
    Code.GET_NAMESRV_CONFIG: SETTINGS,
    Code.GET_BROKER_RUNTIME_INFO: b'{"table":{"commitLogMaxOffset":"1000"}}',
    Code.GET_BROKER_CONFIG: SETTINGS,
    Code.GET_ALL_TOPIC_CONFIG: json.dumps(RETRY_AND_MORE).encode(),
    Code.GET_ALL_SUBSCRIPTIONGROUP_CONFIG: b'{"subscriptionGroupTable":{"g":{"groupName":"g"},"TOOLS_CONSUMER":{}}}',
    Code.GET_CONSUMER_CONNECTION_LIST: json.dumps({"connectionSet": [CLIENT]}).encode(),
    Code.GET_PRODUCER_CONNECTION_LIST: json.dumps({"connectionSet": [CLIENT]}).encode(),
}


def sound(**changed: bytes | Behaviour) -> Behaviour:
    """A server of 4.8.0 that is well but for what it answers to some codes, by their names."""

    def behave(question: Frame) -> bytes | None:
        own = changed.get(Code(question.code).name)
        if callable(own):
            return own(question)
        return answer(question, body=own if own is not None else BODIES[question.code])

    return behave


@asynccontextmanager
async def cluster(
    nameserver: Behaviour | None = None, master: Behaviour | None = None, slave: Behaviour | None = None
) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(serving(one or sound())) for one in (nameserver, master, slave)]
        yield Cluster(
            name="C",
            nameservers=(Nameserver(host=host("ns1"), release="4.8.0", port=ports[0], jvm=JVM),),
            brokers=tuple(
                Broker(
                    host=host(name),
                    release="4.8.0",
                    port=port,
                    broker_name="a",
                    broker_id=number,
                    role="SLAVE" if number else "ASYNC_MASTER",
                    jvm=JVM,
                )
                for number, (name, port) in enumerate(zip(("a", "a-s"), ports[1:], strict=True))
            ),
        )


Seen = tuple[NameserverSeen, BrokerSeen, BrokerSeen]


async def seen(
    nameserver: Behaviour | None = None, master: Behaviour | None = None, slave: Behaviour | None = None
) -> Seen:
    async with cluster(nameserver, master, slave) as declared, Dialer("direct") as dialer:
        nameservers, brokers = await ask_servers(declared, SECONDS, dialer)
    return nameservers["ns1"], brokers["a"], brokers["a-s"]


async def test_servers_that_are_well_tell_everything() -> None:
    nameserver, master, slave = await seen()
    assert {nameserver.state, master.state, slave.state} == {"healthy"}
    assert {nameserver.release, master.release, slave.release} == {"4.8.0"}
    assert nameserver.view == {"a": {0: "10.0.0.11:10911"}}
    assert master.topics == {"T": 6, "%RETRY%g": 6}
    assert master.groups == ("TOOLS_CONSUMER", "g")
    assert (slave.topics, slave.groups, slave.behind_bytes) == (None, None, 0)
    told = Told(address="10.0.0.21", client_id="10.0.0.21@7", language="JAVA", version=373)
    assert master.clients == (told,)
    details = {nameserver.detail, nameserver.settings_error, master.detail, master.settings_error, slave.detail}
    assert details | {master.topics_error, master.groups_error, slave.groups_error} == {""}


async def test_no_secret_enters_the_evidence() -> None:
    for one in await seen():
        assert one.settings == {"clientCloseSocketIfTimeout": "true", "aclSecretKey": MASK, "empty": ""}
        assert "hunter2" not in one.model_dump_json()


@pytest.mark.parametrize(("behave", "outcome", "detail"), MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
async def test_whatever_all_servers_do_is_a_state(behave: Behaviour, outcome: str, detail: str) -> None:
    states = {"silent": "silent", "garbled": "error", "error": "error", "refused": "refused", "answered": "error"}
    nameserver, master, slave = await seen(behave, behave, behave)
    # an empty answer is a sound one of a nameserver that knows no broker
    expected = "healthy" if outcome == "answered" else states[outcome]
    assert nameserver.state == expected
    assert {master.state, slave.state} == {states[outcome]}
    assert master.detail and slave.detail


async def test_one_that_hangs_costs_the_others_nothing_and_the_audit_its_deadline() -> None:
    started = asyncio.get_running_loop().time()
    nameserver, master, slave = await seen(slave=lambda question: b"")
    assert asyncio.get_running_loop().time() - started < SECONDS + 2
    assert (nameserver.state, master.state, slave.state) == ("healthy", "healthy", "silent")
    assert slave.settings_error == slave.clients_error == "no answer within 0.4 s"
    assert (slave.behind_bytes, slave.settings) == (None, None)


def refusing(question: Frame) -> bytes:
    return answer(question, code=16, remark="no permission\nSee http://x")


async def test_a_refusal_is_a_reason_and_not_a_state() -> None:
    codes = ("GET_ALL_SUBSCRIPTIONGROUP_CONFIG", "GET_ALL_TOPIC_CONFIG")
    nameserver, master, _ = await seen(
        sound(GET_NAMESRV_CONFIG=refusing),
        sound(**dict.fromkeys(codes, refusing)),  # type: ignore[arg-type]
    )
    assert (nameserver.state, nameserver.settings, nameserver.settings_error) == (
        "healthy",
        None,
        "code 16: no permission",
    )
    assert (master.state, master.groups, master.groups_error) == ("healthy", None, "code 16: no permission")
    assert (master.topics, master.topics_error) == (None, "code 16: no permission")
    assert master.clients_error == "code 16: no permission"


GARBAGE = [b"\xff\xfe", b"<html>", b"[1]", b'"x"', b"null", b'{"subscriptionGroupTable":[],"topicConfigTable":7}']


@pytest.mark.parametrize("code", ["GET_ALL_SUBSCRIPTIONGROUP_CONFIG", "GET_ALL_TOPIC_CONFIG"])
@pytest.mark.parametrize("body", GARBAGE)
async def test_a_broker_that_garbles_one_answer_is_in_error(code: str, body: bytes) -> None:
    _, master, _ = await seen(master=sound(**{code: body}))
    assert master.state == "error"
    assert master.detail.startswith("asked for its ") and f"an answer to {code} that cannot be read" in master.detail


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"a=\xff"])
async def test_settings_that_are_no_text_are_an_error(body: bytes) -> None:
    nameserver, master, _ = await seen(sound(GET_NAMESRV_CONFIG=body), sound(GET_BROKER_CONFIG=body))
    assert (nameserver.state, master.state) == ("error", "error")
    assert (nameserver.settings, master.settings) == (None, None)


@pytest.mark.parametrize(
    "table",
    [
        {"commitLogMaxOffset": "x"},
        {"commitLogMaxOffset": None},
        {"commitLogMaxOffset": {}},
        {"commitLogMaxOffset": "9" * 5000},
        {"commitLogMaxOffset": "1", "putTps": "many few none"},
        {"commitLogMaxOffset": "1", "putTps": 3},
        {"commitLogMaxOffset": "1", "putMessageAverageSize": "big"},
    ],
)
async def test_a_runtime_of_wrong_types_is_an_error(table: dict[str, object]) -> None:
    body = json.dumps({"table": table}).encode()
    _, master, slave = await seen(master=sound(GET_BROKER_RUNTIME_INFO=body))
    assert (master.state, slave.state, slave.behind_bytes) == ("error", "healthy", None)


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "1e308"])
async def test_rates_without_a_bound_are_no_bound_of_the_lag(rate: str) -> None:
    table = {"commitLogMaxOffset": "1000", "putTps": f"{rate} 0 0", "putMessageAverageSize": "1e308"}
    _, master, slave = await seen(master=sound(GET_BROKER_RUNTIME_INFO=json.dumps({"table": table}).encode()))
    assert (master.state, slave.behind_bytes) == ("healthy", 0)


def answering(**changes: object) -> Callable[[Frame], bytes]:
    return lambda question: answer(question, body=BODIES[question.code], **changes)


@pytest.mark.parametrize("version", [-1, 0, 2**31, 99_999])
async def test_a_version_that_is_no_release_is_named_as_it_is(version: int) -> None:
    for one in await seen(*[answering(version=version)] * 3):
        assert one.release == f"MQVersion {version}"


async def test_nothing_listens_anywhere() -> None:
    async with cluster() as declared:
        pass
    async with Dialer("direct") as dialer:
        nameservers, brokers = await ask_servers(declared, SECONDS, dialer)
    assert {one.state for one in (*nameservers.values(), *brokers.values())} == {"refused"}
    assert brokers["a"].groups_error == f"nothing listens on port {declared.brokers[0].port}"
