"""Those who only look: one that comes and goes, one that pages, one that only syncs, one that reads SQL, and one who
must see nothing."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from sys import intern
from typing import Any

import psycopg

from device import Device, Door
from history import Final, History, Page, Remark, Sees, Stray, Unguarded, digest
from live import FAILED, Gone, Live
from parley_client import Frame, Json
from rest import UNREACHED
from session import Session, Unavailable

SQL_EVERY = 0.25


async def flap(device: Device, chances: random.Random, enough: asyncio.Event) -> None:
    """Cuts the device off now and then, sometimes for long enough to miss a lot; connected for good after `enough`."""
    while not enough.is_set():
        running = asyncio.create_task(device.run())
        try:
            await asyncio.wait([asyncio.create_task(enough.wait())], timeout=chances.uniform(0.5, 8))
        finally:
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.sleep(chances.choice((0.0, 0.3, 2.0, 6.0)))
    await device.run()


async def page_through(device: Device, chats: list[str], chances: random.Random) -> None:
    """Reads random pages of history; nothing is live for this one."""
    while True:
        await asyncio.sleep(chances.uniform(0.2, 0.8))
        chat = chances.choice(chats)
        last = device.shelves[chat].last if chat in device.shelves else 0
        place = chances.randint(1, last + 5)
        query = chances.choice(["", f"after={last}", f"before={place}", f"around={place}", f"after={place - 1}"])
        with suppress(Unavailable):
            await device.page(chat, f"limit={chances.choice((3, 50, 200))}" + (f"&{query}" if query else ""))


async def sync_only(device: Device, chances: random.Random) -> None:
    """Never opens a socket: what changed is told by the sync alone."""
    while True:
        await asyncio.sleep(chances.uniform(0.1, 0.4))
        await device.sync()


async def read_all(session: Session, history: History, name: str, chat: str) -> None:
    """The whole of a chat by REST, at the end."""
    rows: list[list[Any]] = []
    while True:
        after = rows[-1][0] if rows else 0
        answer = await session.get(f"/api/v1/chats/{chat}/messages?after={after}&limit=200")
        rows += [_row_of(message) for message in answer["messages"]]
        if not answer["messages"] or rows[-1][0] >= answer["last_seq"]:
            break
    history.add(Final(history.now, name, intern(chat), rows))


def _row_of(message: Json) -> list[Any]:
    return [message["seq"], message["id"], message["from"], digest(message["body"]), message["sent_at"]]


class SqlReader:
    """Reads what is new in the tables, several times a second: so it also says when a commit could first be seen."""

    ROWS = """
        SELECT replace(m.chat::text, '-', ''), m.seq, m.client_id::text, m.sender::text, m.body,
               to_char(m.sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM unnest(%s::uuid[], %s::bigint[]) AS known (chat, seq)
        JOIN chat.messages m ON m.chat = known.chat AND m.seq > known.seq
        ORDER BY m.chat, m.seq"""

    def __init__(self, database_url: str, chats: list[str], history: History) -> None:
        self.database_url, self.history = database_url, history
        self.last = dict.fromkeys(chats, 0)
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(15):
                    await self._poll()
            except (psycopg.Error, TimeoutError):
                await self.close()
            await asyncio.sleep(SQL_EVERY)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(self.database_url, autocommit=True, connect_timeout=3)

    async def _rows(
        self, connection: psycopg.AsyncConnection[Any], last: dict[str, int]
    ) -> list[tuple[Any, ...]]:
        cursor = await connection.execute(self.ROWS, (list(last), list(last.values())))
        return await cursor.fetchall()

    async def _poll(self) -> None:
        new: dict[str, list[int]] = {}
        if self._connection is None:
            self._connection = await self._connect()
        for chat, seq, id, sender, body, sent_at in await self._rows(self._connection, self.last):
            chat = intern(chat)
            new.setdefault(chat, [self.last[chat]]).append(seq)
            self.history.add(
                Sees(
                    self.history.now, "sql", chat, seq, intern(id), intern(sender), digest(body), intern(sent_at), "sql"
                )
            )
        for chat, seqs in new.items():
            # As one page that begins where the last one ended: a hole in it is a hole that a reader saw.
            self.history.add(Page(self.history.now, "sql", chat, seqs[0], seqs[-1], len(seqs)))
            self.last[chat] = seqs[-1]

    async def read_all(self) -> None:
        """On a connection of its own: it takes longer than a poll may, which would close the connection under it."""
        rows: dict[str, list[list[Any]]] = {chat: [] for chat in self.last}
        async with await self._connect() as connection:
            for chat, seq, id, sender, body, sent_at in await self._rows(connection, dict.fromkeys(self.last, 0)):
                rows[chat].append([seq, id, sender, digest(body), sent_at])
        for chat in self.last:
            self.history.add(Final(self.history.now, "sql", chat, rows[chat]))

    async def try_a_copy(self) -> None:
        """The table itself must refuse a second row of one (chat, sender, id): the locks of the services are the first
        safeguard, this is the last."""
        copy = """
            INSERT INTO chat.messages
            SELECT chat, seq + 1000000, sender, client_id, body, sent_at, xid FROM chat.messages LIMIT 1"""
        async with await psycopg.AsyncConnection.connect(self.database_url, connect_timeout=5) as connection:
            try:
                if (await connection.execute(copy)).rowcount:
                    self.history.add(Unguarded(self.history.now, "the table takes a second row of one message"))
            except psycopg.errors.UniqueViolation:
                pass
            await connection.rollback()

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        self._connection = None


class Stranger:
    """Signed in, connected, and member of no chat: tries to read and hear all the same."""

    HARMLESS = frozenset({"welcome", "pong", "status", "drain", "error", "resync"})

    def __init__(self, session: Session, door: Door, history: History, chats: list[str]) -> None:
        self.session, self.door, self.history, self.chats = session, door, history, chats

    def _take(self, frame: Frame) -> None:
        named = frame.get("chats") if frame["type"] == "resync" else None
        presence = frame["type"] == "presence" and frame["state"] == "unknown"
        if named or (frame["type"] not in self.HARMLESS and not presence):
            self._stray(f"frame {frame['type']} {str(frame)[:120]}")

    def _stray(self, what: str) -> None:
        self.history.add(Stray(self.history.now, "stranger", what))

    async def listen(self, users: list[str]) -> None:
        while True:
            try:
                live = await Live.open(self.door(0), self.session.token, self._take)
                await live.frame(type="watch", users=users)
                for chat in self.chats:
                    await live.frame(type="cursor", chat=chat, delivered=1)
                reason = await live.left
                live.drop()
                if reason == 4003:
                    await self.session.renew(self.session.token)
            except (*FAILED, Gone):
                pass
            await asyncio.sleep(0.5)

    async def pry(self, chances: random.Random) -> None:
        while True:
            await asyncio.sleep(chances.uniform(0.5, 1.5))
            chat = chances.choice(self.chats)
            path = chances.choice((f"/api/v1/chats/{chat}", f"/api/v1/chats/{chat}/messages"))
            try:
                answer = await self.session.ask("GET", path)
            except UNREACHED:
                continue
            if answer.status == 200:
                self._stray(f"GET {path} was answered")
            elif answer.status not in (404, 401, 429) and answer.status < 500:
                self.history.add(Remark(self.history.now, "stranger", f"GET {path}: {answer.status}"))
