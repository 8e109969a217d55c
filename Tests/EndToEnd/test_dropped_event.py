"""An event lost between gateways is noticed by the sweep: the receiver is told to fetch within ten seconds."""

from __future__ import annotations

import pytest

from conftest import MakeUser, start_talk
from parley_system import LocalSystem

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("two_gateways")]

SENDING = "realtime-gateway-1"
PROMISE = 10.0


def test_a_message_whose_event_was_dropped_is_resynced(
    local: LocalSystem, register: MakeUser, far_doors: tuple[str, str]
) -> None:
    with local.changed(SENDING, PARLEY_FAULT_DROP_EVENTS="on", PARLEY_ENVIRONMENT="development"):
        talk = start_talk(register, far_doors)
        ack = talk.at_ada.say(talk.chat, "lost on the way")
        chats = [{"chat": talk.chat, "last_seq": ack["seq"]}]
        talk.at_bob.until(
            lambda: any(chats[0] in frame["chats"] for frame in talk.at_bob.all("resync") if "chats" in frame),
            "a resync that names the chat",
            PROMISE,
        )
        assert talk.at_bob.all("message") == []
        assert talk.bob.history(talk.chat)[0]["body"] == "lost on the way"
        assert local.metric("realtime-gateway-2", "parley_gateway_delivered_by_sweep_total") >= 1
    assert_no_resync_without_a_loss(local, register, far_doors)


def assert_no_resync_without_a_loss(local: LocalSystem, register: MakeUser, doors: tuple[str, str]) -> None:
    """With the events back, the fast path delivers and the sweep finds nothing to do."""
    talk = start_talk(register, doors)
    for number in range(3):
        talk.at_ada.say(talk.chat, f"message {number}")
        talk.at_bob.sees(talk.chat, f"message {number}", 12)
