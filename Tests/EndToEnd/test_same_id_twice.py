"""The same client id is one message, however often, in whatever way and through whichever gateway it is sent."""

from __future__ import annotations

import threading

from conftest import Talk
from parley_client import Frame, new_id


def test_a_repeat_gets_the_first_answer_and_is_stored_once(talk: Talk) -> None:
    id = new_id()
    first = talk.at_ada.say(talk.chat, "once", id)
    talk.at_ada.say(talk.chat, "in between")
    talk.at_ada.send(talk.chat, "once", id)
    talk.at_ada.until(lambda: len(talk.at_ada.all("ack", id=id)) == 2, "the ack of the repeat")
    assert talk.at_ada.all("ack", id=id) == [first, first]
    assert [message["body"] for message in talk.ada.history(talk.chat)] == ["once", "in between"]


def test_a_repeat_on_another_device_and_gateway_gets_the_first_answer(talk: Talk, doors: tuple[str, str]) -> None:
    id = new_id()
    first = talk.at_ada.say(talk.chat, "once", id)
    assert talk.ada.connect(doors[1]).say(talk.chat, "once", id) == first
    assert len(talk.ada.history(talk.chat)) == 1


def test_the_same_id_in_parallel_on_many_sockets_is_one_message(talk: Talk, doors: tuple[str, str]) -> None:
    sockets = [talk.ada.connect(doors[number % 2]) for number in range(6)]
    rounds = 20
    ids = [new_id() for _ in range(rounds)]
    start = threading.Barrier(len(sockets))
    answers: list[list[Frame]] = [[] for _ in sockets]

    def send_all(number: int) -> None:
        for id in ids:
            start.wait(10)
            answers[number].append(sockets[number].say(talk.chat, f"body of {id}", id))

    threads = [threading.Thread(target=send_all, args=(number,)) for number in range(len(sockets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert [len(list_) for list_ in answers] == [rounds] * len(sockets)
    assert all(list_ == answers[0] for list_ in answers)
    history = talk.bob.history(talk.chat)
    assert [message["seq"] for message in history] == list(range(1, rounds + 1))
    assert sorted(message["id"] for message in history) == sorted(ids)


def test_the_same_id_with_another_body_is_a_conflict_and_the_first_stands(talk: Talk, doors: tuple[str, str]) -> None:
    id = new_id()
    talk.at_ada.say(talk.chat, "the first", id)
    error = talk.at_ada.refused("conflict", type="send", id=id, chat=talk.chat, body="another")
    assert error["retryable"] is False
    elsewhere = talk.ada.connect(doors[1])
    elsewhere.refused("conflict", type="send", id=id, chat=talk.chat, body="a third")
    talk.at_ada.say(talk.chat, "after")
    assert [message["body"] for message in talk.ada.history(talk.chat)] == ["the first", "after"]


def test_bodies_are_compared_as_bytes(talk: Talk) -> None:
    id = new_id()
    talk.at_ada.say(talk.chat, "caf\u00e9", id)
    talk.at_ada.refused("conflict", type="send", id=id, chat=talk.chat, body="cafe\u0301")


def test_two_people_may_use_the_same_id(talk: Talk) -> None:
    id = new_id()
    assert talk.at_ada.say(talk.chat, "mine", id)["seq"] == 1
    assert talk.at_bob.say(talk.chat, "mine too", id)["seq"] == 2


def test_a_repeat_by_rest_of_what_a_socket_sent_gets_the_first_answer(talk: Talk) -> None:
    id = new_id()
    first = talk.at_ada.say(talk.chat, "once", id)
    path = f"/api/v1/chats/{talk.chat}/messages"
    again = talk.ada.api.expect(200, "POST", path, {"id": id, "body": "once"})
    assert again == {key: value for key, value in first.items() if key != "type"}
    refused = talk.ada.api.request("POST", path, {"id": id, "body": "changed"})
    assert (refused.status, refused.code) == (409, "conflict")
