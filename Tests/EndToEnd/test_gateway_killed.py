"""A gateway dies without a word; its people go on at the other one and nothing is missing or doubled."""

from __future__ import annotations

import pytest

from conftest import Talk
from parley_client import Frame, new_id
from parley_system import LocalSystem

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("two_gateways")]

NAME = "realtime-gateway-2"


def test_after_kill_9_the_other_gateway_has_everything_acked(far_talk: Talk, local: LocalSystem) -> None:
    """Bob sends all the time; his gateway is killed in the middle; he reconnects and repeats what was not acked."""
    bodies = {new_id(): f"message {number}" for number in range(400)}
    for id in list(bodies)[:200]:
        far_talk.at_bob.send(far_talk.chat, bodies[id], id)
    far_talk.at_bob.until(lambda: bool(far_talk.at_bob.all("ack")), "the first acks")
    local.process("kill", NAME)
    try:
        far_talk.at_bob.closed()
        before = {ack["id"]: ack for ack in far_talk.at_bob.all("ack")}
        again = far_talk.bob.connect(local.gateways[0])
        after = {id: again.insist(far_talk.chat, body, id) for id, body in bodies.items()}
    finally:
        local.process("start", NAME)
    assert_stored_once(far_talk, bodies, before, after)


def assert_stored_once(talk: Talk, bodies: dict[str, str], before: dict[str, Frame], after: dict[str, Frame]) -> None:
    history = talk.ada.whole_history(talk.chat)
    assert [message["seq"] for message in history] == list(range(1, len(bodies) + 1))
    assert {message["id"]: message["body"] for message in history} == bodies
    assert {id: after[id] for id in before} == before
    talk.at_ada.until(
        lambda: {frame["id"] for frame in talk.at_ada.all("message")} == set(bodies), "all of it at Ada, live", 12
    )


def test_the_edge_leads_around_a_dead_gateway(far_talk: Talk, local: LocalSystem) -> None:
    with local.without(NAME):
        for number in range(4):
            far_talk.ada.connect(local.url).say(far_talk.chat, f"around {number}")
        path = f"/api/v1/chats/{far_talk.chat}/messages"
        far_talk.bob.api.expect(200, "POST", path, {"id": new_id(), "body": "by rest"})
        far_talk.at_ada.sees(far_talk.chat, "by rest")


def test_somebody_at_a_restarted_gateway_gets_live_messages_again(far_talk: Talk, local: LocalSystem) -> None:
    with local.without(NAME):
        far_talk.at_bob.closed()
    at_bob = far_talk.bob.connect(local.gateways[1])
    far_talk.at_ada.say(far_talk.chat, "welcome back")
    at_bob.sees(far_talk.chat, "welcome back", 12)


def test_a_frozen_gateway_does_not_hold_up_the_others(far_talk: Talk, local: LocalSystem) -> None:
    local.process("pause", NAME)
    try:
        for number in range(5):
            far_talk.at_ada.say(far_talk.chat, f"frozen {number}", within=5)
    finally:
        local.process("resume", NAME)
    far_talk.at_bob.until(
        lambda: bool(far_talk.at_bob.all("message", body="frozen 4")) or bool(far_talk.at_bob.all("resync")),
        "the messages or a resync, once it runs again",
        12,
    )
