"""A message sent by one person appears at once on every other connection of both."""

from __future__ import annotations

import re

from conftest import MakeUser, Talk
from parley_client import chat_hash

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_message_reaches_the_other_person(talk: Talk) -> None:
    ack = talk.at_ada.say(talk.chat, "hello bob")
    message = talk.at_bob.sees(talk.chat, "hello bob")
    assert message == {
        "type": "message",
        "chat": talk.chat,
        "seq": 1,
        "id": ack["id"],
        "from": talk.ada.id,
        "body": "hello bob",
        "sent_at": ack["sent_at"],
    }
    assert ack == {"type": "ack", "id": ack["id"], "chat": talk.chat, "seq": 1, "sent_at": ack["sent_at"]}
    assert TIME.fullmatch(ack["sent_at"])


def test_a_conversation_has_one_order_on_both_sides(talk: Talk) -> None:
    for turn in range(5):
        talk.at_ada.say(talk.chat, f"question {turn}")
        talk.at_bob.say(talk.chat, f"answer {turn}")
    talk.at_bob.sees(talk.chat, "question 4")
    talk.at_ada.sees(talk.chat, "answer 4")
    seen_by_bob = {frame["seq"]: frame["body"] for frame in talk.at_bob.all("message")}
    assert seen_by_bob == {2 * turn + 1: f"question {turn}" for turn in range(5)}
    history = [message["body"] for message in talk.ada.history(talk.chat)]
    assert history == [f"{word} {turn}" for turn in range(5) for word in ("question", "answer")]


def test_the_senders_other_device_gets_the_message_and_the_sending_one_only_the_ack(
    talk: Talk, doors: tuple[str, str]
) -> None:
    elsewhere = talk.ada.connect(doors[1])
    ack = talk.at_ada.say(talk.chat, "from my phone")
    assert elsewhere.sees(talk.chat, "from my phone")["seq"] == ack["seq"]
    talk.at_bob.sees(talk.chat, "from my phone")
    talk.at_ada.fence()
    assert talk.at_ada.all("message") == []


def test_a_body_arrives_byte_for_byte(talk: Talk) -> None:
    bodies = [
        "  spaces around  \n\tand a tab",
        "e\u0301 is not \u00e9",
        "\u202eright to left\u202c and z\u0361\u0362\u0363a\u0364lgo",
        "👩‍👩‍👧‍👦" * 100,
        '<script>alert(1)</script> javascript:alert(1) "quoted" \\u0000 \\',
        "\u007f\u0085\u2028\ufeff\ufffe ok",
        "x" * 8000,
        "🦜" * 2000,
    ]
    for body in bodies:
        talk.at_ada.say(talk.chat, body)
        assert talk.at_bob.sees(talk.chat, body)["body"] == body
    assert [message["body"] for message in talk.bob.history(talk.chat)] == bodies


def test_notes_to_oneself_reach_ones_other_device(register: MakeUser, doors: tuple[str, str]) -> None:
    ada = register("ada")
    chat = ada.open_chat(ada)
    assert chat == chat_hash(ada.id, ada.id)
    here, there = ada.connect(doors[0]), ada.connect(doors[1])
    here.say(chat, "milk, bread")
    assert there.sees(chat, "milk, bread")["from"] == ada.id
    assert [member["user_id"] for member in ada.chat(chat)["members"]] == [ada.id]


def test_both_can_compute_the_chat_and_open_the_same_one(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    assert ada.open_chat(bob) == bob.open_chat(ada) == ada.open_chat(bob) == chat_hash(ada.id, bob.id)
    chat = ada.chat(chat_hash(ada.id, bob.id))
    assert chat["kind"] == "direct"
    assert (chat["last_seq"], chat["unread"], chat["last_message"]) == (0, 0, None)
    assert {member["user_id"] for member in chat["members"]} == {ada.id, bob.id}
    assert all((member["delivered"], member["read"]) == (0, 0) for member in chat["members"])


def test_a_chat_with_an_unknown_person_is_not_found(register: MakeUser) -> None:
    answer = register("ada").api.request("PUT", "/api/v1/chats/with/01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4")
    assert (answer.status, answer.code) == (404, "not_found")


def test_messages_work_through_the_edge(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    at_ada, at_bob = ada.connect(system_url), bob.connect(system_url)
    at_ada.say(chat, "through the edge")
    at_bob.sees(chat, "through the edge")
