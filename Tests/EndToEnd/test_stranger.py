"""A third person gets nothing of a chat: no frame, no page, no hint that it exists."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import MakeUser, Talk
from parley_client import Socket, User, chat_hash, new_id

UNKNOWN_CHAT = "0123456789abcdef0123456789abcdef"
UNKNOWN_USER = "01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4"


@pytest.fixture
def stranger(talk: Talk, register: MakeUser, doors: tuple[str, str]) -> tuple[User, Socket, Socket]:
    eve = register("eve")
    return eve, eve.connect(doors[0]), eve.connect(doors[1])


def test_a_stranger_sees_no_frame_of_a_chat(talk: Talk, stranger: tuple[User, Socket, Socket]) -> None:
    eve, *sockets = stranger
    for socket in sockets:
        socket.frame("watch", users=[talk.ada.id, talk.bob.id])
    talk.at_ada.frame("typing", chat=talk.chat, active=True)
    talk.at_ada.say(talk.chat, "a secret")
    talk.at_bob.sees(talk.chat, "a secret")
    talk.at_bob.frame("cursor", chat=talk.chat, read=1)
    talk.at_ada.wait("cursor", user=talk.bob.id, read=1)
    for socket in sockets:
        socket.wait("presence", user=talk.ada.id)
        socket.wait("presence", user=talk.bob.id)
        socket.fence()
        assert {frame["type"] for frame in socket.frames} <= {"welcome", "presence", "pong", "status"}
        assert {frame["state"] for frame in socket.all("presence")} == {"unknown"}
    assert eve.sync()[0] == {}
    assert eve.api.get("/api/v1/chats") == {"chats": [], "next": None}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/chats/{chat}", None),
        ("GET", "/api/v1/chats/{chat}/messages", None),
        ("GET", "/api/v1/chats/{chat}/messages?before=9", None),
        ("GET", "/api/v1/chats/{chat}/messages?around=1", None),
        ("POST", "/api/v1/chats/{chat}/messages", {"id": new_id(), "body": "let me in"}),
    ],
)
def test_by_rest_a_strangers_chat_and_no_chat_answer_alike(
    talk: Talk, register: MakeUser, method: str, path: str, body: object
) -> None:
    talk.at_ada.say(talk.chat, "a secret")
    eve = register("eve")
    foreign = eve.api.request(method, path.format(chat=talk.chat), body)
    unknown = eve.api.request(method, path.format(chat=UNKNOWN_CHAT), body)
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert (foreign.status, foreign.code) == (404, "not_found")
    assert len(talk.ada.history(talk.chat)) == 1


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "send", "body": "let me in"},
        {"type": "cursor", "read": 1},
        {"type": "typing", "active": True},
    ],
    ids=["send", "cursor", "typing"],
)
def test_on_a_socket_a_strangers_chat_and_no_chat_answer_alike(
    talk: Talk, stranger: tuple[User, Socket, Socket], frame: dict[str, Any]
) -> None:
    talk.at_ada.say(talk.chat, "a secret")
    errors = []
    for chat in (talk.chat, UNKNOWN_CHAT):
        error = stranger[1].refused("not_found", **frame, id=new_id(), chat=chat)
        errors.append({key: value for key, value in error.items() if key != "id"})
    assert errors[0] == errors[1]
    talk.at_bob.fence()
    assert talk.at_bob.all("typing") == talk.at_bob.all("cursor", user=stranger[0].id) == []
    assert len(talk.ada.history(talk.chat)) == 1


def test_a_chat_nobody_opened_is_not_found_even_by_its_members(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    chat = chat_hash(ada.id, bob.id)
    assert ada.api.request("GET", f"/api/v1/chats/{chat}").status == 404
    ada.connect(system_url).refused("not_found", type="send", id=new_id(), chat=chat, body="hi")


@pytest.mark.parametrize("chat", ["x", "0" * 31, "0" * 33, "G" * 32, "%00", "..%2F..%2Fusers%2Fme", "' OR 1=1 --"])
def test_a_malformed_chat_is_a_clear_error(register: MakeUser, chat: str) -> None:
    for path in (f"/api/v1/chats/{chat}", f"/api/v1/chats/{chat}/messages"):
        answer = register("eve").api.request("GET", path)
        assert answer.status in (400, 404) and answer.code in ("bad_request", "not_found")


def test_a_strangers_presence_is_the_same_as_nobodys(talk: Talk, stranger: tuple[User, Socket, Socket]) -> None:
    socket = stranger[1]
    socket.frame("watch", users=[talk.ada.id, UNKNOWN_USER])
    seen = [socket.wait("presence", user=user) for user in (talk.ada.id, UNKNOWN_USER)]
    assert seen[0] | {"user": ""} == seen[1] | {"user": ""}
