"""Whatever a client sends: a clear error, a clear close code, and nothing lost or stored by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import MakeUser
from parley_client import Socket, User, new_id


@pytest.fixture
def alone(register: MakeUser, system_url: str) -> tuple[User, Socket, str]:
    """A person, their socket and their chat with themselves."""
    ada = register("ada")
    return ada, ada.connect(system_url), ada.open_chat(ada)


def assert_untouched(alone: tuple[User, Socket, str]) -> None:
    """The socket still serves and nothing was stored before this."""
    user, socket, chat = alone
    socket.say(chat, "still fine")
    assert [message["body"] for message in user.history(chat)] == ["still fine"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "[]",
        "null",
        '"send"',
        "{}",
        '{"type":7}',
        '{"type":"unheard_of"}',
        '{"type":"welcome"}',
        '{"type":"ping","type":"send"}',
        '{"type":"ping"} {"type":"ping"}',
        '\ufeff{"type":"ping"}',
        '{"type":"ping","x":"\\u0000"}',
        '{"type":"ping","x":"\\ud800"}',
        '{"type":"ping","x":1e999}',
        '{"type":"ping","x":01}',
        '{"type":"ping","x":NaN}',
        '{"type":"ping","id":"' + "x" * 65 + '"}',
        '{"type":"ping","id":{}}',
        '{"type":"ping","id":1.5}',
        '{"type":"ping","x":' + "[" * 30_000 + "]" * 30_000 + "}",
        '{"type":"ping","x":' + '{"a":' * 100 + "1" + "}" * 100 + "}",
        '{"type":"watch","users":"all"}',
        '{"type":"watch","users":["nobody"]}',
        '{"type":"watch"}',
    ],
    ids=lambda text: repr(text[:40]),
)
def test_an_unreadable_frame_is_a_bad_frame(alone: tuple[User, Socket, str], text: str) -> None:
    alone[1].text(text)
    error = alone[1].wait("error", code="bad_frame")
    assert error["retryable"] is False and error["message"]
    assert_untouched(alone)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": ""},
        {"body": "  \n\t "},
        {"body": "bell \u0007"},
        {"body": "escape \u001b[31m"},
        {"body": "carriage\rreturn"},
        {"body": 7},
        {"body": None},
        {"body": ["hi"]},
        {"chat": "not a hash"},
        {"chat": "0" * 31},
        {"chat": "ABCDEF" + "0" * 26},
        {"chat": 7},
        {"chat": None},
    ],
    ids=repr,
)
def test_a_send_with_an_illegal_field_is_a_bad_frame_with_its_id(
    alone: tuple[User, Socket, str], fields: dict[str, Any]
) -> None:
    sent = {"type": "send", "id": new_id(), "chat": alone[2], "body": "hi"} | fields
    alone[1].refused("bad_frame", **sent)
    assert_untouched(alone)


def test_a_nul_in_a_body_is_a_bad_frame(alone: tuple[User, Socket, str]) -> None:
    alone[1].frame("send", id=new_id(), chat=alone[2], body="before\u0000after")
    alone[1].wait("error", code="bad_frame")
    assert_untouched(alone)


@pytest.mark.parametrize("id", ["", "x", 7, new_id().upper(), new_id()[:-1], "{" + new_id() + "}", None])
def test_a_send_needs_a_lower_case_uuid(alone: tuple[User, Socket, str], id: object) -> None:
    alone[1].frame("send", id=id, chat=alone[2], body="hi")
    alone[1].wait("error", code="bad_frame")
    assert_untouched(alone)


@pytest.mark.parametrize("field", ["id", "chat", "body"])
def test_a_send_without_a_field_is_a_bad_frame(alone: tuple[User, Socket, str], field: str) -> None:
    sent = {"type": "send", "id": new_id(), "chat": alone[2], "body": "hi"}
    del sent[field]
    alone[1].text(json.dumps(sent))
    alone[1].wait("error", code="bad_frame")
    assert_untouched(alone)


@pytest.mark.parametrize(
    "fields", [{"read": -1}, {"read": 1.5}, {"read": 2**53}, {"read": 2**63}, {"delivered": "1"}, {}], ids=repr
)
def test_a_cursor_out_of_range_is_a_bad_frame(alone: tuple[User, Socket, str], fields: dict[str, Any]) -> None:
    alone[1].refused("bad_frame", type="cursor", id="c", chat=alone[2], **fields)
    assert_untouched(alone)


@pytest.mark.parametrize("body", ["x" * 8001, "é" * 4001, "🦜" * 2001, "x" * 60_000], ids=lambda body: str(len(body)))
def test_a_body_over_8000_bytes_is_too_large(alone: tuple[User, Socket, str], body: str) -> None:
    sent = json.dumps({"type": "send", "id": "", "chat": alone[2], "body": body}, ensure_ascii=False)
    id = new_id()
    alone[1].text(sent.replace('"id": ""', f'"id": "{id}"'))
    alone[1].wait("error", id=id, code="too_large")
    assert_untouched(alone)


def test_unknown_fields_are_ignored(alone: tuple[User, Socket, str]) -> None:
    user, socket, chat = alone
    id = new_id()
    socket.frame("send", id=id, chat=chat, body="hi", sender="somebody else", seq=99, extra={"a": [1, None]})
    assert socket.wait("ack", id=id)["seq"] == 1
    assert user.history(chat)[0]["from"] == user.id


def test_a_frame_of_exactly_64_kib_is_read(alone: tuple[User, Socket, str]) -> None:
    frame = '{"type":"ping","id":1,"x":""}'
    alone[1].text(frame[:-2] + "x" * (65_536 - len(frame)) + '"}')
    alone[1].wait("pong", id=1)


def test_a_larger_frame_closes_with_1009(alone: tuple[User, Socket, str]) -> None:
    frame = '{"type":"ping","id":1,"x":""}'
    alone[1].text(frame[:-2] + "x" * (65_537 - len(frame)) + '"}')
    assert alone[1].closed() == 1009


@pytest.mark.parametrize(
    "data", [b'{"type":"ping","x":"\xff"}', b"\xc3\x28", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"], ids=repr
)
def test_text_that_is_not_utf8_closes_with_1007(alone: tuple[User, Socket, str], data: bytes) -> None:
    alone[1].text(data)
    assert alone[1].closed() == 1007


def test_a_binary_message_closes_with_1003(alone: tuple[User, Socket, str]) -> None:
    alone[1].binary(b'{"type":"ping"}')
    assert alone[1].closed() == 1003


def test_ten_bad_frames_close_with_4500(alone: tuple[User, Socket, str]) -> None:
    user, socket, chat = alone
    for _ in range(9):
        socket.frame("unheard_of")
    socket.say(chat, "after nine")
    assert len(socket.all("error", code="bad_frame")) == 9
    socket.frame("unheard_of")
    assert socket.closed() == 4500
    assert len(user.history(chat)) == 1


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "ping"},
        {"type": "send", "chat": "0" * 32, "body": "hi"},
        {"type": "cursor", "chat": "0" * 32, "read": 1},
        {"type": "typing", "chat": "0" * 32, "active": True},
        {"type": "watch", "users": []},
    ],
    ids=lambda frame: str(frame["type"]),
)
def test_a_frame_before_hello_is_unauthenticated(system_url: str, frame: dict[str, Any]) -> None:
    socket = Socket(system_url)
    socket.refused("unauthenticated", **frame, id=new_id())
    assert [frame["type"] for frame in socket.frames] == ["error"]


def test_a_socket_without_hello_closes_with_4000_after_ten_seconds(system_url: str) -> None:
    assert Socket(system_url).closed(13) == 4000
