"""The opening of a socket, by raw bytes and straight at the gateway: what is refused, and how."""

from __future__ import annotations

import select
import socket as sockets
import time
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from parley_client import Socket, User
from parley_system import System

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
OTHER_KEY = "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="
GOOD = ["Host: localhost", "Upgrade: websocket", "Connection: Upgrade", KEY, "Sec-WebSocket-Version: 13"]
HEADER_TIMEOUT = 10


def connect(system: System) -> sockets.socket:
    address = urlsplit(system.gateways[0])
    return sockets.create_connection((address.hostname, address.port), 5)


def request(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


def status(system: System, data: bytes) -> int:
    """The status of the answer to these bytes; 0 if the connection was closed without one."""
    with connect(system) as connection:
        connection.sendall(data)
        answer = connection.recv(4096)
    return int(answer.split()[1]) if answer else 0


def without(start: str) -> list[str]:
    return [line for line in GOOD if not line.startswith(start)]


@pytest.mark.parametrize(
    "lines",
    [
        GOOD,
        [*without("Connection"), "Connection: keep-alive, Upgrade"],
        [line.upper() for line in GOOD],
        [line.lower() for line in GOOD],
        [line.replace(": ", ":\t ") + " " for line in GOOD],
        [*GOOD, "Content-Length: 0"],
    ],
    ids=["plain", "keep-alive", "upper case", "lower case", "white space", "body of nothing"],
)
def test_a_good_handshake_is_taken(system: System, lines: list[str]) -> None:
    assert status(system, request("GET /ws HTTP/1.1", *lines)) == 101


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (405, ["POST /ws HTTP/1.1", *GOOD, "Content-Length: 0"]),
        (400, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Key")]),
        (400, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: short"]),
        (400, ["GET /ws HTTP/1.1", *GOOD, OTHER_KEY]),
        (400, ["GET /ws HTTP/1.1", *without("Host")]),
        (400, ["GET /ws HTTP/1.1", *GOOD, "Host: elsewhere"]),
        (400, ["GET /ws HTTP/1.0", *GOOD]),
        (426, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 8"]),
        (426, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Version")]),
        (426, ["GET /ws HTTP/1.1", *without("Upgrade")]),
        (426, ["GET /ws HTTP/1.1", *without("Connection"), "Connection: keep-alive"]),
        (426, ["GET /ws HTTP/1.1", "Host: localhost"]),
        (403, ["GET /ws HTTP/1.1", *GOOD, "Origin: https://evil.example"]),
        (403, ["GET /ws HTTP/1.1", *GOOD, "Origin: null"]),
        (404, ["GET /elsewhere HTTP/1.1", *GOOD]),
        (431, ["GET /ws HTTP/1.1", *GOOD, "X-Large: " + "x" * 100_000]),
        (431, ["GET /ws HTTP/1.1", *GOOD, *(f"X-{number}: x" for number in range(1000))]),
    ],
    ids=[
        "POST", "no key", "short key", "two keys", "no host", "two hosts", "HTTP/1.0", "version 8", "no version",
        "no upgrade", "connection without upgrade", "plain GET", "other origin", "null origin", "other path",
        "large header", "many headers",
    ],
)  # fmt: skip
def test_a_bad_handshake_is_refused(system: System, expected: int, lines: list[str]) -> None:
    assert status(system, request(*lines)) == expected


def test_another_version_is_told_the_right_one(system: System) -> None:
    with connect(system) as connection:
        connection.sendall(request("GET /ws HTTP/1.1", *without("Sec-WebSocket-V"), "Sec-WebSocket-Version: 8"))
        assert b"\r\nsec-websocket-version: 13\r\n" in connection.recv(4096).lower()


@pytest.mark.parametrize(
    ("header", "body"),
    [("Content-Length: 5", b"hello"), ("Content-Length: 5", b""), ("Transfer-Encoding: chunked", b"0\r\n\r\n")],
)
def test_a_handshake_with_a_body_is_refused(system: System, header: str, body: bytes) -> None:
    assert status(system, request("GET /ws HTTP/1.1", *GOOD, header) + body) == 400


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"\r\nUpgrade:", b"\nUpgrade:"),
        (b"\r\n\r\n", b"\n\n"),
        (b"Upgrade: websocket", b"Upgrade:\r\n websocket"),
        (b"Host: localhost", b"Host: local\0host"),
        (b"Host: localhost", b"Host: local\rhost"),
        (b"Host: localhost", b"Host : localhost"),
        (b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello"),
    ],
    ids=[
        "bare LF", "bare LF at the end", "folded header", "NUL", "bare CR", "space before colon", "TE and CL",
        "two lengths",
    ],
)  # fmt: skip
def test_a_handshake_that_others_may_read_otherwise_is_refused(system: System, good: bytes, bad: bytes) -> None:
    data = request("GET /ws HTTP/1.1", *GOOD)
    assert good in data
    assert status(system, data.replace(good, bad)) == 400


def test_what_follows_a_refused_handshake_is_not_read(system: System) -> None:
    with connect(system) as connection:
        connection.sendall(request("POST /ws HTTP/1.1", *GOOD) + request("GET /ws HTTP/1.1", *GOOD))
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 405 ") and answer.count(b"HTTP/1.1") == 1


def test_a_refusal_reaches_a_client_that_still_writes(system: System) -> None:
    for _ in range(20):
        assert status(system, request("GET /ws HTTP/1.1", *GOOD, "X-Large: " + "x" * 1_000_000)) == 431


def test_a_handshake_that_stops_or_trickles_is_closed_in_time(system: System) -> None:
    data = request("GET /ws HTTP/1.1", *GOOD)
    silent, slow = connect(system), connect(system)
    silent.sendall(data[:100])
    begin = time.monotonic()
    ended: dict[sockets.socket, float] = {}
    for byte in data[:14]:
        if slow not in ended:
            slow.send(bytes([byte]))
        for connection in select.select({silent, slow} - ended.keys(), [], [], 1)[0]:
            assert _is_closed(connection)
            ended[connection] = time.monotonic() - begin
            connection.close()
    assert set(ended) == {silent, slow}
    assert all(HEADER_TIMEOUT - 1 < seconds < HEADER_TIMEOUT + 2 for seconds in ended.values()), ended.values()


def _is_closed(connection: sockets.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True  # closed while a byte was on its way


def test_the_pages_own_origin_is_allowed_through_the_edge(system: System) -> None:
    ada = User.register(system.url, "ada")
    socket = Socket(system.url, origin=system.url)
    socket.hello(ada.token)
    socket.close()


def test_another_sites_origin_is_refused_through_the_edge(system: System) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Socket(system.url, origin="https://evil.example")
    assert refused.value.response.status_code == 403
