"""Without Redis everything about messages goes on; with it back, presence comes back by itself."""

from __future__ import annotations

import time

import pytest

from conftest import MakeUser, Talk, start_talk
from parley_client import Socket, eventually
from parley_system import LocalSystem

pytestmark = pytest.mark.faults

MENDED_WITHIN = 15.0
"""Seconds within which a gateway has registered again and asked again for everybody it watches."""


def presence_is(socket: Socket, state: str) -> bool:
    """Whether a fresh pong says so of the presence service."""
    pongs = len(socket.all("pong"))
    socket.frame("ping", id="health")
    socket.until(lambda: len(socket.all("pong")) > pongs, "pong")
    return bool(socket.all("pong")[-1]["services"]["presence"] == state)


def test_messages_go_on_without_redis_and_presence_returns_with_it(
    far_talk: Talk, local: LocalSystem, register: MakeUser, far_doors: tuple[str, str]
) -> None:
    with local.without("redis"):
        converse(far_talk, "without redis")
        eventually(lambda: presence_is(far_talk.at_ada, "down"), "pong says presence is down", 15, 0.25)
        newcomers = start_talk(register, far_doors)
        converse(newcomers, "newcomers")
    eventually(lambda: presence_is(far_talk.at_ada, "up"), "pong says presence is up", 20, 0.25)
    converse(far_talk, "with redis")
    wait_for_presence(far_talk, local)


def wait_for_presence(talk: Talk, local: LocalSystem) -> None:
    """Bob, who did not reconnect, is shown online to a new connection."""
    asking = talk.ada.connect(local.gateways[0])

    def bob_is_online() -> bool:
        asking.frame("watch", users=[talk.bob.id])
        asking.fence()
        return bool(asking.all("presence", user=talk.bob.id, state="online"))

    eventually(bob_is_online, "presence is back without anybody reconnecting", MENDED_WITHIN, 0.5)


def test_presence_comes_back_after_redis_forgot_everything(far_talk: Talk, local: LocalSystem) -> None:
    converse(far_talk, "before")
    local.flush_redis()
    converse(far_talk, "after")
    wait_for_presence(far_talk, local)


@pytest.mark.parametrize("name", ["redis", "presence-service-1"])
def test_nobody_waits_for_a_frozen_presence(far_talk: Talk, local: LocalSystem, name: str) -> None:
    local.process("pause", name)
    try:
        begin = time.monotonic()
        converse(far_talk, "frozen")
        far_talk.bob.connect(local.gateways[0]).fence()
        assert time.monotonic() - begin < 2
    finally:
        local.process("resume", name)
    wait_for_presence(far_talk, local)


def converse(talk: Talk, about: str) -> None:
    """Both ways, live and in history."""
    talk.at_ada.say(talk.chat, f"{about}: ada")
    talk.at_bob.sees(talk.chat, f"{about}: ada")
    talk.at_bob.say(talk.chat, f"{about}: bob")
    talk.at_ada.sees(talk.chat, f"{about}: bob")
    newest = talk.ada.history(talk.chat, "?limit=2")
    assert [message["body"] for message in newest] == [f"{about}: ada", f"{about}: bob"]


def test_messages_go_on_without_the_presence_service(far_talk: Talk, local: LocalSystem, register: MakeUser) -> None:
    with local.without("presence-service-1"):
        converse(far_talk, "without presence")
        carol = register("carol")
        carol.connect(local.gateways[0]).fence()
    eventually(lambda: presence_is(far_talk.at_ada, "up"), "pong says presence is up", 20, 0.25)
