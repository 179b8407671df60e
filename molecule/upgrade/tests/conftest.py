"""What a broker keeps, asked of itself: messages by queue, and how far a group has come. Shares no code with opskit."""

import struct
import time
from dataclasses import dataclass
from typing import Any

import pytest

SEND, PULL, CREATE_TOPIC, GET_OFFSET, SET_OFFSET, GET_RUNTIME = 10, 11, 17, 14, 15, 28
"""Request codes, the same in 4.x and 5.x (RequestCode)."""
FOUND = 0
BODY_AT = 84
"""Bytes before the length of a body in a message as brokers store it, over IPv4 (MessageDecoder)."""


@dataclass(frozen=True)
class Kept:
    """A broker's messages in queue 0 of a topic. server: of the shared fixture."""

    server: Any
    topic: str = "molecule-kept"
    group: str = "molecule-kept"

    def create(self, topic: str) -> None:
        fields = {"topic": topic, "defaultTopic": "TBW102", "readQueueNums": "4", "writeQueueNums": "4", "perm": "6"}
        self._done(CREATE_TOPIC, **fields, topicFilterType="SINGLE_TAG", topicSysFlag="0", order="false")

    def send(self, body: str) -> None:
        """Raises where the broker does not acknowledge it."""
        fields = {"producerGroup": self.group, "defaultTopic": "TBW102", "defaultTopicQueueNums": "4", "sysFlag": "0"}
        born = str(int(time.time() * 1000))
        fields |= {"bornTimestamp": born, "flag": "0", "properties": "", "reconsumeTimes": "0", "unitMode": "false"}
        self._done(SEND, body.encode(), topic=self.topic, queueId="0", **fields)

    def messages(self) -> list[str]:
        """The bodies of all, from the first on."""
        found: list[str] = []
        while True:
            fields = {"maxMsgNums": "32", "sysFlag": "4", "commitOffset": "0", "suspendTimeoutMillis": "0"}
            fields |= {"subscription": "*", "subVersion": "0", "queueOffset": str(len(found))}
            head, stored = self.server.call(PULL, topic=self.topic, queueId="0", consumerGroup=self.group, **fields)
            if head["code"] != FOUND:
                return found
            found += bodies(stored)

    def commit(self, offset: int) -> None:
        where = {"consumerGroup": self.group, "topic": self.topic, "queueId": "0"}
        self._done(SET_OFFSET, commitOffset=str(offset), **where)

    @property
    def committed(self) -> int:
        fields = {"consumerGroup": self.group, "topic": self.topic, "queueId": "0"}
        return int(self._done(GET_OFFSET, **fields)["extFields"]["offset"])

    @property
    def release(self) -> str:
        """What the broker says that it is: 4.9.7."""
        said = self.server.ask(GET_RUNTIME)["table"]["brokerVersionDesc"]
        return said.removeprefix("V").replace("_", ".")

    def _done(self, code: int, body: bytes = b"", **fields: str) -> dict[str, Any]:
        head, _ = self.server.call(code, body, **fields)
        assert head["code"] == 0, head
        return head


def bodies(stored: bytes) -> list[str]:
    """The bodies in an answer to a pull."""
    found = []
    while stored:
        (size,) = struct.unpack_from(">I", stored)
        (length,) = struct.unpack_from(">I", stored, BODY_AT)
        found.append(stored[BODY_AT + 4 : BODY_AT + 4 + length].decode())
        stored = stored[size:]
    return found


@pytest.fixture
def kept(server: Any) -> Kept:
    """What the broker of this host keeps."""
    return Kept(server())


@pytest.fixture
def declared(host: Any) -> str:
    """The release that the inventory wants here now."""
    return host.ansible.get_variables()["rocketmq_release"]
