"""A program without a socket sends by REST: the same rules, delivered live as well."""

from __future__ import annotations

import pytest

from conftest import MakeUser, Talk
from parley_client import Answer, User, new_id


def post(user: User, chat: str, body: object) -> Answer:
    return user.api.request("POST", f"/api/v1/chats/{chat}/messages", body)


def test_a_message_sent_by_rest_reaches_every_connection_of_both(talk: Talk) -> None:
    id = new_id()
    answer = post(talk.ada, talk.chat, {"id": id, "body": "from a script"})
    assert answer.status == 200
    assert set(answer.body) == {"id", "chat", "seq", "sent_at"}
    assert (answer.body["id"], answer.body["chat"], answer.body["seq"]) == (id, talk.chat, 1)
    for socket in (talk.at_ada, talk.at_bob):
        message = socket.sees(talk.chat, "from a script")
        assert (message["id"], message["seq"], message["from"]) == (id, 1, talk.ada.id)
        assert message["sent_at"] == answer.body["sent_at"]


def test_both_ways_of_sending_share_one_order(talk: Talk) -> None:
    for turn in range(5):
        assert talk.at_ada.say(talk.chat, f"socket {turn}")["seq"] == 2 * turn + 1
        assert post(talk.bob, talk.chat, {"id": new_id(), "body": f"rest {turn}"}).body["seq"] == 2 * turn + 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"id": "x", "body": "hi"}),
        (400, {"id": 7, "body": "hi"}),
        (400, {"body": "hi"}),
        (400, {"id": new_id()}),
        (400, {"id": new_id(), "body": ""}),
        (400, {"id": new_id(), "body": " \n"}),
        (400, {"id": new_id(), "body": "nul \u0000"}),
        (400, {"id": new_id(), "body": 7}),
        (413, {"id": new_id(), "body": "x" * 8001}),
        (400, ["hi"]),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_illegal_message_is_refused_and_takes_no_place(talk: Talk, status: int, body: object) -> None:
    answer = post(talk.ada, talk.chat, body)
    assert (answer.status, answer.code) == (status, {400: "bad_request", 413: "too_large"}[status])
    assert talk.at_ada.say(talk.chat, "the first")["seq"] == 1


def test_a_chat_in_the_body_that_is_not_the_one_in_the_path_changes_nothing(talk: Talk, register: MakeUser) -> None:
    other = talk.ada.open_chat(register("carol"))
    answer = post(talk.ada, talk.chat, {"id": new_id(), "body": "hi", "chat": other})
    assert answer.status in (200, 400)
    assert talk.ada.chat(other)["last_seq"] == 0
