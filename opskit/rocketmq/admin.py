"""Admin calls as typed requests: what is asked, and how its answer reads. Pure; `opskit.reach.dial` carries them.

Codes and fields are RocketMQ's RequestCode and header classes, the same in 4.8.0 and 5.4.0 unless a docstring says
otherwise. A broker of 4.x leaves a code that it does not know unanswered (measured on 4.8.0 with 328 and 907), one of
5.x answers 3: ask a code only of releases that have it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from pydantic import ValidationError

from opskit.onhost.frames import Frame, FrameError
from opskit.rocketmq import fastjson
from opskit.rocketmq.answers import (
    Answer,
    ClusterInfo,
    Connections,
    ConsumeStats,
    HaStatus,
    ProducerTable,
    Route,
    RuntimeInfo,
    SubscriptionGroups,
    TopicList,
    TopicTable,
    properties,
)

T = TypeVar("T")
A = TypeVar("A", bound=Answer)


class Code(IntEnum):
    """RequestCode, named as RocketMQ names it."""

    UPDATE_AND_CREATE_TOPIC = 17
    GET_ALL_TOPIC_CONFIG = 21
    UPDATE_BROKER_CONFIG = 25
    GET_BROKER_CONFIG = 26
    GET_BROKER_RUNTIME_INFO = 28
    GET_ROUTEINFO_BY_TOPIC = 105
    GET_BROKER_CLUSTER_INFO = 106
    GET_ALL_SUBSCRIPTIONGROUP_CONFIG = 201
    GET_CONSUMER_CONNECTION_LIST = 203
    GET_PRODUCER_CONNECTION_LIST = 204
    GET_ALL_TOPIC_LIST_FROM_NAMESERVER = 206
    GET_CONSUME_STATS = 208
    DELETE_TOPIC_IN_BROKER = 215
    DELETE_TOPIC_IN_NAMESRV = 216
    GET_NAMESRV_CONFIG = 319
    GET_ALL_PRODUCER_INFO = 328
    GET_BROKER_HA_STATUS = 907


SUCCESS, NO_PERMISSION, TOPIC_NOT_EXIST, CONSUMER_NOT_ONLINE = 0, 16, 17, 206
"""ResponseCode."""


class ServerError(Exception):
    """A server answered with an error: its response code and its own remark."""

    def __init__(self, code: int, remark: str) -> None:
        super().__init__(f"code {code}: {remark}" if remark else f"code {code}")
        self.code, self.remark = code, remark


@dataclass(frozen=True)
class Request(Generic[T]):
    """One request, and how the answer to it is read.

    absent: the response code that means "there is none", read as the answer to an empty body.
    """

    code: Code
    read: Callable[[bytes], T]
    ext: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    absent: int | None = None

    def answer(self, frame: Frame) -> T:
        """The typed answer; ServerError where the server refused, FrameError where its body is not understood."""
        if frame.code not in (SUCCESS, self.absent):
            raise ServerError(frame.code, (frame.remark or "").partition("\n")[0])
        try:
            return self.read(b"{}" if frame.code == self.absent else frame.body)
        except (ValueError, KeyError, TypeError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise FrameError(f"an answer to {self.code.name} that cannot be read: {reason}") from error


def _model(answer: type[A]) -> Callable[[bytes], A]:
    return lambda body: answer.model_validate(fastjson.loads(body.decode()))


def _properties(body: bytes) -> dict[str, str]:
    return properties(body.decode())


def _nothing(body: bytes) -> None:  # noqa: ARG001
    return None


def cluster_info() -> Request[ClusterInfo]:
    """Nameserver: every broker of every cluster that it knows."""
    return Request(Code.GET_BROKER_CLUSTER_INFO, _model(ClusterInfo))


def route(topic: str) -> Request[Route]:
    """Nameserver: where a topic lives, asked as clients ask it; empty where the nameserver does not know the topic.

    In 5.x it is served by a thread pool of its own: an answer to `cluster_info` does not prove that clients get theirs.
    """
    ext = {"topic": topic, "acceptStandardJsonOnly": "true"}
    return Request(Code.GET_ROUTEINFO_BY_TOPIC, _model(Route), ext, absent=TOPIC_NOT_EXIST)


def topic_list() -> Request[TopicList]:
    """Nameserver: the names of all topics."""
    return Request(Code.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, _model(TopicList))


def nameserver_config() -> Request[dict[str, str]]:
    """Nameserver: the settings in force."""
    return Request(Code.GET_NAMESRV_CONFIG, _properties)


def delete_topic_on_nameserver(topic: str) -> Request[None]:
    """Nameserver: forget a topic's route."""
    return Request(Code.DELETE_TOPIC_IN_NAMESRV, _nothing, {"topic": topic})


