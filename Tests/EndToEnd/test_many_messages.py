"""A thousand messages each way at once, on two gateways: all acknowledged, delivered once, dense, stored once."""

from __future__ import annotations

import threading

from conftest import Talk
from parley_client import Socket, new_id
from parley_system import LocalSystem

COUNT = 1000
IN_FLIGHT = 50


def send_many(socket: Socket, chat: str, name: str) -> dict[str, str]:
    """Sends with some in flight; returns the bodies by id."""
    bodies = {new_id(): f"{name} {number}" for number in range(COUNT)}
    ids = list(bodies)
    for start in range(0, COUNT, IN_FLIGHT):
        batch = ids[start : start + IN_FLIGHT]
        for id in batch:
            socket.send(chat, bodies[id], id)
        for id in batch:
            socket.wait("ack", id=id)
    return bodies


def test_a_thousand_each_way_are_acked_delivered_and_stored_once_in_order(far_talk: Talk, local: LocalSystem) -> None:
    sent: dict[str, dict[str, str]] = {}
    sides = {"ada": far_talk.at_ada, "bob": far_talk.at_bob}

    def run(name: str) -> None:
        sent[name] = send_many(sides[name], far_talk.chat, name)

    threads = [threading.Thread(target=run, args=(name,)) for name in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    bodies = sent["ada"] | sent["bob"]
    assert len(bodies) == 2 * COUNT
    for socket in sides.values():
        wait_for_all(socket)
        assert_each_once(socket, bodies)
    history = far_talk.ada.whole_history(far_talk.chat)
    assert [message["seq"] for message in history] == list(range(1, 2 * COUNT + 1))
    assert {message["id"]: message["body"] for message in history} == bodies
    times = [message["sent_at"] for message in history]
    assert times == sorted(times), "times never run backwards in a chat"
    assert history == far_talk.bob.whole_history(far_talk.chat)
    assert rows(local, far_talk.chat) == [(message["seq"], message["id"], message["body"]) for message in history]


def wait_for_all(socket: Socket) -> None:
    socket.until(
        lambda: len(socket.frames) >= 2 * COUNT and len(socket.all("ack")) + len(socket.all("message")) >= 2 * COUNT,
        "every ack and every message",
        20,
    )


def assert_each_once(socket: Socket, bodies: dict[str, str]) -> None:
    """One side saw each place of the chat once: its own by ack, the others' by message."""
    places = [frame["seq"] for frame in socket.frames if frame["type"] in ("ack", "message")]
    assert sorted(places) == list(range(1, 2 * COUNT + 1))
    received = [frame["seq"] for frame in socket.all("message")]
    assert received == sorted(received), "live messages of one sender arrive in order when nothing fails"
    assert all(bodies[frame["id"]] == frame["body"] for frame in socket.all("message"))
    assert socket.all("error") == []


def rows(local: LocalSystem, chat: str) -> list[tuple[object, ...]]:
    query = "SELECT seq, client_id::text, body FROM chat.messages WHERE chat = %s::uuid ORDER BY seq"
    with local.database() as database:
        return database.execute(query, (chat,)).fetchall()
