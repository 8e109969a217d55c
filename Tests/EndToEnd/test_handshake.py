"""The opening of a socket, by raw bytes and straight at the gateway: what is refused, and how."""

from __future__ import annotations

import socket as sockets
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from parley_client import Socket, User
from parley_system import System

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
GOOD = ["Host: localhost", "Upgrade: websocket", "Connection: Upgrade", KEY, "Sec-WebSocket-Version: 13"]


def status(system: System, *lines: str) -> int:
    """The status of the answer to a request of these lines; 0 if the connection was closed without one."""
    address = urlsplit(system.gateways[0])
    with sockets.create_connection((address.hostname, address.port), 5) as connection:
        connection.settimeout(5)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = connection.recv(4096)
    return int(answer.split()[1]) if answer else 0


def without(start: str) -> list[str]:
    return [line for line in GOOD if not line.startswith(start)]


def test_a_good_handshake_is_taken(system: System) -> None:
    assert status(system, "GET /ws HTTP/1.1", *GOOD) == 101
    assert status(system, "GET /ws HTTP/1.1", *without("Connection"), "Connection: keep-alive, Upgrade") == 101


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (405, ["POST /ws HTTP/1.1", *GOOD, "Content-Length: 0"]),
        (400, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Key")]),
        (400, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: short"]),
        (400, ["GET /ws HTTP/1.1", *without("Host")]),
        (426, ["GET /ws HTTP/1.1", *without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 8"]),
        (426, ["GET /ws HTTP/1.1", "Host: localhost"]),
        (403, ["GET /ws HTTP/1.1", *GOOD, "Origin: https://evil.example"]),
        (403, ["GET /ws HTTP/1.1", *GOOD, "Origin: null"]),
        (404, ["GET /elsewhere HTTP/1.1", *GOOD]),
        (431, ["GET /ws HTTP/1.1", *GOOD, "X-Large: " + "x" * 100_000]),
    ],
)
def test_a_bad_handshake_is_refused(system: System, expected: int, lines: list[str]) -> None:
    assert status(system, *lines) == expected


def test_the_pages_own_origin_is_allowed_through_the_edge(system: System) -> None:
    ada = User.register(system.url, "ada")
    socket = Socket(system.url, origin=system.url)
    socket.hello(ada.token)
    socket.close()


def test_another_sites_origin_is_refused_through_the_edge(system: System) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Socket(system.url, origin="https://evil.example")
    assert refused.value.response.status_code == 403
