"""Delivered and read marks: they rise, they are shared, they count the unread."""

from __future__ import annotations

from conftest import Talk
from parley_client import Json, eventually


def member_of(chat: Json, user: str) -> Json:
    return next(dict(member) for member in chat["members"] if member["user_id"] == user)


def test_the_other_person_and_my_other_device_see_my_cursor(talk: Talk, doors: tuple[str, str]) -> None:
    other_device = talk.bob.connect(doors[0])
    for number in range(3):
        talk.at_ada.say(talk.chat, f"message {number}")
    talk.at_bob.frame("cursor", chat=talk.chat, delivered=3, read=2)
    expected = {"type": "cursor", "chat": talk.chat, "user": talk.bob.id, "delivered": 3, "read": 2}
    assert talk.at_ada.wait("cursor", user=talk.bob.id, delivered=3) == expected
    assert other_device.wait("cursor", user=talk.bob.id, delivered=3) == expected


def test_the_unread_are_counted_from_the_read_cursor(talk: Talk) -> None:
    for number in range(4):
        talk.at_ada.say(talk.chat, f"message {number}")
    assert talk.bob.chat(talk.chat)["unread"] == 4
    assert talk.ada.chat(talk.chat)["unread"] == 0
    talk.at_bob.frame("cursor", chat=talk.chat, read=3)
    talk.at_ada.wait("cursor", user=talk.bob.id, read=3)
    assert talk.bob.chat(talk.chat)["unread"] == 1


def test_read_pulls_delivered_along_and_both_stop_at_the_last_message(talk: Talk) -> None:
    talk.at_ada.say(talk.chat, "only one")
    talk.at_bob.frame("cursor", chat=talk.chat, read=999)
    assert talk.at_ada.wait("cursor", user=talk.bob.id)["delivered"] == 1
    assert member_of(talk.ada.chat(talk.chat), talk.bob.id) == {"user_id": talk.bob.id, "delivered": 1, "read": 1}


def test_a_cursor_never_falls(talk: Talk) -> None:
    for number in range(3):
        talk.at_ada.say(talk.chat, f"message {number}")
    talk.at_bob.frame("cursor", chat=talk.chat, delivered=3, read=3)
    talk.at_ada.wait("cursor", user=talk.bob.id, read=3)
    talk.at_bob.frame("cursor", chat=talk.chat, delivered=1, read=1)
    talk.at_ada.say(talk.chat, "one more")
    talk.at_bob.frame("cursor", chat=talk.chat, delivered=4)
    talk.at_ada.wait("cursor", user=talk.bob.id, delivered=4)
    assert member_of(talk.bob.chat(talk.chat), talk.bob.id)["read"] == 3
    assert all(frame["read"] >= 3 for frame in talk.at_ada.all("cursor", user=talk.bob.id))


def test_ones_own_message_is_read_by_oneself(talk: Talk) -> None:
    talk.at_ada.say(talk.chat, "one")
    talk.at_bob.say(talk.chat, "two")
    assert member_of(talk.ada.chat(talk.chat), talk.bob.id) == {"user_id": talk.bob.id, "delivered": 2, "read": 2}
    assert member_of(talk.ada.chat(talk.chat), talk.ada.id) == {"user_id": talk.ada.id, "delivered": 1, "read": 1}


def test_many_cursors_in_a_moment_end_at_the_newest(talk: Talk) -> None:
    for number in range(20):
        talk.at_ada.say(talk.chat, f"message {number}")
    for seq in range(1, 21):
        talk.at_bob.frame("cursor", chat=talk.chat, delivered=seq, read=seq)
    talk.at_ada.wait("cursor", user=talk.bob.id, read=20)
    eventually(lambda: talk.bob.chat(talk.chat)["unread"] == 0, "nothing is unread")
    assert len(talk.at_ada.all("cursor", user=talk.bob.id)) < 20
    assert talk.at_bob.all("error") == []
