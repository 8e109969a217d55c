"""Whoever was away gets everything by sync, from any point, and nothing of other people."""

from __future__ import annotations

import pytest

from conftest import MakeUser, Talk


def test_everything_sent_while_away_is_in_the_sync(talk: Talk, doors: tuple[str, str]) -> None:
    talk.at_ada.say(talk.chat, "you are here")
    talk.at_bob.sees(talk.chat, "you are here")
    _, cursor = talk.bob.sync()
    talk.at_bob.close()
    for number in range(30):
        talk.at_ada.say(talk.chat, f"while away {number}")
    talk.bob.connect(doors[1])
    chats, _ = talk.bob.sync(cursor)
    assert chats[talk.chat]["last_seq"] == 31
    assert chats[talk.chat]["last_message"]["body"] == "while away 29"
    assert chats[talk.chat]["unread"] == 31
    missed = talk.bob.history(talk.chat, "?after=1")
    assert [message["body"] for message in missed] == [f"while away {number}" for number in range(30)]


def test_a_first_sync_lists_every_chat_and_a_second_one_nothing(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    friends = [register("friend") for _ in range(3)]
    chats = {ada.open_chat(friend) for friend in friends}
    socket = ada.connect(system_url)
    for chat in chats:
        socket.say(chat, "hi")
    listed, cursor = ada.sync()
    assert set(listed) == chats
    again, _ = ada.sync(cursor)
    assert again == {}


def test_a_chat_appears_at_the_other_person_with_its_first_message(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    _, cursor = bob.sync()
    chat = ada.open_chat(bob)
    assert bob.sync(cursor)[0] == {}
    assert bob.api.get("/api/v1/chats")["chats"] == []
    ada.connect(system_url).say(chat, "surprise")
    assert set(bob.sync(cursor)[0]) == {chat}
    assert [listed["chat"] for listed in bob.api.get("/api/v1/chats")["chats"]] == [chat]


def test_a_moved_cursor_of_the_other_person_is_in_the_sync(talk: Talk) -> None:
    talk.at_ada.say(talk.chat, "read me")
    _, cursor = talk.ada.sync()
    talk.at_bob.frame("cursor", chat=talk.chat, read=1)
    talk.at_ada.wait("cursor", chat=talk.chat, user=talk.bob.id, read=1)
    chats, _ = talk.ada.sync(cursor)
    members = {member["user_id"]: member for member in chats[talk.chat]["members"]}
    assert members[talk.bob.id] == {"user_id": talk.bob.id, "delivered": 1, "read": 1}


@pytest.mark.parametrize("cursor", ["", "nonsense", "%00", "x" * 3000, "..%2F", "🦜"])
def test_a_malformed_cursor_is_like_none(talk: Talk, cursor: str) -> None:
    talk.at_ada.say(talk.chat, "listed")
    answer = talk.ada.api.get(f"/api/v1/sync?since={cursor}")
    assert [chat["chat"] for chat in answer["chats"]] == [talk.chat]
    assert set(answer) == {"chats", "next", "more", "epoch"}


def test_more_chats_than_one_answer_holds_come_in_several(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    socket = ada.connect(system_url)
    chats: set[str] = set()
    for _ in range(3):
        chats.add(ada.open_chat(register("friend")))
    for chat in chats:
        socket.say(chat, "hi")
    assert set(ada.sync()[0]) == chats


def test_the_epoch_of_welcome_and_of_sync_agree(talk: Talk) -> None:
    epoch = talk.at_ada.all("welcome")[0]["history_epoch"]
    assert epoch and talk.ada.api.get("/api/v1/sync")["epoch"] == epoch
