"""A client that never reads is closed in the end, and costs the others nothing."""

from __future__ import annotations

import socket as sockets
import time
from urllib.parse import urlsplit

import pytest

from conftest import Talk
from parley_client import eventually
from parley_system import LocalSystem
from test_raw_frames import HANDSHAKE, TEXT, frame

MESSAGES = 600
BODY = "x" * 7900
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
