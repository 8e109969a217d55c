"""Who is online is told to those who may know it, and changes by itself."""

from __future__ import annotations

from conftest import MakeUser, Talk
from parley_client import new_id

OFFLINE_AFTER = 10.0
"""Seconds without a connection after which somebody counts as offline."""


def test_somebody_who_wrote_to_me_is_shown_online_and_later_offline(talk: Talk) -> None:
    talk.at_bob.say(talk.chat, "hi")
    talk.at_ada.frame("watch", users=[talk.bob.id])
    talk.at_ada.wait("presence", user=talk.bob.id, state="online")
    talk.at_bob.close()
    gone = talk.at_ada.wait("presence", OFFLINE_AFTER + 10, user=talk.bob.id, state="offline")
    assert gone["last_seen"]


def test_somebody_whose_session_was_ended_goes_offline(talk: Talk) -> None:
    talk.at_bob.say(talk.chat, "hi")
    talk.at_ada.frame("watch", users=[talk.bob.id])
    talk.at_ada.wait("presence", user=talk.bob.id, state="online")
    talk.bob.api.expect(204, "POST", "/api/v1/auth/logout")
    assert talk.at_bob.closed() == 4502
    talk.at_ada.wait("presence", OFFLINE_AFTER + 10, user=talk.bob.id, state="offline")


def test_somebody_who_comes_online_is_shown_at_once(talk: Talk, doors: tuple[str, str]) -> None:
    talk.at_bob.say(talk.chat, "hi")
    talk.at_bob.close()
    talk.at_ada.frame("watch", users=[talk.bob.id])
    talk.at_ada.wait("presence", OFFLINE_AFTER + 10, user=talk.bob.id, state="offline")
    talk.bob.connect(doors[1])
    talk.at_ada.wait("presence", user=talk.bob.id, state="online")


def test_a_short_absence_is_not_announced(talk: Talk, doors: tuple[str, str]) -> None:
    talk.at_bob.say(talk.chat, "hi")
    talk.at_ada.frame("watch", users=[talk.bob.id])
    talk.at_ada.wait("presence", user=talk.bob.id, state="online")
    talk.at_bob.close()
    again = talk.bob.connect(doors[1])
    again.say(talk.chat, "back")
    talk.at_ada.sees(talk.chat, "back")
    assert talk.at_ada.all("presence", user=talk.bob.id, state="offline") == []


def test_somebody_who_never_wrote_to_me_is_unknown(talk: Talk) -> None:
    talk.at_ada.say(talk.chat, "are you there?")
    talk.at_ada.frame("watch", users=[talk.bob.id])
    assert talk.at_ada.wait("presence", user=talk.bob.id)["state"] == "unknown"


def test_every_watched_user_is_answered_known_or_not(talk: Talk, register: MakeUser) -> None:
    stranger, nobody = register("stranger"), new_id()
    talk.at_bob.say(talk.chat, "hi")
    talk.at_ada.frame("watch", users=[talk.bob.id, stranger.id, nobody])
    assert talk.at_ada.wait("presence", user=talk.bob.id)["state"] == "online"
    hidden = talk.at_ada.wait("presence", user=stranger.id)
    unknown = talk.at_ada.wait("presence", user=nobody)
    assert hidden == unknown | {"user": stranger.id}
    assert unknown == {"type": "presence", "user": nobody, "state": "unknown"}


def test_more_watched_users_than_allowed_are_a_bad_frame(talk: Talk) -> None:
    talk.at_ada.refused("bad_frame", type="watch", id="w", users=[new_id() for _ in range(201)])
