"""A person who writes: an outbox with one send in flight per chat, the same id on every retry, until it is written."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from sys import intern

from device import Device, Door
from history import Ack, History, NoAnswer, Refusal, Remark, Try, digest
from live import Gone, Live
from parley_client import Answer, Frame, Json
from rest import UNREACHED
from session import Session, backoff

ACK = 10.0
"""Seconds a client waits for an answer before it takes a new socket."""
FINAL = {400, 404, 409, 413}


@dataclass
class Message:
    id: str
    chat: str
    body: str
    illegal: bool = False
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        self.digest = digest(self.body)


class Writer:
    """A person with a device to write on, another one (`twin`) that sends some messages at the same time through
    another gateway, and an outbox per chat."""

    def __init__(
        self, name: str, session: Session, twin: Session, door: Door, twin_door: Door, history: History,
        chances: random.Random,
    ) -> None:  # fmt: skip
        self.name, self.session, self.history, self.random = name, session, history, chances
        self.device = Device(name, session, door, history)
        self.twin = Device(name + "-twin", twin, twin_door, history)
        self.outboxes: dict[str, asyncio.Queue[Message]] = {}
        self.waiting = 0
        """Messages that are not yet known to be written."""
        self.acked: list[Message] = []
        self._copies: set[asyncio.Task[float | None]] = set()

    def write(self, message: Message) -> None:
        """Puts a message into its outbox."""
        self.waiting += 1
        self.outboxes[message.chat].put_nowait(message)

    async def empty(self, chat: str) -> None:
        """Sends what is in one outbox, one after another, for ever."""
        while True:
            message = await self.outboxes[chat].get()
            await self._insist(message)
            self.waiting -= 1

    async def _insist(self, message: Message) -> None:
        tries = 0
        by_rest, twice = self.random.random() < 0.1, self.random.random() < 0.1
        while message.id not in self.device.own_seen:
            if twice and tries == 0:
                copy = asyncio.create_task(self._by_socket(self.twin, message, extra=True))
                self._copies.add(copy)
                copy.add_done_callback(self._copies.discard)
            wait = await (self._by_rest(message) if by_rest else self._by_socket(self.device, message))
            if wait is None:
                break
            await asyncio.sleep(wait or backoff(tries))
            tries += 1
        if message.id in self.device.own_seen:
            self.acked = [*self.acked[-20:], message]

    # One attempt each: seconds to wait before the next one (0: as backoff says), or nothing if it is settled

    def _tries(self, message: Message, via: str, extra: bool) -> int:
        attempt = self.history.next_attempt()
        self.history.add(
            Try(self.history.now, attempt, self.session.user, message.chat, intern(message.id), message.digest, via,
                message.illegal, extra)
        )  # fmt: skip
        return attempt

    async def _by_socket(self, device: Device, message: Message, extra: bool = False) -> float | None:
        if extra and (device.live is None or device.live.closed.done()):
            return 0.0
        live = await device.ready()
        attempt = self._tries(message, "socket", extra)
        frame = {"type": "send", "id": message.id, "chat": message.chat, "body": message.body}
        try:
            return self._answered(device, attempt, message, await live.ask(frame, ACK), extra)
        except (TimeoutError, Gone) as error:
            self.history.add(NoAnswer(self.history.now, attempt, type(error).__name__))
            return self._gave_up_on(device, live, error)

    def _gave_up_on(self, device: Device, live: Live, error: Exception) -> float:
        if isinstance(error, TimeoutError):
            device.renew_socket(live)
        return 0.01  # the next attempt waits for the next welcome

    def _answered(self, device: Device, attempt: int, message: Message, frame: Frame, extra: bool) -> float | None:
        if frame["type"] == "ack":
            self._acked(device, attempt, message, frame, extra)
            return None
        return self._refused(attempt, frame["code"], bool(frame["retryable"]), frame.get("retry_after_ms"), message)

    async def _by_rest(self, message: Message) -> float | None:
        attempt = self._tries(message, "rest", False)
        path = f"/api/v1/chats/{message.chat}/messages"
        try:
            answer = await self.session.ask("POST", path, {"id": message.id, "body": message.body})
        except UNREACHED as error:
            self.history.add(NoAnswer(self.history.now, attempt, type(error).__name__))
            return 0.0
        if answer.status == 200:
            self._acked(self.device, attempt, message, answer.body, False)
            return None
        retryable = answer.status not in FINAL
        return self._refused(attempt, answer.code or str(answer.status), retryable, _retry_after(answer), message)

    def _acked(self, device: Device, attempt: int, message: Message, ack: Json, extra: bool) -> None:
        self.history.add(
            Ack(
                self.history.now,
                attempt,
                self.session.user,
                message.chat,
                message.id,
                ack["seq"],
                intern(ack["sent_at"]),
            )
        )
        # The ack counts as the message for the device that has it.
        shown = {"from": self.session.user, "body": message.body}
        if not message.illegal:
            device.take({**shown, **{key: ack[key] for key in ("chat", "seq", "id", "sent_at")}}, "ack")
            if extra:
                self.device.own_seen.add(message.id)

    def _refused(
        self, attempt: int, code: str, retryable: bool, retry_after: float | None, message: Message
    ) -> float | None:
        final = not retryable or code == "rate_limited"
        self.history.add(Refusal(self.history.now, attempt, code, final))
        if not retryable:
            if not message.illegal:
                self.history.add(Remark(self.history.now, self.name, f"refused for good: {code}"))
            return None
        return (retry_after or 0) / 1000

    # Sends that must be refused

    async def provoke(self, foreign_chat: str) -> None:
        """Sends something that must be refused for good: another body under a used id, or into a chat of others."""
        number = f"{self.name} never {self.random.getrandbits(40)}"
        id = f"{self.random.getrandbits(32):08x}-0000-4000-8000-{self.random.getrandbits(48):012x}"
        choices = [Message(id, foreign_chat, number, True), Message(id, next(iter(self.outboxes)), " \n", True)]
        if self.acked:
            known = self.acked[0]
            choices.append(Message(known.id, known.chat, number, True))
        await self._by_socket(self.device, self.random.choice(choices))


def _retry_after(answer: Answer) -> float | None:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    return error.get("retry_after_ms") if isinstance(error, dict) else None
