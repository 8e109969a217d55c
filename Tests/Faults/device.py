"""A client that follows docs/protocol.md: welcome, then sync; it fetches holes, obeys resync, drain and close codes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from sys import intern
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed

from history import Closed, Fetch, History, Opened, Page, Remark, Sees, Shown, Told, digest
from live import DRAIN, FAILED, NO_ACK, ZOMBIE, Gone, Live
from parley_client import Frame, Json
from session import Session, Unavailable, backoff

HOLE = 0.25
STEADY = 30.0
"""After so many seconds of welcome, backoff begins anew."""
Door = Callable[[int], str]
TOKEN_EXPIRED, RATE_LIMITED, BAD_PROTOCOL, UNAUTHENTICATED, REPLACED = 4003, 4004, 4500, 4501, 4503


class Shelf:
    """What a device shows of one chat: all up to `last`; later ones wait behind the hole."""

    def __init__(self) -> None:
        self.last = 0
        self.waiting: set[int] = set()
        self.lock = asyncio.Lock()
        self.is_mending = False


class Device:
    """One device of a person. `door` gives the origin for its socket, by how often it was tried in vain; REST goes
    where its session says."""

    def __init__(self, name: str, session: Session, door: Door, history: History) -> None:
        self.name, self.session, self.door, self.history = name, session, door, history
        self.live: Live | None = None
        self.shelves: dict[str, Shelf] = {}
        self.own_seen: set[str] = set()
        """Ids of this user's messages that were received: an outbox may drop those."""
        self.is_synced = False
        self._welcomed = asyncio.Event()
        self._failing_since = 0.0
        self._cursor: str | None = None
        self._epoch: str | None = None
        self._sync_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        session.renewed.append(self._greet_again)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The socket

    async def ready(self) -> Live:
        """The socket to send on, when there is one."""
        while self.live is None or self.live.closed.done():
            self._welcomed.clear()
            await self._welcomed.wait()
        return self.live

    def renew_socket(self, live: Live, reason: int = NO_ACK) -> None:
        live.leave(reason)

    async def run(self) -> None:
        """Stays connected until it is cancelled."""
        tries, in_vain, wait = 0, 0, 0.0
        try:
            while True:
                await asyncio.sleep(wait)
                try:
                    live = await Live.open(self.door(in_vain), self.session.token, self._take)
                except (*FAILED, Gone) as error:
                    code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else 0
                    wait = await self._wait_after(code, tries)
                    tries, in_vain = tries + 1, in_vain + 1
                    continue
                welcomed, in_vain = self.history.now, 0
                self._change_to(live)
                reason = await live.left
                if self.history.now - welcomed > STEADY:
                    tries = 0
                wait = await self._wait_after(reason, tries)
                tries += reason > 0
        finally:
            self.stop()

    def _change_to(self, live: Live) -> None:
        """Makes the welcomed socket the one to use: sync, then the old one is closed."""
        old, self.live = self.live, live
        self.is_synced = False
        self.history.add(Opened(self.history.now, self.name, live.gateway))
        live.closed.add_done_callback(lambda code: self._closed(code.result()))
        self._welcomed.set()
        self._start(self._sync_and_close(live, old))

    def _closed(self, code: int) -> None:
        self.history.add(Closed(self.history.now, self.name, code))

    async def _wait_after(self, reason: int, tries: int) -> float:
        """What to do before the next socket, and how long to wait."""
        if reason in (ZOMBIE, NO_ACK):
            if self.live is not None:
                self.live.drop()
            return 0.0
        if reason == DRAIN:
            return 0.0
        if reason in (TOKEN_EXPIRED, UNAUTHENTICATED):
            await self.session.renew(self.session.token)
        if reason >= BAD_PROTOCOL:
            self.history.add(Remark(self.history.now, self.name, f"closed with {reason}"))
        if tries == 0:
            self._failing_since = self.history.now
        return backoff(tries, self.history.now - self._failing_since) + (10.0 if reason in (RATE_LIMITED, REPLACED) else 0.0)

    def _greet_again(self) -> None:
        if self.live is not None and not self.live.closed.done():
            self._start(self._hello(self.live))

    async def _hello(self, live: Live) -> None:
        with suppress(ConnectionClosed, OSError):  # the next socket says it anyway
            await live.hello(self.session.token)

    def drop(self) -> None:
        """As if the network went away."""
        if self.live is not None:
            self.live.drop()

    def stop(self) -> None:
        self.drop()
        for task in list(self._tasks):
            task.cancel()

    # Frames

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "message":
                self.take(frame, "frame")
            case "resync" if "chats" not in frame:
                self._told("*", 0)
                if self.live is not None:
                    self._start(self._sync(self.live))
            case "resync":
                for chat in frame["chats"]:
                    self._told(chat["chat"], chat["last_seq"])
                    self._start(self._mend(chat["chat"], chat["last_seq"]))

    def _told(self, chat: str, seq: int) -> None:
        self.history.add(Told(self.history.now, self.name, intern(chat), seq))

    def take(self, message: Json, how: str) -> None:
        """Takes a message in, from wherever it came, and shows what is then without a hole."""
        chat, seq = intern(message["chat"]), message["seq"]
        now = self.history.now
        self.history.add(
            Sees(now, self.name, chat, seq, intern(message["id"]), intern(message["from"]), digest(message["body"]),
                 intern(message["sent_at"]), how)
        )  # fmt: skip
        if message["from"] == self.session.user:
            self.own_seen.add(message["id"])
        shelf = self.shelves.setdefault(chat, Shelf())
        if seq <= shelf.last:
            return
        shelf.waiting.add(seq)
        while shelf.last + 1 in shelf.waiting:
            shelf.last += 1
            shelf.waiting.discard(shelf.last)
            self.history.add(Shown(now, self.name, chat, shelf.last))
        if shelf.waiting and self.is_synced and not shelf.is_mending:
            self._start(self._mend(chat, max(shelf.waiting), HOLE))

    # Fetching

    async def _mend(self, chat: str, target: int, patience: float = 0.0) -> None:
        """Fetches what is missing up to `target`, again and again while the socket stands; then the next sync does."""
        live = self.live
        shelf = self.shelves.setdefault(intern(chat), Shelf())
        shelf.is_mending = True
        try:
            await asyncio.sleep(patience)
            tries = 0
            while live is not None and not live.closed.done() and self._lacks(shelf, target):
                if self.is_synced and await self._tried(chat, self._catch_up(chat, target)):
                    break
                await asyncio.sleep(0.05 if not self.is_synced else max(0.05, backoff(tries)))
                tries += self.is_synced
        finally:
            shelf.is_mending = False

    def _lacks(self, shelf: Shelf, target: int) -> bool:
        return shelf.last < max(target, max(shelf.waiting, default=0))

    async def _tried(self, chat: str, work: Any) -> bool:
        began = self.history.now
        ok = False
        try:
            await work
            ok = True
        except Unavailable:
            pass
        finally:
            self.history.add(Fetch(self.history.now, self.name, intern(chat), began, ok))
        return ok

    async def _catch_up(self, chat: str, target: int) -> None:
        shelf = self.shelves.setdefault(intern(chat), Shelf())
        async with shelf.lock:
            while self._lacks(shelf, target):
                before = shelf.last
                await self.page(chat, f"after={shelf.last}&limit=200")
                if shelf.last == before:
                    raise Unavailable(f"nothing after {before} in {chat}, though there is {target}")

    async def page(self, chat: str, query: str) -> list[Json]:
        answer = await self.session.get(f"/api/v1/chats/{chat}/messages?{query}")
        messages = list(answer["messages"])
        for message in messages:
            self.take(message, "page")
        if messages:
            self.history.add(
                Page(self.history.now, self.name, intern(chat), messages[0]["seq"], messages[-1]["seq"], len(messages))
            )
        return messages

    # Sync

    async def _sync_and_close(self, live: Live, old: Live | None) -> None:
        await self._sync(live)
        if old is not None and not old.closed.done():
            await old.close()

    async def _sync(self, live: Live) -> None:
        """Syncs until it has worked, while this is the socket in use."""
        tries = 0
        async with self._sync_lock:
            while live is self.live and not live.closed.done():
                if await self.sync():
                    return self._synced()
                await asyncio.sleep(backoff(tries))
                tries += 1

    async def sync(self) -> bool:
        """One walk through all pages of the sync, and whether it worked."""
        return await self._tried("*", self._sync_once())

    def _synced(self) -> None:
        self.is_synced = True
        for chat, shelf in self.shelves.items():
            if shelf.waiting:
                self._start(self._mend(chat, max(shelf.waiting)))

    async def _sync_once(self) -> None:
        while True:
            query = "" if self._cursor is None else "?since=" + quote(self._cursor, safe="")
            answer = await self.session.get("/api/v1/sync" + query)
            if self._epoch not in (None, answer["epoch"]):
                self.history.add(Remark(self.history.now, self.name, f"another history epoch: {answer['epoch']}"))
                self._epoch, self._cursor = answer["epoch"], None
                continue
            self._epoch = answer["epoch"]
            for chat in answer["chats"]:
                await self._catch_up(chat["chat"], chat["last_seq"])
            self._cursor = answer["next"]
            if not answer["more"]:
                return
