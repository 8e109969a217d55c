"""Who is there and what they do: writers in a ring of chats, observers of each kind, and a stranger."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from device import Device, Door
from history import History, Remark, Watches
from live import DRAIN
from observers import SqlReader, Stranger, flap, page_through, read_all, sync_only
from session import Session, Unavailable
from writer import Message, Writer

WORDS = ["hi", "straße", "日本語", "🙂👍🏽", "two\nlines", "<b>x</b>", "cafe\u0301", "עברית"]

QUIET_RATE = 0.3
"""Messages a second in the quiet chat."""


class Workload:
    """Person i has a chat with person i + 1, so each chat has two writers and each person two outboxes."""

    def __init__(
        self, history: History, edge: Callable[[], str], gateways: list[str], database_url: str, seed: int,
        people: int, rate: float,
    ) -> None:  # fmt: skip
        self.history, self.edge, self.gateways = history, edge, gateways
        self.database_url, self.seed, self.people, self.rate = database_url, seed, people, rate
        self.writers: list[Writer] = []
        self.observers: list[Device] = []
        self.chats: list[str] = []
        self._random = random.Random(f"workload {seed}")
        self._tasks: list[asyncio.Task[Any]] = []
        self._writing: asyncio.Task[None] | None = None
        self._enough = asyncio.Event()
        self._numbers = 0

    def _chances(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    def _by_edge(self, _tries: int) -> str:
        return self.edge()

    def _gateway(self, number: int) -> Door:
        """A door that always leads to the same gateway, past the edge."""
        return lambda _tries: self.gateways[number % len(self.gateways)]

    def _door(self, number: int) -> Door:
        """Every other writer goes straight to a gateway while that one answers. So each gateway always has both those
        who write and those who receive, which the edge after a restart does not promise."""
        if number % 2 == 0:
            return self._by_edge
        straight = self._gateway(number)
        return lambda tries: straight(tries) if tries == 0 else self.edge()

    def _start(self, work: Any) -> asyncio.Task[Any]:
        self._tasks.append(asyncio.create_task(work))
        return self._tasks[-1]

    # Setting the stage

    async def prepare(self) -> None:
        """Registers everybody, opens the chats, connects all devices."""
        sessions = [await Session.register(self.history, self.edge, f"writer{number}") for number in range(self.people)]
        for number, session in enumerate(sessions):
            name = f"writer{number}"
            twin = await session.on_another_device()
            writer = Writer(
                name, session, twin, self._door(number), self._gateway(number + 1), self.history, self._chances(name)
            )
            self.writers.append(writer)
            self._start_device(writer.device)
            self._start_device(writer.twin)
        members: dict[str, list[str]] = {}
        for number in range(self.people):
            other = (number + 1) % self.people
            if self.people == 2 and number == 1:
                break
            await self._open_chat(number, other, members)
        await self._add_observers(sessions, members)
        for device in self._devices():
            self.history.add(Watches(self.history.now, device.name, device.session.user, members[device.session.user]))
        self._sql = SqlReader(self.database_url, self.chats, self.history)
        self._start(self._sql.run())
        steady = (device for device in self._devices() if device.name not in ("flapping", "syncing"))
        await asyncio.gather(*(device.ready() for device in steady))

    def come_home(self) -> None:
        """Who goes straight to a gateway and is elsewhere since that one was away, goes there again."""
        for writer in self.writers[1::2]:
            if writer.device.live is not None:
                writer.device.live.leave(DRAIN)

    async def _open_chat(self, one: int, other: int, members: dict[str, list[str]]) -> None:
        user = self.writers[other].session.user
        answer = await self.writers[one].session.ask("PUT", f"/api/v1/chats/with/{user}")
        assert answer.status == 200, answer
        chat = str(answer.body["chat"])
        self.chats.append(chat)
        for writer in (self.writers[one], self.writers[other]):
            writer.outboxes[chat] = asyncio.Queue()
            self._start(writer.empty(chat))
            members.setdefault(writer.session.user, []).append(chat)

    async def _add_observers(self, sessions: list[Session], members: dict[str, list[str]]) -> None:
        steady = await self._observer("steady", sessions[0], self._by_edge)
        pair = await self._observer("pair-a", sessions[1], self._gateway(1))
        other = Device("pair-b", pair.session, self._gateway(2), self.history)
        self.observers.append(other)
        for device in (steady, pair, other):
            self._start(device.run())
        flapping = await self._observer("flapping", sessions[1], self._by_edge)
        self._start(flap(flapping, self._chances("flapping"), self._enough))
        reader = sessions[-1]
        pager = Device("pager", await reader.on_another_device(), self._by_edge, self.history)
        self._start(pager.session.keep_fresh())
        self._start(page_through(pager, members[reader.user], self._chances("pager")))
        syncing = await self._observer("syncing", reader, self._by_edge)
        self._start(sync_only(syncing, self._chances("syncing")))
        stranger = await Session.register(self.history, self.edge, "stranger")
        watcher = Stranger(stranger, self._by_edge, self.history, self.chats)
        self._start(stranger.keep_fresh())
        self._start(watcher.listen([session.user for session in sessions]))
        self._start(watcher.pry(self._chances("stranger")))

    async def _observer(self, name: str, person: Session, door: Door) -> Device:
        device = Device(name, await person.on_another_device(), door, self.history)
        self._start(device.session.keep_fresh())
        self.observers.append(device)
        return device

    def _start_device(self, device: Device) -> None:
        self._start(device.session.keep_fresh())
        self._start(device.run())

    def _devices(self) -> list[Device]:
        return [device for writer in self.writers for device in (writer.device, writer.twin)] + self.observers

    # Writing

    def begin(self) -> None:
        self._writing = self._start(self._write())

    async def _write(self) -> None:
        """Puts messages into outboxes at the rate, whatever becomes of them: the load does not wait for the system."""
        while True:
            await asyncio.sleep(self._random.expovariate(self.rate))
            writer = self._random.choice(self.writers)
            writer.write(self._message(writer))
            if self._random.random() < 0.01:
                foreign = [chat for chat in self.chats if chat not in writer.outboxes]
                self._start(writer.provoke(self._random.choice(foreign) if foreign else uuid.uuid4().hex))

    def _message(self, writer: Writer) -> Message:
        self._numbers += 1
        chat = self._chat_of(writer)
        id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        filler = self._random.choice(WORDS) * self._random.choice((1, 1, 1, 1, 5, 40, 200))
        return Message(id, chat, f"{writer.name} {self._numbers} {filler}")

    def _chat_of(self, writer: Writer) -> str:
        """The first chat is a quiet one: where much is said, the next message shows the hole that a lost one left."""
        chat = self._random.choice(list(writer.outboxes))
        usual = self.rate / self.people
        if chat == self.chats[0] and self.people > 2 and self._random.random() > QUIET_RATE / usual:
            return next(other for other in writer.outboxes if other != chat)
        return chat

    # The end

    async def quiesce(self, within: float, sync_again: bool) -> None:
        """Stops writing and coming and going, then waits until all is acknowledged and everybody shows everything.

        Without the sweep, an event that was lost is found by the next sync: then everybody connects once more.
        """
        if self._writing is not None:
            self._writing.cancel()
        self._enough.set()
        if sync_again:
            await self._wait_for_outboxes(within)
            for device in self._devices():
                device.drop()
        try:
            async with asyncio.timeout(within):
                while not await self._is_quiet():
                    await asyncio.sleep(0.25)
        except TimeoutError:
            self.history.add(Remark(self.history.now, "harness", f"not quiet after {within:.0f} s"))

    async def _wait_for_outboxes(self, within: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while any(writer.waiting for writer in self.writers):
                    await asyncio.sleep(0.25)

    async def _is_quiet(self) -> bool:
        if any(writer.waiting for writer in self.writers):
            return False
        return all(
            chat in device.shelves and device.shelves[chat].last >= self._sql.last[chat]
            for writer in self.writers
            for device in self._devices()
            if device.session.user == writer.session.user
            for chat in writer.outboxes
            if self._sql.last[chat]
        )

    async def read_all(self) -> None:
        await self._sql.read_all()
        await self._sql.try_a_copy()
        for writer in self.writers:
            for chat in writer.outboxes:
                try:
                    await read_all(writer.session, self.history, f"rest of {writer.name}", chat)
                except Unavailable as error:
                    self.history.add(Remark(self.history.now, "harness", f"cannot read history: {error}"))

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sql.close()
