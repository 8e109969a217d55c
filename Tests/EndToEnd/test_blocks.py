"""Who is blocked writes as ever and is not heard; and cannot tell it from somebody who is away."""

from __future__ import annotations

import time

import pytest

from conftest import MakeUser, Talk
from parley_client import Json, Socket, User, eventually, new_id
from test_cursors import member_of

TOLD = 5.0
"""Seconds within which every gateway knows of a block."""
OFFLINE_AFTER = 10.0


def block(user: User, other: User) -> None:
    user.api.expect(204, "PUT", f"/api/v1/blocks/{other.id}")


def unblock(user: User, other: User) -> None:
    user.api.expect(204, "DELETE", f"/api/v1/blocks/{other.id}")


def blocked(user: User) -> list[str]:
    return [entry["user_id"] for entry in user.api.get("/api/v1/blocks")["users"]]


def blank(message: Json) -> Json:
    return message | {"body": "", "hidden": True}


def texts(socket: Socket) -> str:
    return "".join(str(frame) for frame in socket.frames)


def test_what_the_blocked_write_reaches_the_blocker_only_as_a_place_in_the_order(
    talk: Talk, doors: tuple[str, str]
) -> None:
    ada, bob = talk.ada, talk.bob
    second = bob.connect(doors[0])
    block(ada, bob)
    ack = talk.at_bob.say(talk.chat, "a secret")
    whole = second.sees(talk.chat, "a secret")
    hidden = talk.at_ada.wait("message", chat=talk.chat, seq=ack["seq"])
    assert hidden == blank(whole)
    talk.at_ada.say(talk.chat, "an answer to nobody")
    talk.at_bob.sees(talk.chat, "an answer to nobody")
    mine, theirs = ada.whole_history(talk.chat), bob.whole_history(talk.chat)
    assert theirs[0] == {key: value for key, value in whole.items() if key != "type"}
    assert mine == [blank(theirs[0]), theirs[1]]
    rest_id = new_id()
    bob.api.expect(200, "POST", f"/api/v1/chats/{talk.chat}/messages", {"id": rest_id, "body": "a secret by REST"})
    talk.at_ada.wait("message", id=rest_id, hidden=True)
    chats, _ = ada.sync()
    assert chats[talk.chat]["last_message"] == blank(bob.chat(talk.chat)["last_message"])
    assert ada.api.get("/api/v1/chats")["chats"][0] == chats[talk.chat]
    assert chats[talk.chat]["unread"] == 0
    everything = texts(talk.at_ada) + str(mine) + str(chats)
    assert "secret" not in everything


def test_after_the_end_of_a_block_all_is_as_before_but_what_was_hidden(talk: Talk) -> None:
    block(talk.ada, talk.bob)
    talk.at_bob.say(talk.chat, "a secret")
    unblock(talk.ada, talk.bob)
    talk.at_bob.say(talk.chat, "hello again")
    talk.at_ada.sees(talk.chat, "hello again")
    assert [message["body"] for message in talk.ada.whole_history(talk.chat)] == ["", "hello again"]
    assert talk.ada.chat(talk.chat)["unread"] == 1
    talk.at_ada.frame("cursor", chat=talk.chat, read=2)
    talk.at_bob.wait("cursor", user=talk.ada.id, read=2)


def test_cursors_and_typing_do_not_cross_a_block(talk: Talk, doors: tuple[str, str]) -> None:
    ada, bob = talk.ada, talk.bob
    second = ada.connect(doors[1])
    talk.at_bob.say(talk.chat, "one")
    talk.at_ada.frame("cursor", chat=talk.chat, delivered=1)
    talk.at_bob.wait("cursor", user=ada.id, delivered=1)
    for writer, reader in ((talk.at_ada, talk.at_bob), (talk.at_bob, talk.at_ada)):
        writer.frame("typing", chat=talk.chat, active=True)
        reader.wait("typing")
    block(ada, bob)
    shown = member_of(bob.chat(talk.chat), ada.id)
    assert shown == {"user_id": ada.id, "delivered": 1, "read": 0}
    talk.at_bob.say(talk.chat, "two")
    since = bob.sync()[1]
    talk.at_ada.frame("cursor", chat=talk.chat, read=2)
    second.wait("cursor", user=ada.id, read=2)  # her own devices know
    assert member_of(bob.chat(talk.chat), ada.id) == shown
    assert bob.sync(since)[0] == {}

    def crosses(writer: Socket, reader: Socket) -> bool:
        """Whether typing arrives before the message after it."""
        time.sleep(3.1)  # what comes more often is dropped
        known = len(reader.all("typing"))
        writer.frame("typing", chat=talk.chat, active=True)
        ack = writer.say(talk.chat, "typed")
        reader.wait("message", chat=talk.chat, seq=ack["seq"])
        return len(reader.all("typing")) > known

    eventually(lambda: not crosses(talk.at_ada, talk.at_bob), "typing has stopped", TOLD)
    assert not crosses(talk.at_bob, talk.at_ada)
    assert [frame for frame in talk.at_bob.all("cursor", user=ada.id) if frame["read"] > 0] == []
    assert talk.at_bob.all("error") == []


