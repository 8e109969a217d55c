"""Clients as the fault: one that never reads, and hundreds that are thrown off at once."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

from live import FAILED, Gone, Live
from nemesis.fault import Fault, World
from nemesis.processes import breaking
from parley_client import Frame, new_id
from session import Session, backoff

SOCKETS_PER_SESSION = 10
FLOOD = 400
LARGE = "x" * 7900
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def ignore(_frame: Frame) -> None:
    pass


async def _deaf_socket(url: str, token: str) -> socket.socket:
    """A connection that says hello and never reads; its buffer is small, so that it is full soon."""
    address = urlsplit(url)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, (address.hostname, address.port))
    await loop.sock_sendall(deaf, HANDSHAKE)
    await loop.sock_recv(deaf, 200)
    hello = json.dumps({"type": "hello", "protocol": 1, "token": token}).encode()
    await loop.sock_sendall(deaf, b"\x81\xfe" + len(hello).to_bytes(2) + bytes(4) + hello)
    return deaf


@asynccontextmanager
async def deaf_client(world: World) -> AsyncIterator[str]:
    """Two people nobody else knows: one floods their chat, and one of the other's devices never reads."""

    def url() -> str:
        return world.system.url

    talker = await Session.register(world.history, url, "talker")
    deaf = await Session.register(world.history, url, "deaf")
    opened = await talker.ask("PUT", f"/api/v1/chats/with/{deaf.user}")
    connection = await _deaf_socket(world.chances.choice(world.system.gateways), deaf.token)
    live = await Live.open(url(), talker.token, ignore)
    flood = asyncio.create_task(_flood(live, opened.body["chat"]))
    try:
        yield f"a client that never reads is sent up to {FLOOD * len(LARGE) >> 20} MiB"
    finally:
        flood.cancel()
        live.drop()
        connection.close()


async def _flood(live: Live, chat: str) -> None:
    for number in range(FLOOD):
        with suppress(TimeoutError):
            await live.ask({"type": "send", "id": new_id(), "chat": chat, "body": f"{number} {LARGE}"}, 10)


class Crowd:
    """Idle sockets that come back when they are thrown off."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.connected = 0
        self._tasks: list[asyncio.Task[None]] = []

    def _url(self) -> str:
        return self.world.system.url

    async def gather(self) -> None:
        for _ in range(-(-self.number // SOCKETS_PER_SESSION)):
            session = await Session.register(self.world.history, self._url, "idle")
            sockets = min(SOCKETS_PER_SESSION, self.number - len(self._tasks))
            self._tasks += [asyncio.create_task(self._stay(session)) for _ in range(sockets)]
        await self.wait_until_all_are_here(60)

    async def wait_until_all_are_here(self, within: float) -> float:
        """How long it took."""
        begin = self.world.history.now
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.connected < self.number:
                    await asyncio.sleep(0.1)
        return self.world.history.now - begin

    async def _stay(self, session: Session) -> None:
        tries = 0
        while True:
            await asyncio.sleep(backoff(tries))
            try:
                live = await Live.open(self._url(), session.token, ignore)
            except (*FAILED, Gone):
                tries += 1
                continue
            self.connected += 1
            try:
                reason = await live.left
            finally:
                self.connected -= 1
                live.drop()
            if reason == 4003:
                await session.renew(session.token)
            tries = 0

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def crowd_thrown_off(world: World) -> AsyncIterator[str]:
    crowd = Crowd(world, world.idle)
    try:
        await crowd.gather()
        here = crowd.connected
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(breaking("kill", "gateway", True)(world))
            yield f"{here} idle clients thrown off at once: all gateways killed"
        took = await crowd.wait_until_all_are_here(60)
        world.notes.append(f"{crowd.connected} of {here} idle clients were back {took:.1f} s after the gateways")
    finally:
        await crowd.leave()


def faults() -> list[Fault]:
    return [
        Fault("deaf-client", "a client that never reads, in a chat that is flooded", "clients", deaf_client, (4, 8),
              breaks_routing=False, in_mix=True),
        Fault("crowd", "many idle clients (--idle) thrown off at once by killing all gateways", "gateway",
              crowd_thrown_off, (1, 2), single=False),
    ]  # fmt: skip
