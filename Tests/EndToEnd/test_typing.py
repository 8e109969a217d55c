"""Typing is shown to the others, briefly, and ends by itself."""

from __future__ import annotations

from conftest import Talk


def test_typing_reaches_the_other_person_and_not_oneself(talk: Talk) -> None:
    talk.at_ada.frame("typing", chat=talk.chat, active=True)
    frame = talk.at_bob.wait("typing", chat=talk.chat)
    assert frame == {"type": "typing", "chat": talk.chat, "user": talk.ada.id, "active": True}
    talk.at_ada.fence()
    assert talk.at_ada.all("typing") == []


def test_stopping_reaches_the_other_person(talk: Talk) -> None:
    talk.at_ada.frame("typing", chat=talk.chat, active=True)
    talk.at_bob.wait("typing", active=True)
    talk.at_ada.frame("typing", chat=talk.chat, active=False)
    talk.at_bob.wait("typing", user=talk.ada.id, active=False)


def test_typing_again_and_again_in_a_moment_is_shown_seldom(talk: Talk) -> None:
    for _ in range(20):
        talk.at_ada.frame("typing", chat=talk.chat, active=True)
    talk.at_bob.wait("typing", active=True)
    talk.at_ada.say(talk.chat, "done")
    talk.at_bob.sees(talk.chat, "done")
    assert 1 <= len(talk.at_bob.all("typing", active=True)) <= 2
    assert talk.at_ada.all("error") == []


def test_typing_that_a_message_has_overtaken_is_not_shown(talk: Talk) -> None:
    talk.at_ada.frame("typing", chat=talk.chat, active=True)
    talk.at_ada.say(talk.chat, "done")
    talk.at_bob.sees(talk.chat, "done")
    talk.at_ada.say(talk.chat, "and more")
    talk.at_bob.sees(talk.chat, "and more")
    types = [frame["type"] for frame in talk.at_bob.frames if frame["type"] in ("typing", "message")]
    assert "typing" not in types[types.index("message") :]
