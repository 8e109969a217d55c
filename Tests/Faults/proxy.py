"""A TCP link that can be bad: a proxy in front of one address, with modes.

A held byte is not lost: when the link is good again it arrives late, as TCP's own repeats would bring it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Literal

Mode = Literal["good", "delay", "hole", "hole-requests", "hole-answers", "cut", "drip", "slow"]
MODES: dict[Mode, str] = {
    "delay": "everything 0.3 s late",
    "hole": "connected, but nothing gets through, both ways",
    "hole-requests": "requests do not get through",
    "hole-answers": "requests get through, answers do not",
    "cut": "every connection reset, new ones too",
    "drip": "one byte at a time",
    "slow": "16 KB a second",
}

DELAY = 0.3
SLOW_PIECE, SLOW_PAUSE = 800, 0.05
DRIP_MAX = 2000
"""Bytes of one piece that drip; what comes after them goes at once, or this proxy would be the whole load."""


class Link:
    """Listens on a free loopback port and forwards to `host:port`."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.mode: Mode = "good"
        self.address = ""
        self._good = asyncio.Event()
        self._good.set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = "127.0.0.1:{}".format(self._server.sockets[0].getsockname()[1])

    def become(self, mode: Mode) -> None:
        self.mode = mode
        (self._good.set if mode == "good" else self._good.clear)()
        if mode == "cut":
            for writer in list(self._open):
                _reset(writer)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "cut":
            return _reset(writer)
        if self.mode in ("hole", "hole-requests"):
            await self._good.wait()
        try:
            there, back = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return _reset(writer)
        both = {writer, back}
        self._open |= both
        try:
            await asyncio.gather(self._carry(reader, back, "hole-requests"), self._carry(there, writer, "hole-answers"))
        except (OSError, asyncio.CancelledError):
            pass  # cancelled: the whole run is over
        finally:
            self._open -= both
            for end in both:
                _reset(end)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, holding: Mode) -> None:
        while data := await reader.read(65536):
            while self.mode in ("hole", holding):
                await self._good.wait()
            await self._write(writer, data)
        while self.mode in ("hole", holding):  # an end is news as well
            await self._good.wait()
        writer.write_eof()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        match self.mode:
            case "delay":
                await asyncio.sleep(DELAY)
            case "drip":
                for place in range(min(len(data), DRIP_MAX)):
                    writer.write(data[place : place + 1])
                    await asyncio.sleep(0)
                data = data[DRIP_MAX:]
            case "slow":
                while len(data) > SLOW_PIECE and self.mode == "slow":
                    writer.write(data[:SLOW_PIECE])
                    data = data[SLOW_PIECE:]
                    await asyncio.sleep(SLOW_PAUSE)
        writer.write(data)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection by RST."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
