"""One WebSocket of a device: hello, frames, heartbeats, answers to what was sent, and why it is to be left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from parley_client import Frame, websocket_url

OPENING = 10.0
HEARTBEAT, PONG = 4.0, 4.0
"""Of a client that somebody looks at: for the 10-second promise also where a gateway stands still."""

FAILED = (OSError, asyncio.TimeoutError, WebSocketException)
"""What opening a socket ends with when it does not succeed."""

ABNORMAL = 1006
DRAIN, ZOMBIE, NO_ACK = -1, -2, -3
"""Reasons of ours to leave a socket, beside the close codes."""


class Gone(Exception):
    """The socket ended before the answer came."""


class Live:
    """An open socket. `left` is decided once: by a close code, or by a reason of ours."""

    def __init__(self, socket: ClientConnection, received: Callable[[Frame], None]) -> None:
        self._socket = socket
        self._received = received
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._welcome: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pong = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.left: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.gateway = ""

    @staticmethod
    async def open(url: str, token: str, received: Callable[[Frame], None]) -> Live:
        """A welcomed socket.

        - Raises: one of FAILED; ``ConnectionClosed`` among them has the close code.
        """
        opening = connect(
            websocket_url(url), compression=None, ping_interval=None, proxy=None, open_timeout=OPENING, close_timeout=1
        )
        live = Live(await opening, received)
        live._start(live._read())
        try:
            await live.hello(token)
            welcome = await asyncio.wait_for(live._welcome, OPENING)
        except BaseException:
            live.drop()
            raise
        live.gateway = welcome["gateway"]
        live._start(live._beat(min(HEARTBEAT, welcome["heartbeat_ms"] / 1000)))
        return live

    def _start(self, work: Any) -> None:
        self._tasks.append(asyncio.create_task(work))

    # Sending

    async def hello(self, token: str) -> None:
        await self.frame(type="hello", protocol=1, token=token, device="verify")

    async def frame(self, **frame: Any) -> None:
        await self._socket.send(json.dumps(frame))

    async def ask(self, frame: Frame, within: float) -> Frame:
        """The ack or error for a frame with an id.

        - Raises: ``TimeoutError``, ``Gone``.
        """
        answer = self._answers[frame["id"]] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, also if nobody waits now
        try:
            async with asyncio.timeout(within):
                try:
                    await self.frame(**frame)
                except ConnectionClosed as error:
                    raise Gone from error
                reply: Frame = await answer
                return reply
        finally:
            self._answers.pop(frame["id"], None)

    # Receiving

    async def _read(self) -> None:
        code = ABNORMAL
        try:
            async for text in self._socket:
                self._take(json.loads(text))
            code = self._socket.close_code or ABNORMAL
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else ABNORMAL
            if not self._welcome.done():
                self._welcome.set_exception(closed)
        finally:
            self._ended(code)

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "welcome" if not self._welcome.done():
                self._welcome.set_result(frame)
            case "pong":
                self._pong.set()
            case "drain":
                delay = frame["reconnect_after_ms"] / 1000
                asyncio.get_running_loop().call_later(delay, self.leave, DRAIN)
        # What shows something comes before what answers: whoever waited for the ack then finds it shown.
        self._received(frame)
        answer = self._answers.get(str(frame.get("id"))) if frame["type"] in ("ack", "error") else None
        if answer is not None and not answer.done():
            answer.set_result(frame)

    async def _beat(self, every: float) -> None:
        number = 0
        while True:
            await asyncio.sleep(every)
            number += 1
            self._pong.clear()
            try:
                await self.frame(type="ping", id=number)
                await asyncio.wait_for(self._pong.wait(), PONG)
            except (TimeoutError, ConnectionClosed):
                self.leave(ZOMBIE)

    # Ending

    def leave(self, reason: int) -> None:
        """Asks the device to take another socket."""
        if not self.left.done():
            self.left.set_result(reason)

    def _ended(self, code: int) -> None:
        if not self._welcome.done():
            self._welcome.set_exception(Gone())
        self._welcome.exception()  # seen, whether anybody waits for it or not
        if not self.closed.done():
            self.closed.set_result(code)
        self.leave(code)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Gone())

    def drop(self) -> None:
        """Ends it without a close handshake and without waiting."""
        for task in self._tasks:
            task.cancel()
        self._socket.transport.abort()
        self._ended(ABNORMAL)

    async def close(self) -> None:
        await self._socket.close()
        self.drop()
