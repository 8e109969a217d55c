"""A client that never reads is closed in the end, and costs the others nothing; one that reads is not."""

from __future__ import annotations

import socket as sockets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from conftest import Talk
from parley_client import Socket, User, eventually
from parley_system import LocalSystem
from test_raw_frames import HANDSHAKE, TEXT, frame

MESSAGES = 600
BODY = "x" * 7900
LONG = "y" * 7997
"""With a number before it the longest that there is; its frame takes a buffer of twice its size."""
SLOW = 'parley_gateway_closes_total{reason="slow_consumer"}'


def deaf_socket(url: str, token: str) -> sockets.socket:
    """A connection that says hello and never reads."""
    address = urlsplit(url)
    connection = sockets.socket()
    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    connection.connect((address.hostname, address.port))
    connection.sendall(HANDSHAKE)
    connection.recv(200)
    connection.sendall(frame(TEXT, f'{{"type":"hello","protocol":1,"token":"{token}"}}'.encode()))
    return connection


@pytest.mark.usefixtures("two_gateways")
def test_a_client_that_never_reads_is_closed_and_holds_up_nobody(far_talk: Talk, local: LocalSystem) -> None:
    name = "realtime-gateway-2"
    before = local.metric(name, SLOW)
    with deaf_socket(local.gateways[1], far_talk.bob.token):
        far_talk.at_ada.say(far_talk.chat, "first")
        begin = time.monotonic()
        for number in range(MESSAGES):
            far_talk.at_ada.send(far_talk.chat, f"{number} {BODY}")
        far_talk.at_bob.sees(far_talk.chat, f"{MESSAGES - 1} {BODY}", 20)
        took = time.monotonic() - begin
        eventually(lambda: local.metric(name, SLOW) > before, "the deaf client is closed with 4001", 15)
    assert took < 20
    far_talk.at_bob.fence()
    assert far_talk.at_bob.is_open


@pytest.mark.usefixtures("two_gateways")
def test_a_client_that_reads_survives_bursts_from_many_at_once(far_talk: Talk, local: LocalSystem) -> None:
    """160 of the longest messages, of four people on both gateways, written without waiting for anything."""
    each = 40
    before = sum(local.metric(f"realtime-gateway-{number}", SLOW) for number in (1, 2))
    people = [User.register(local.url) for _ in range(3)]
    chats = [far_talk.chat, *(person.open_chat(far_talk.bob) for person in people)]
    writers = [far_talk.at_ada, *(person.connect(local.gateways[i % 2]) for i, person in enumerate(people))]
    begin = threading.Barrier(len(writers))

    def write(writer: Socket, chat: str) -> None:
        begin.wait()
        for number in range(each):
            writer.send(chat, f"{number} {LONG}")

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(write, writers, chats))
    for chat in chats:
        far_talk.at_bob.sees(chat, f"{each - 1} {LONG}", 20)
        assert len(far_talk.at_bob.all("message", chat=chat)) == each
    assert far_talk.at_bob.is_open
    assert sum(local.metric(f"realtime-gateway-{number}", SLOW) for number in (1, 2)) == before
    for writer in writers[1:]:
        writer.close()
