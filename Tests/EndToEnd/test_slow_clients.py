"""Clients that dribble, hang, shout or come in crowds, straight at each service: they go, and nobody else notices."""

from __future__ import annotations

import json
import resource
import select
import socket as sockets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from parley_client import eventually
from parley_system import LocalSystem
from test_handshake import GOOD, request

SERVICES = ("auth-service-1", "message-service-1", "realtime-gateway-1")
HEAD_WITHIN, BODY_WITHIN, LATE = 10, 30, 3
DRIBBLERS = 200
AT_ONCE_MAX, UNAUTHENTICATED_MAX = 500, 1024

HALF_A_HEAD = b"GET /api/v1/sync HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n"
    b'Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"username":"'
)

public = pytest.mark.parametrize("name", SERVICES)


@pytest.fixture(autouse=True, scope="module")
def descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))


def connect(system: LocalSystem, name: str, source: str = "127.0.0.1") -> sockets.socket:
    address = urlsplit(system.public(name))
    connection = sockets.create_connection((address.hostname, address.port), 5, source_address=(source, 0))
    connection.settimeout(5)
    return connection


def answer(connection: sockets.socket) -> bytes:
    """All that comes until the other side ends the connection. A reset is an error: it can take the answer away."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def status(connection: sockets.socket) -> int:
    data = connection.recv(65536)
    return int(data.split()[1]) if data else 0


def is_open(connection: sockets.socket) -> bool:
    readable = select.poll()  # not select(), which knows no descriptor above 1023
    readable.register(connection, select.POLLIN)
    try:
        return not readable.poll(0) or connection.recv(65536) != b""
    except ConnectionResetError:
        return False


def somebody_else_is_served(system: LocalSystem, name: str) -> float:
    begin = time.monotonic()
    path = "/api/v1/users/me" if name.startswith("auth") else "/api/v1/sync"
    code = requests.get(system.public(name) + path, timeout=5).status_code
    assert code in (401, 404)
    return time.monotonic() - begin


@contextmanager
def crowd(count: int, make: Callable[[], sockets.socket]) -> Iterator[list[sockets.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(make()) for _ in range(count)]


@pytest.mark.faults
def test_two_hundred_dribblers_at_each_service_disturb_nobody_and_are_ended(local: LocalSystem) -> None:
    """What slowhttptest does with headers (slowloris) and bodies, in small, at all services at once."""
    with ExitStack() as stack:
        dribblers: dict[sockets.socket, tuple[str, float]] = {}
        for name in SERVICES:
            for number in range(DRIBBLERS):
                connection = stack.enter_context(connect(local, name))
                connection.sendall(HALF_A_HEAD if number % 2 else HALF_A_BODY)
                dribblers[connection] = ("head" if number % 2 else "body", time.monotonic())
        ended: dict[str, list[float]] = {"head": [], "body": []}
        worst = 0.0
        while dribblers and len(ended["head"]) + len(ended["body"]) < DRIBBLERS * len(SERVICES):
            worst = max(worst, *(somebody_else_is_served(local, name) for name in SERVICES))
            for connection, (kind, begin) in list(dribblers.items()):
                try:
                    connection.send(b"x")
                    alive = is_open(connection)
                except (BrokenPipeError, ConnectionResetError):
                    alive = False
                if not alive:
                    del dribblers[connection]
                    ended[kind].append(time.monotonic() - begin)
            assert all(time.monotonic() - begin < BODY_WITHIN + 15 for _, begin in dribblers.values())
            time.sleep(0.5)
    assert worst < 1.0
    assert len(ended["head"]) == len(ended["body"]) == DRIBBLERS * len(SERVICES) // 2
    assert HEAD_WITHIN - 1 < min(ended["head"]) and max(ended["head"]) < HEAD_WITHIN + LATE
    assert BODY_WITHIN - 1 < min(ended["body"]) and max(ended["body"]) < BODY_WITHIN + LATE


@public
def test_heads_that_are_too_large_or_no_http_are_answered_even_to_who_still_writes(
    local: LocalSystem, name: str
) -> None:
    head = b"GET /api/v1/sync HTTP/1.1\r\nHost: localhost\r\n"
    for expected, data in (
        (431, head + b"X-Large: " + b"x" * 1_000_000),
        (431, head + b"".join(b"X-%d: x\r\n" % number for number in range(1000)) + b"\r\n"),
        (431, b"GET /" + b"x" * 1_000_000),
        (400, b"\x16\x03\x01\x02\x00\x01" + b"\0" * 100_000),
        (400, head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0\r\n\r\n" * 10_000),
    ):
        for _ in range(5):
            with connect(local, name) as connection:
                connection.sendall(data)
                connection.shutdown(sockets.SHUT_WR)
                said = answer(connection)
            assert int(said.split()[1]) == expected, data[:60]
            assert json.loads(said.split(b"\r\n\r\n", 1)[1])["error"]["retryable"] is False


def test_a_refused_handshake_is_read_by_a_client_that_is_still_sending_its_body(local: LocalSystem) -> None:
    """A server that closes on unread bytes resets the connection, and a reset can take the answer away."""
    lines = ["POST /ws HTTP/1.1", *GOOD, "Content-Length: 4000000"]
    for _ in range(20):
        with connect(local, "realtime-gateway-1") as connection:
            connection.sendall(request(*lines))
            for _ in range(40):
                connection.sendall(b"x" * 100_000)
            connection.shutdown(sockets.SHUT_WR)
            said = answer(connection)
        assert said.startswith(b"HTTP/1.1 405 ") and b'"retryable":false' in said


def test_a_refused_client_that_never_stops_is_cut_off(local: LocalSystem) -> None:
    with connect(local, "realtime-gateway-1") as connection:
        connection.sendall(request("POST /ws HTTP/1.1", *GOOD, "Content-Length: 4000000000"))
        begin = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() - begin < 15:
                connection.sendall(b"x" * 1000)
                time.sleep(0.01)
        assert 4 < time.monotonic() - begin < 8


@pytest.mark.parametrize("name", ["auth-service-1", "realtime-gateway-1"])
def test_bodies_that_are_too_long_or_too_deep_are_refused(local: LocalSystem, name: str) -> None:
    chat = "/api/v1/chats/" + "0" * 32 + "/messages"
    url = local.public(name) + ("/api/v1/auth/login" if name.startswith("auth") else chat)
    headers = {"Content-Type": "application/json"}
    if not name.startswith("auth"):
        made = {"username": f"deep-{time.time_ns()}", "password": "correct horse 27 staple"}
        signed_in = requests.post(local.url + "/api/v1/auth/register", json=made, timeout=5).json()
        headers["Authorization"] = "Bearer " + signed_in["access_token"]
    for data, expected in (
        (b'{"username":"' + b"x" * 2_000_000 + b'"}', 413),
        (b"[" * 30_000, 400),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    ):
        assert requests.post(url, data=data, headers=headers, timeout=5).status_code == expected


@public
def test_one_address_gets_only_so_many_connections_and_the_edge_as_many_as_there_are(
    strict_system: LocalSystem, name: str
) -> None:
    with crowd(AT_ONCE_MAX, lambda: connect(strict_system, name, "127.0.0.91")) as held:
        time.sleep(0.5)
        assert all(map(is_open, held))
        with connect(strict_system, name, "127.0.0.91") as one_more:
            assert one_more.recv(1) == b""
        with connect(strict_system, name, "127.0.0.92") as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert status(other) == 404
        with crowd(AT_ONCE_MAX + 50, lambda: connect(strict_system, name)) as edge:
            time.sleep(0.5)
            assert all(map(is_open, edge))


def test_one_address_gets_only_so_many_sockets_that_do_not_say_hello(strict_system: LocalSystem) -> None:
    def opened(stack: ExitStack, source: str = "127.0.0.93") -> int:
        connection = stack.enter_context(connect(strict_system, "realtime-gateway-1", source))
        connection.sendall(request("GET /ws HTTP/1.1", *GOOD))
        return status(connection)

    with ExitStack() as stack:
        assert {opened(stack) for _ in range(UNAUTHENTICATED_MAX)} == {101}
        assert opened(stack) == 503
        assert opened(stack, "127.0.0.94") == 101
    with ExitStack() as stack:
        eventually(lambda: opened(stack) == 101, "there are places again")
