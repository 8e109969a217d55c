"""Every process is restarted, one after another, while two people write: nothing lost, doubled, reordered or failed."""

from __future__ import annotations

import threading

import pytest
from websockets.exceptions import WebSocketException

from conftest import MakeUser
from parley_client import Frame, Socket, User, eventually, new_id
from parley_system import LocalSystem

pytestmark = pytest.mark.faults

ANSWER = 10.0
"""Seconds a client waits for an ack before it takes a new socket."""
ORDER = ["auth-service-1", "presence-service-1", "message-service-1", "realtime-gateway-1", "realtime-gateway-2"]


class Writer:
    """Sends one message after another through the edge, as docs/protocol.md tells a client to."""

    def __init__(self, user: User, chat: str, url: str) -> None:
        self.user, self.chat, self.url = user, chat, url
        self.acks: list[Frame] = []
        self.failed: Exception | None = None
        self._ended = threading.Event()
        self._socket = user.connect(url)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(60)
        assert self.failed is None, repr(self.failed)

    def _run(self) -> None:
        try:
            while not self._ended.wait(0.005):
                self.acks.append(self._insist(new_id()))
        except Exception as error:
            self.failed = error

    def _insist(self, id: str) -> Frame:
        reply = eventually(lambda: self._try(id), "an ack", 40, 0.1)
        assert reply is not None
        return reply

    def _try(self, id: str) -> Frame | None:
        """One try: the ack, or nothing after a retryable error or with the socket gone or told to go."""
        try:
            if not self._socket.is_open or self._socket.all("drain"):
                old, self._socket = self._socket, self.user.connect(self.url)
                old.close()
            reply = self._socket.ask(self.chat, f"message {id}", id, ANSWER)
        except (TimeoutError, OSError, WebSocketException):
            return None
        assert reply["type"] == "ack" or reply["retryable"], reply
        return reply if reply["type"] == "ack" else None


def test_nothing_is_lost_or_doubled(local: LocalSystem, register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    watching = bob.connect(local.gateways[0])
    writers = [Writer(user, chat, local.url) for user in (ada, bob)]
    try:
        for name in (name for name in ORDER if name in local.services):
            wait_for_more(writers)
            local.process("restart", name)
        wait_for_more(writers)
    finally:
        for writer in writers:
            writer.end()
    assert_all_there(ada, chat, writers)
    assert_no_refusal_seen(watching)


def wait_for_more(writers: list[Writer]) -> None:
    """Both get acks: the system serves."""
    before = [len(writer.acks) for writer in writers]

    def more() -> bool:
        return all(len(writer.acks) > number + 10 for writer, number in zip(writers, before, strict=True))

    eventually(more, "both are acknowledged", 20)


def assert_all_there(reader: User, chat: str, writers: list[Writer]) -> None:
    history = reader.whole_history(chat)
    assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
    acked = {ack["id"]: ack["seq"] for writer in writers for ack in writer.acks}
    assert {message["id"]: message["seq"] for message in history} == acked
    for writer in writers:
        assert [ack["seq"] for ack in writer.acks] == sorted(ack["seq"] for ack in writer.acks)


def assert_no_refusal_seen(socket: Socket) -> None:
    assert socket.all("error") == []
