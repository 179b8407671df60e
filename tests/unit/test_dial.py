"""Dialling: whatever a server does is an outcome, at the deadline at the latest; SSH is verified and shared."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr
from remoting_fake import ADDRESS, MISBEHAVIOURS, Behaviour, answer, host, listening, serving

from opskit.inventory.cluster import Acl, Endpoint, Host
from opskit.onhost.frames import Frame, signed
from opskit.reach import tunnel
from opskit.reach.dial import Dialer, Mode
from opskit.reach.line import Reply
from opskit.rocketmq import admin
from opskit.rocketmq.answers import ClusterInfo

SECONDS = 0.3


async def ask(where: Host, port: int, mode: Mode = "direct", acl: Acl | None = None) -> Reply[ClusterInfo]:
    async with Dialer(mode, acl) as dialer, dialer.line(where, port, SECONDS) as line:
        return await line.ask(admin.cluster_info())


def unused_port() -> int:
    with socket.create_server((ADDRESS, 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(("behave", "outcome", "detail"), MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
async def test_what_a_server_does_becomes_an_outcome(behave: Behaviour, outcome: str, detail: str) -> None:
    async with serving(behave) as port:
        reply = await ask(host(), port)
    assert (reply.outcome, reply.detail) == (outcome, detail)
    assert reply.seconds < 2


async def test_an_error_carries_its_code_and_the_release() -> None:
    async with serving(lambda question: answer(question, code=16, remark="no permission")) as port:
        reply = await ask(host(), port)
    assert (reply.code, reply.version, reply.value) == (16, 373, None)


async def test_nothing_listens() -> None:
    port = unused_port()
    reply = await ask(host(), port)
    assert (reply.outcome, reply.detail) == ("refused", f"nothing listens on port {port}")


async def test_a_name_that_does_not_resolve() -> None:
    reply = await ask(host(address="ns1.invalid"), 9876)
    assert (reply.outcome, reply.detail) == ("unreachable", "its address ns1.invalid does not resolve")


async def test_a_resolver_that_hangs_costs_no_more_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()
    monkeypatch.setattr("opskit.reach.dial._look_up", lambda *_: asked.set())
    reply = await ask(host(address="ns1.example"), 9876)
    assert asked.is_set()
    assert (reply.outcome, reply.detail) == ("unreachable", "no connection to port 9876 within 0.3 s")


async def test_a_name_with_several_addresses_tries_each(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(address: str) -> list[str]:
        return ["127.0.0.2", ADDRESS]

    monkeypatch.setattr("opskit.reach.dial._resolve", resolve)
    async with serving(answer) as port:
        assert (await ask(host(address="ns1.example"), port)).outcome == "answered"


async def test_a_server_that_accepts_nobody_any_more_is_unreachable() -> None:
    """A listening socket whose backlog is full drops the handshake, as a host does that is down."""
    with socket.create_server((ADDRESS, 0), backlog=0) as server, socket.socket() as first, socket.socket() as second:
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        reply = await ask(host(), server.getsockname()[1])
    assert (reply.outcome, reply.detail[:21]) == ("unreachable", "no connection to port")


async def test_questions_at_once_get_their_own_answers_in_any_order() -> None:
    held: list[bytes] = []

    def backwards(question: Frame) -> bytes:
        topic = question.ext["topic"]
        body = b'{"queueDatas":[{"brokerName":"%s","readQueueNums":1,"writeQueueNums":1,"perm":6}]}' % topic.encode()
        held.insert(0, answer(question, body=body))
        return b"".join(held) if len(held) == 3 else b""

    async with serving(backwards) as port, Dialer("direct") as dialer, dialer.line(host(), port, SECONDS) as line:
        replies = await asyncio.gather(*(line.ask(admin.route(topic)) for topic in "abc"))
    assert [reply.value.queue_datas[0].broker_name for reply in replies if reply.value] == ["a", "b", "c"]


async def test_one_that_hangs_leaves_the_others_their_answers() -> None:
    def only_106(question: Frame) -> bytes:
        return answer(question) if question.code == admin.Code.GET_BROKER_CLUSTER_INFO else b""

    async with serving(only_106) as port, Dialer("direct") as dialer, dialer.line(host(), port, SECONDS) as line:
        route, info = await asyncio.gather(line.ask(admin.route("T")), line.ask(admin.cluster_info()))
    assert (route.outcome, info.outcome) == ("silent", "answered")


async def test_questions_after_the_connection_broke_are_answered_with_the_reason() -> None:
    async with serving(lambda question: None) as port, Dialer("direct") as dialer:
        async with dialer.line(host(), port, SECONDS) as line:
            first, second = await line.ask(admin.cluster_info()), await line.ask(admin.cluster_info())
        third = await line.ask(admin.cluster_info())
    assert {first.detail, second.detail} == {"it closed the connection without an answer"}
    assert (third.outcome, third.detail) == ("refused", "it closed the connection without an answer")


async def test_requests_are_signed_where_the_cluster_has_an_acl() -> None:
    seen: list[Frame] = []

    def note(question: Frame) -> bytes:
        seen.append(question)
        return answer(question)

    async with serving(note) as port:
        await ask(host(), port, acl=Acl(access_key="key", secret_key=SecretStr("secret")))
    assert seen[0].ext == signed({}, b"", ("key", "secret"))


@dataclass
class Sshd:
    """A real SSH server, of asyncssh, that opens what it is asked to or refuses; it counts its logins."""

    port: int
    known_hosts: str
    identity: str
    logins: list[str] = field(default_factory=list)

    def host(self, **changes: object) -> Host:
        endpoint = Endpoint(host="ns1", address=ADDRESS, port=self.port, user="ops", identity=self.identity)
        return host(endpoint=endpoint.model_copy(update={"known_hosts": self.known_hosts} | changes))


@asynccontextmanager
async def sshd(folder: Path, refusal: tuple[int, str] | None = None) -> AsyncIterator[Sshd]:
    host_key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    user_key.write_private_key(folder / "id")
    (folder / "authorized").write_bytes(user_key.export_public_key())
    logins: list[str] = []

    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            logins.append(username)
            return True

        def connection_requested(self, *where: object) -> bool:
            if refusal:
                raise asyncssh.ChannelOpenError(*refusal)
            return True

    listener = await asyncssh.create_server(
        Server, ADDRESS, 0, server_host_keys=[host_key], authorized_client_keys=str(folder / "authorized")
    )
    port = listener.get_port()
    (folder / "known_hosts").write_bytes(b"[%s]:%d " % (ADDRESS.encode(), port) + host_key.export_public_key())
    try:
        yield Sshd(port, str(folder / "known_hosts"), str(folder / "id"), logins)
    finally:
        listener.close()
        await listener.wait_closed()


async def test_through_ssh_a_server_answers_and_hosts_are_logged_in_to_once(tmp_path: Path) -> None:
    async with sshd(tmp_path) as ssh, serving(answer) as port, Dialer("ssh") as dialer:

        async def once() -> Reply[ClusterInfo]:
            # not about time: a machine that is busy may take what it needs
            async with dialer.line(ssh.host(), port, 30) as line:
                return await line.ask(admin.cluster_info())

        replies = [*await asyncio.gather(*(once() for _ in range(12))), await once()]
    assert {reply.outcome for reply in replies} == {"answered"}
    assert ssh.logins == ["ops"]


@pytest.mark.parametrize(("behave", "outcome", "detail"), MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
async def test_through_ssh_outcomes_are_the_same(behave: Behaviour, outcome: str, detail: str, tmp_path: Path) -> None:
    async with sshd(tmp_path) as ssh, serving(behave) as port:
        reply = await ask(ssh.host(), port, "ssh")
    assert (reply.outcome, reply.detail) == (outcome, detail)


@pytest.mark.parametrize(
    ("refusal", "outcome", "detail"),
    [
        ((2, "Connection refused"), "refused", "nothing listens on port 9876"),
        ((2, "No route to host"), "unreachable", "its host could not open port 9876: no route to host"),
        ((1, "open failed"), "unreachable", "sshd on its host forbids forwarding (AllowTcpForwarding, PermitOpen)"),
    ],
)
async def test_what_sshd_refuses_is_told_apart(
    refusal: tuple[int, str], outcome: str, detail: str, tmp_path: Path
) -> None:
    """Codes and words as OpenSSH 9.2 sends them."""
    async with sshd(tmp_path, refusal) as ssh:
        reply = await ask(ssh.host(), 9876, "ssh")
    assert (reply.outcome, reply.detail) == (outcome, detail)


async def test_an_unknown_host_key_is_never_accepted(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    async with sshd(tmp_path) as ssh:
        for known_hosts in (str(tmp_path / "empty"), other_key(tmp_path, ssh.port)):
            reply = await ask(ssh.host(known_hosts=known_hosts), 9876, "ssh")
            detail = "the SSH key of its host is not the one in known_hosts"
            assert (reply.outcome, reply.detail) == ("unreachable", detail)
    assert ssh.logins == []


def other_key(folder: Path, port: int) -> str:
    path, key = folder / "other", asyncssh.generate_private_key("ssh-ed25519")
    path.write_bytes(b"[%s]:%d " % (ADDRESS.encode(), port) + key.export_public_key())
    return str(path)


async def test_a_refused_login_is_named(tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")
    async with sshd(tmp_path) as ssh:
        reply = await ask(ssh.host(identity=str(tmp_path / "stranger")), 9876, "ssh")
    assert (reply.outcome, reply.detail) == ("unreachable", "its host refuses the SSH login of ops")


async def test_a_missing_key_is_named(tmp_path: Path) -> None:
    async with sshd(tmp_path) as ssh:
        reply = await ask(ssh.host(identity=str(tmp_path / "missing")), 9876, "ssh")
    assert reply.outcome == "unreachable"
    assert str(tmp_path / "missing") in reply.detail


async def test_an_sshd_that_hangs_is_silent_and_one_that_is_not_there_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "LOGIN_SECONDS", SECONDS)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(10)

    async with listening(hang) as port:
        hung = await ask(host(endpoint=Endpoint(host="ns1", address=ADDRESS, port=port, user="ops")), 9876, "ssh")
    gone = await ask(host(endpoint=Endpoint(host="ns1", address=ADDRESS, port=unused_port(), user="ops")), 9876, "ssh")
    assert (hung.outcome, hung.detail) == ("silent", "sshd on its host accepts connections but does not answer")
    assert (gone.outcome, gone.detail[:30]) == ("unreachable", "no SSH connection to 127.0.0.1")


async def test_auto_needs_no_ssh_where_the_port_is_open(tmp_path: Path) -> None:
    async with sshd(tmp_path) as ssh, serving(answer) as port:
        reply = await ask(ssh.host(), port, "auto")
    assert reply.outcome == "answered"
    assert ssh.logins == []


async def test_auto_falls_back_on_ssh(tmp_path: Path) -> None:
    """The address refuses; the same host, entered by SSH, reaches the port under that address."""
    async with sshd(tmp_path) as ssh, serving(answer) as port, Dialer("auto") as dialer:

        async def refuse(where: Host, port: int, seconds: float) -> None:
            raise tunnel.LineError("refused", "a firewall rejects")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("opskit.reach.dial._direct", refuse)
            async with dialer.line(ssh.host(), port, SECONDS) as line:
                reply = await line.ask(admin.cluster_info())
    assert reply.outcome == "answered"
    assert ssh.logins == ["ops"]


async def test_auto_says_the_plainest_reason_where_both_ways_fail(tmp_path: Path) -> None:
    port = unused_port()
    reply = await ask(host(endpoint=Endpoint(host="ns1", address=ADDRESS, port=unused_port())), port, "auto")
    assert (reply.outcome, reply.detail) == ("refused", f"nothing listens on port {port}")


def test_direct_dialling_does_not_import_asyncssh() -> None:
    code = "import sys, opskit.status.ask, opskit.status.judge; assert 'asyncssh' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
