"""As much of a WebSocket (RFC 6455) as it takes to see what is between us and the gateway."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import struct
import time
from urllib.parse import urlsplit

from fetch import PATIENCE, Unreachable, untrusting

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Closed(Exception):
    """The connection ended."""


class WebSocket:
    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        try:
            self._socket = socket.create_connection((host, port), PATIENCE)
            if secure:
                self._socket = untrusting().wrap_socket(self._socket, server_hostname=host)
            self._buffer = b""
            key = base64.b64encode(os.urandom(16)).decode()
            self._socket.sendall(
                f"GET /ws HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            head = self._head()
        except (OSError, Closed) as error:
            raise Unreachable(str(error) or type(error).__name__) from None
        status = head.split(b"\r\n")[0].decode("latin-1")
        if " 101 " not in status + " ":
            self.close()
            raise Unreachable(f"the upgrade was answered with: {status}")

    def _head(self) -> bytes:
        deadline = time.monotonic() + PATIENCE
        while b"\r\n\r\n" not in self._buffer:
            self._read(deadline)
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return head

    def _read(self, deadline: float) -> None:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        got = self._socket.recv(65536)
        if not got:
            raise Closed("the connection was closed")
        self._buffer += got

    def send(self, opcode: int, payload: bytes) -> None:
        assert len(payload) < 65536
        size = len(payload)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size))
        self._socket.sendall(head + bytes(4) + payload)  # masked with zeros

    def frame(self, within: float) -> tuple[int, bytes]:
        """The next frame. Raises `Closed`, and TimeoutError after `within` seconds."""
        deadline = time.monotonic() + within
        while True:
            if found := self._parse():
                return found
            self._read(deadline)

    def _parse(self) -> tuple[int, bytes] | None:
        if len(self._buffer) < 2:
            return None
        opcode, size, start = self._buffer[0] & 15, self._buffer[1] & 127, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size, start = int.from_bytes(self._buffer[2 : 2 + width], "big"), 2 + width
        if len(self._buffer) < start + size:
            return None
        payload, self._buffer = self._buffer[start : start + size], self._buffer[start + size :]
        return opcode, payload

    def round_trip(self, within: float = PATIENCE) -> float:
        """Seconds from a ping to its pong."""
        begin, payload = time.monotonic(), os.urandom(8)
        self.send(PING, payload)
        while True:
            opcode, content = self.frame(within - (time.monotonic() - begin))
            if (opcode, content) == (PONG, payload):
                return time.monotonic() - begin
            if opcode == CLOSE:
                raise Closed(f"closed with {int.from_bytes(content[:2], 'big')}")

    def hello(self, token: str) -> None:
        hello = {"type": "hello", "protocol": 1, "token": token, "device": "doctor"}
        self.send(TEXT, json.dumps(hello).encode())
        opcode, content = self.frame(PATIENCE)
        if opcode != TEXT or json.loads(content).get("type") != "welcome":
            raise Closed("hello was not answered with welcome")

    def idle(self, seconds: float) -> float:
        """Says nothing; gives the seconds until somebody ended the connection, or all of them."""
        begin = time.monotonic()
        while (left := begin + seconds - time.monotonic()) > 0:
            if not select.select([self._socket], [], [], left)[0]:
                break
            try:
                while self.frame(0.05)[0] != CLOSE:
                    pass
                return time.monotonic() - begin
            except TimeoutError:
                continue
            except (Closed, OSError):
                return time.monotonic() - begin
        return seconds

    def close(self) -> None:
        self._socket.close()