def broker_runtime() -> Request[RuntimeInfo]:
    """Broker: its runtime table."""
    return Request(
        Code.GET_BROKER_RUNTIME_INFO, lambda body: RuntimeInfo.model_validate(fastjson.loads(body.decode())["table"])
    )


def broker_config() -> Request[dict[str, str]]:
    """Broker: the settings in force."""
    return Request(Code.GET_BROKER_CONFIG, _properties)


def update_broker_config(settings: Mapping[str, str]) -> Request[None]:
    """Broker: change settings at run time; it also rewrites its file where the folder is writable (the drain trap)."""
    import javaproperties  # 20 ms that only this request costs

    lines = (f"{javaproperties.join_key_value(key, value)}\n" for key, value in sorted(settings.items()))
    return Request(Code.UPDATE_BROKER_CONFIG, _nothing, body="".join(lines).encode())


def topic_table() -> Request[TopicTable]:
    """Broker: every topic that lives on it."""
    return Request(Code.GET_ALL_TOPIC_CONFIG, _model(TopicTable))


def create_topic(topic: str, *, queues: int = 8, perm: int = 6, order: bool = False) -> Request[None]:
    """Broker: create a topic with as many read as write queues, or change it."""
    ext = {
        "topic": topic,
        "defaultTopic": "TBW102",
        "readQueueNums": str(queues),
        "writeQueueNums": str(queues),
        "perm": str(perm),
        "topicFilterType": "SINGLE_TAG",
        "topicSysFlag": "0",
        "order": str(order).lower(),
    }
    return Request(Code.UPDATE_AND_CREATE_TOPIC, _nothing, ext)


def delete_topic_on_broker(topic: str) -> Request[None]:
    """Broker: delete a topic and what is stored in it."""
    return Request(Code.DELETE_TOPIC_IN_BROKER, _nothing, {"topic": topic})


def producer_connections(group: str) -> Request[Connections]:
    """Broker: the clients of one producer group; a group that it does not know is a ServerError with code 1."""
    return Request(Code.GET_PRODUCER_CONNECTION_LIST, _model(Connections), {"producerGroup": group})


def consumer_groups() -> Request[SubscriptionGroups]:
    """Broker: every consumer group that it knows, its own ones too; 5.4.0 answers in parts only where asked to."""
    return Request(Code.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, _model(SubscriptionGroups))


def consumer_connections(group: str) -> Request[Connections]:
    """Broker: the clients of one consumer group; empty where it is offline."""
    ext = {"consumerGroup": group}
    return Request(Code.GET_CONSUMER_CONNECTION_LIST, _model(Connections), ext, absent=CONSUMER_NOT_ONLINE)


def consume_stats(group: str) -> Request[ConsumeStats]:
    """Broker: how far a consumer group is in each queue that it reads here; empty where it knows no such group."""
    return Request(Code.GET_CONSUME_STATS, _model(ConsumeStats), {"consumerGroup": group})


def all_producers() -> Request[ProducerTable]:
    """Broker from 4.9.4: every producer group with its clients."""
    return Request(Code.GET_ALL_PRODUCER_INFO, _model(ProducerTable))


def ha_status() -> Request[HaStatus]:
    """Broker from 5.0.0: how far its slaves are."""
    return Request(Code.GET_BROKER_HA_STATUS, _model(HaStatus))
