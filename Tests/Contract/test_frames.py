"""Every frame that goes over the wire, in either direction, is as docs/asyncapi.yaml describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
import pytest

from conftest import BODY
from describe import Json, asyncapi, frames, strict
from parley_client import Frame, Socket, User, new_id
from parley_system import LocalSystem

NOBODY = "01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4"
SIDES = [(side, name) for side in ("client", "server") for name in frames(side)]


class Recorded(Socket):
    """A socket that keeps what it sends, too."""

    everything: list[Recorded] = []

    def __init__(self, url: str) -> None:
        self.sent: list[Frame] = []
        super().__init__(url)
        self.everything.append(self)

    def frame(self, type: str, **fields: object) -> None:
        self.sent.append({"type": type, **fields})
        super().frame(type, **fields)

    @staticmethod
    def of(user: User, url: str) -> Recorded:
        socket = Recorded(url)
        socket.hello(user.token)
        return socket


@pytest.fixture(scope="module")
def traffic(system: LocalSystem) -> dict[str, list[Frame]]:
    """All frames of a chat in which everything happens once, by the side that sent them."""
    ada, bob = User.register(system.url, "ada"), User.register(system.url, "bob")
    chat = ada.open_chat(bob)
    try:
        talk(ada, bob, chat, system)
        lose_a_message(ada, bob, chat, system)
        hide_a_message(ada, bob, chat, system)
        refuse(Recorded.of(ada, system.url), chat)
    finally:
        for socket in Recorded.everything:
            socket.close()
    return {
        "client": [frame for socket in Recorded.everything for frame in socket.sent],
        "server": [frame for socket in Recorded.everything for frame in socket.frames],
    }


def talk(ada: User, bob: User, chat: str, system: LocalSystem) -> None:
    """Messages, cursors, typing, presence in all its states, and a service that goes and comes back."""
    at_ada, at_bob = Recorded.of(ada, system.gateways[0]), Recorded.of(bob, system.gateways[1])
    at_ada.frame("typing", chat=chat, active=True)
    at_bob.wait("typing")
    at_ada.say(chat, BODY + "\n\t☂ \u202e <script>")
    at_bob.wait("message")
    at_bob.frame("cursor", chat=chat, delivered=1, read=1)
    at_ada.wait("cursor")
    at_bob.frame("watch", users=[ada.id, NOBODY], id=7)
    at_bob.wait("presence", user=ada.id, state="online")
    at_bob.wait("presence", user=NOBODY, state="unknown")
    at_bob.hello(bob.token)
    at_bob.frame("ping", id=7)
    at_bob.frame("ping")
    at_bob.until(lambda: len(at_bob.all("pong")) > 1, "two pongs")
    at_ada.close()
    at_bob.wait("presence", within=20, user=ada.id, state="offline")
    with system.without("presence-service-1"):
        at_bob.wait("status", within=20, status="degraded")
    at_bob.wait("status", within=20, status="ok")


def lose_a_message(ada: User, bob: User, chat: str, system: LocalSystem) -> None:
    """A gateway that is told to stop, comes back, and loses what it should hand on: `drain` and `resync`."""
    leaving = Recorded.of(ada, system.gateways[0])
    with system.changed("realtime-gateway-1", PARLEY_FAULT_DROP_EVENTS="on", PARLEY_ENVIRONMENT="development"):
        leaving.wait("drain")
        at_ada, at_bob = Recorded.of(ada, system.gateways[0]), Recorded.of(bob, system.gateways[1])
        at_ada.say(chat, BODY)
        at_bob.wait("resync", within=10)


def hide_a_message(ada: User, bob: User, chat: str, system: LocalSystem) -> None:
    """One of the two blocks the other for a while."""
    at_ada, at_bob = Recorded.of(ada, system.gateways[0]), Recorded.of(bob, system.gateways[1])
    bob.api.expect(204, "PUT", f"/api/v1/blocks/{ada.id}")
    at_ada.say(chat, BODY)
    at_bob.wait("message", hidden=True, body="")
    bob.api.expect(204, "DELETE", f"/api/v1/blocks/{ada.id}")


def refuse(socket: Recorded, chat: str) -> None:
    """Errors about frames with an id of each kind, and without one."""
    for id in (new_id(), 7):
        Socket.frame(socket, "no such type", id=id)
        socket.wait("error", id=id, code="bad_frame")
    socket.text("{")
    socket.until(lambda: len(socket.all("error")) > 2, "an error without an id")
    Socket.frame(socket, "send", id=(id := new_id()), chat=chat, body=BODY * 1000)
    socket.wait("error", id=id, code="too_large")
    socket.refused("not_found", "send", id=new_id(), chat="0" * 32, body=BODY)


@pytest.mark.parametrize(("side", "name"), SIDES, ids=["-".join(pair) for pair in SIDES])
def test_every_frame_is_as_described(traffic: dict[str, list[Frame]], side: str, name: str) -> None:
    seen = [frame for frame in traffic[side] if frame["type"] == name]
    assert seen, "no such frame went by"
    for frame in seen:
        problems = [error.message for error in validator(side, name).iter_errors(frame)]
        assert problems == [], json.dumps(frame)


def test_no_frame_is_undescribed(traffic: dict[str, list[Frame]]) -> None:
    for side, seen in traffic.items():
        assert {frame["type"] for frame in seen} == set(frames(side))


@pytest.mark.parametrize(("side", "name"), SIDES, ids=["-".join(pair) for pair in SIDES])
def test_a_description_refuses_what_it_does_not_name(traffic: dict[str, list[Frame]], side: str, name: str) -> None:
    """So that the tests above can fail."""
    frame = next(frame for frame in traffic[side] if frame["type"] == name)
    for wrong in broken(frame):
        assert not validator(side, name).is_valid(wrong), json.dumps(wrong)


def broken(frame: Frame) -> Iterator[Frame]:
    yield frame | {"undescribed": 1}
    yield frame | {"type": "other"}
    for key, value in frame.items():
        if key != "id":
            yield frame | {key: [value]}


def validator(side: str, name: str) -> jsonschema.Draft7Validator:
    components: Json = strict(asyncapi()["components"])
    reference = {"$ref": f"#/components/messages/{side}.{name}/payload"}
    return jsonschema.Draft7Validator(reference | {"components": components})
