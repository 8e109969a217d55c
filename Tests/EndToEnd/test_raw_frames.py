"""What no WebSocket library would send: frames by raw bytes, straight at a gateway (RFC 6455, section 5 and 7)."""

from __future__ import annotations

import socket as sockets
import struct
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from parley_system import System

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CONTINUATION, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, length: int = -1) -> bytes:
    """A frame masked with zeroes; `length` is what it declares, if that is not the truth."""
    size = len(payload) if length < 0 else length
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if final else 0) | opcode])
    if size < 126:
        head += bytes([bit | size])
    elif size < 2**16:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack(">H", code) + reason)


@pytest.fixture
def wire(system: System) -> Iterator[sockets.socket]:
    """A connection to a gateway, nothing sent yet."""
    address = urlsplit(system.gateways[0])
    with sockets.create_connection((address.hostname, address.port), 5) as connection:
        connection.settimeout(5)
        yield connection


@pytest.fixture
def upgraded(wire: sockets.socket) -> sockets.socket:
    wire.sendall(HANDSHAKE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += wire.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return wire


def rest(wire: sockets.socket) -> bytes:
    """Everything until the gateway closes the connection."""
    received = b""
    while data := wire.recv(65536):
        received += data
    return received


def close_code(received: bytes) -> int:
    """The code of the close frame that `received` begins with."""
    assert received[0] == 0x80 | CLOSE, received
    return int(struct.unpack(">H", received[2:4])[0])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, length=2**63 - 1), TOO_BIG),
        (frame(TEXT, b"x", length=2**63 - 1), TOO_BIG),
        (frame(TEXT, b"x", length=2**64 - 1), TOO_BIG),
        (b"".join(frame(TEXT if n == 0 else CONTINUATION, b"x" * 16_000, final=False) for n in range(5)), TOO_BIG),
        (frame(TEXT, b"{}", masked=False), PROTOCOL_ERROR),
        (bytes([0x80 | 0x40 | TEXT]) + frame(TEXT, b"{}")[1:], PROTOCOL_ERROR),
        (frame(3, b"{}"), PROTOCOL_ERROR),
        (frame(PING, b"x", final=False), PROTOCOL_ERROR),
        (frame(PING, b"x" * 126), PROTOCOL_ERROR),
        (frame(CONTINUATION, b"x"), PROTOCOL_ERROR),
        (frame(TEXT, b"{", final=False) + frame(TEXT, b"}"), PROTOCOL_ERROR),
        (frame(CLOSE, b"x"), PROTOCOL_ERROR),
        (closing(999), PROTOCOL_ERROR),
        (closing(1005), PROTOCOL_ERROR),
        (closing(1000, b"\xff"), NOT_UTF8),
        (closing(1000, b"bye"), 1000),
    ],
    ids=[
        "2^63-1 bytes to come", "2^63-1 bytes", "2^64-1 bytes", "too big in fragments", "not masked", "reserved bit", "reserved opcode",
        "ping in fragments", "large ping", "continuation of nothing", "text within text", "close of one byte",
        "close 999", "close 1005", "reason not utf8", "good close",
    ],
)  # fmt: skip
def test_a_breach_of_the_protocol_is_closed_with_its_code(upgraded: sockets.socket, data: bytes, code: int) -> None:
    upgraded.sendall(data)
    assert close_code(rest(upgraded)) == code


def test_a_ping_between_fragments_is_answered_first(upgraded: sockets.socket) -> None:
    upgraded.sendall(
        frame(TEXT, b'{"type":', final=False) + frame(PING, b"hey") + frame(CONTINUATION, b'"x"}') + closing(1000)
    )
    received = rest(upgraded)
    assert received.startswith(frame(PONG, b"hey", masked=False))
    assert b'"code":"bad_frame"' in received and received.endswith(
        closing(1000)[:1] + b"\x02" + struct.pack(">H", 1000)
    )


def test_one_byte_at_a_time_is_fine(upgraded: sockets.socket) -> None:
    for byte in frame(TEXT, b'{"type":"x"}') + closing(1000):
        upgraded.sendall(bytes([byte]))
    assert b'"code":"bad_frame"' in rest(upgraded)


def test_frames_in_the_same_segment_as_the_handshake_are_read(wire: sockets.socket, system: System) -> None:
    wire.sendall(HANDSHAKE + frame(PING, b"hey") + closing(1000))
    received = rest(wire)
    assert received.startswith(b"HTTP/1.1 101 ") and frame(PONG, b"hey", masked=False) in received


def test_a_frame_begun_in_the_segment_of_the_handshake_is_finished_by_the_next(wire: sockets.socket) -> None:
    pings = b"".join(frame(PING, b"%d" % number) for number in range(50))
    wire.sendall(HANDSHAKE + pings[:77])
    wire.sendall(pings[77:] + closing(1000))
    pongs = b"".join(frame(PONG, b"%d" % number, masked=False) for number in range(50))
    assert pongs in rest(wire)


def test_a_request_behind_the_handshake_is_frames_and_not_http(wire: sockets.socket) -> None:
    wire.sendall(HANDSHAKE + HANDSHAKE)
    head, _, frames = rest(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and close_code(frames) == PROTOCOL_ERROR


def test_bytes_that_are_no_http_are_refused(wire: sockets.socket) -> None:
    wire.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    assert rest(wire).startswith(b"HTTP/1.1 400 ")
