"""PostgreSQL away for five seconds: sockets stay, sends are refused retryably, and go through afterwards, once."""

from __future__ import annotations

import time

import pytest

from conftest import Talk
from parley_client import eventually, new_id
from parley_system import LocalSystem

pytestmark = pytest.mark.faults

AWAY = 5.0


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_sends_fail_retryably_and_go_through_afterwards(far_talk: Talk, local: LocalSystem, how: str) -> None:
    far_talk.at_ada.say(far_talk.chat, "before")
    id = new_id()
    begin = time.monotonic()
    with local.without("postgres", how):
        refused = far_talk.at_ada.ask(far_talk.chat, "meanwhile", id)
        assert refused["type"] == "error" and refused["retryable"], refused
        assert refused["code"] in ("unavailable", "internal")
        far_talk.at_bob.fence()
        time.sleep(max(0.0, AWAY - (time.monotonic() - begin)))
        far_talk.at_ada.fence()
    assert far_talk.at_ada.insist(far_talk.chat, "meanwhile", id)["seq"] == 2
    far_talk.at_bob.sees(far_talk.chat, "meanwhile")
    eventually(lambda: bodies(far_talk) == ["before", "meanwhile"], "history is whole", 15, 0.25)
    assert far_talk.at_ada.is_open and far_talk.at_bob.is_open


def bodies(talk: Talk) -> list[str]:
    answer = talk.bob.api.request("GET", f"/api/v1/chats/{talk.chat}/messages")
    return [message["body"] for message in answer.body["messages"]] if answer.status == 200 else []


def test_without_the_message_service_sockets_stay_and_sends_wait(far_talk: Talk, local: LocalSystem) -> None:
    id = new_id()
    with local.without("message-service-1"):
        refused = far_talk.at_ada.ask(far_talk.chat, "later", id)
        assert refused["type"] == "error" and refused["retryable"], refused
        far_talk.at_bob.fence()
    far_talk.at_ada.insist(far_talk.chat, "later", id)
    far_talk.at_bob.sees(far_talk.chat, "later", 12)
    assert [message["body"] for message in far_talk.ada.history(far_talk.chat)] == ["later"]


def test_without_the_auth_service_everybody_signed_in_goes_on(far_talk: Talk, local: LocalSystem) -> None:
    with local.without("auth-service-1"):
        far_talk.at_ada.say(far_talk.chat, "auth is away")
        far_talk.at_bob.sees(far_talk.chat, "auth is away")
        far_talk.ada.connect(local.gateways[1]).say(far_talk.chat, "a new socket as well")
        assert len(far_talk.bob.history(far_talk.chat)) == 2