def test_a_blocked_person_sees_the_other_leave_and_stay_away(talk: Talk, doors: tuple[str, str]) -> None:
    ada, bob = talk.ada, talk.bob
    talk.at_ada.say(talk.chat, "hi")
    talk.at_bob.say(talk.chat, "hi")
    for socket, other in ((talk.at_bob, ada), (talk.at_ada, bob)):
        socket.frame("watch", users=[other.id])
        socket.wait("presence", user=other.id, state="online")
    known = len(talk.at_bob.all("presence"))
    block(ada, bob)
    since = ada.api.get("/api/v1/blocks")["users"][0]["blocked_at"]
    for socket, other in ((talk.at_bob, ada), (talk.at_ada, bob)):
        left = socket.wait("presence", OFFLINE_AFTER + TOLD, user=other.id, state="offline")
        assert left["last_seen"] == since
    ada.connect(doors[0]).close()
    fresh = bob.connect(doors[0])
    fresh.frame("watch", users=[ada.id])
    assert fresh.wait("presence", user=ada.id) == talk.at_bob.all("presence", user=ada.id)[-1]
    assert len(talk.at_bob.all("presence")) == known + 1
    unblock(ada, bob)
    for socket in (fresh, talk.at_bob):
        socket.until(lambda: socket.all("presence", user=ada.id)[-1]["state"] == "online", "online again", TOLD)


def test_nothing_that_is_asked_for_tells_the_blocked_from_the_ignored(talk: Talk, register: MakeUser) -> None:
    """The same steps with somebody who blocks and with somebody who is only away."""
    away, url = register("away"), talk.bob.api.url
    seen = []
    for other in (talk.ada, away):
        person = register("bob")
        chat = person.open_chat(other)
        socket = person.connect(url)
        there = other.connect(url)
        there.say(chat, "hello")
        if other is talk.ada:
            block(other, person)
        else:
            there.close()
        socket.frame("watch", users=[other.id])
        left = socket.wait("presence", OFFLINE_AFTER + TOLD, user=other.id, state="offline")
        socket.say(chat, "are you there?")
        socket.frame("typing", chat=chat, active=True)
        socket.frame("cursor", chat=chat, read=1)
        socket.fence()
        answers = [
            person.chat(chat),
            person.api.get("/api/v1/chats"),
            person.api.get(f"/api/v1/chats/{chat}/messages"),
            person.api.get(f"/api/v1/users?ids={other.id}"),
            person.open_chat(other),
            left,
            sorted({frame["type"] for frame in socket.frames} - {"status"}),
        ]
        names = {other.id: "OTHER", person.id: "ME", chat: "CHAT", other.username: "NAME"}
        seen.append(shape(answers, names))
    assert seen[0] == seen[1]


def shape(value: object, names: dict[str, str]) -> object:
    """A value without what differs between any two chats: names, ids of messages, times, and the order of members."""
    if isinstance(value, dict):
        return {key: "…" if key in ("id", "sent_at", "last_seen") else shape(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((shape(item, names) for item in value), key=str)
    return names.get(value, value) if isinstance(value, str) else value


def test_blocks_are_listed_for_their_owner_only(register: MakeUser) -> None:
    ada, bob, eve = register("ada"), register("bob"), register("eve")
    for other in (bob, eve, bob):
        block(ada, other)
    assert blocked(ada) == [eve.id, bob.id]
    assert blocked(bob) == []
    unblock(ada, bob)
    unblock(ada, bob)
    assert blocked(ada) == [eve.id]


@pytest.mark.parametrize(
    ("user", "status", "code"),
    [
        ("01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4", 404, "not_found"),
        ("nobody", 404, "not_found"),
        ("me", 404, "not_found"),
    ],
)
def test_nobody_cannot_be_blocked(register: MakeUser, user: str, status: int, code: str) -> None:
    answer = register("ada").api.request("PUT", f"/api/v1/blocks/{user}")
    assert (answer.status, answer.code) == (status, code)


def test_oneself_cannot_be_blocked(register: MakeUser) -> None:
    ada = register("ada")
    answer = ada.api.request("PUT", f"/api/v1/blocks/{ada.id}")
    assert (answer.status, answer.code) == (400, "bad_request")


def test_blocks_need_a_token_and_know_their_methods(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    for method, path, status in (("POST", "blocks", 405), ("GET", f"blocks/{bob.id}", 405)):
        assert ada.api.request(method, f"/api/v1/{path}").status == status
    ada.api.token = None
    for method, path in (("GET", "blocks"), ("PUT", f"blocks/{bob.id}"), ("DELETE", f"blocks/{bob.id}")):
        assert ada.api.request(method, f"/api/v1/{path}").status == 401
