"""Nobody sees a byte of a chat they are not in."""

from __future__ import annotations

import json

from playwright.sync_api import Response, WebSocket, expect

from people import People
from person import Person


class Wiretap:
    """Every frame and every answer that a person's page receives."""

    def __init__(self, person: Person) -> None:
        self.frames: list[str] = []
        self.answers: list[Response] = []
        person.page.on("websocket", self._socket)
        person.page.on("response", lambda answer: self.answers.append(answer))

    def _socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.frames.append(str(payload)))

    def types(self) -> set[str]:
        return {json.loads(frame)["type"] for frame in self.frames}

    def texts(self) -> list[str]:
        answers = [answer for answer in self.answers if "/assets/" not in answer.url and answer.status != 304]
        return self.frames + [answer.text() for answer in answers]


def test_a_third_person_with_the_chat_s_address_open_receives_nothing_of_it(people: People) -> None:
    ada, bob = people.sign_up("Ada", phone=True), people.sign_up("Bob")
    ada.find(bob)
    eve = people.sign_up("Eve")
    # Past the service worker, so that every answer comes over the wire that is tapped.
    eve.context.new_cdp_session(eve.page).send("Network.setBypassServiceWorker", {"bypass": True})
    # From an empty page: what was still on its way to the page before could not be read any more.
    address = eve.page.url
    eve.page.goto("about:blank")
    tap = Wiretap(eve)
    eve.page.goto(address)
    eve.is_signed_in()
    eve.go(f"chat/{ada.chat}")
    eve.page.wait_for_timeout(500)

    ada.write("a secret for Bob")
    bob.open_chat_with(ada)
    ada.tick("a secret for Bob", "read")
    bob.write_seen_typing("a secret for Ada", by=ada)
    bob.tick("a secret for Ada", "read")
    eve.page.wait_for_timeout(2_500)  # one round of the sweep

    assert tap.types() <= {"welcome", "pong", "status"}, tap.frames
    asked = [one for one in tap.answers if "/api/v1/chats/" in one.url]
    assert asked and all(one.status == 404 for one in asked)
    texts = tap.texts()
    for word in ("secret", '"members"', '"last_seq"'):
        assert not [text for text in texts if word in text], word
    assert "secret" not in eve.page.content()
    expect(eve.page.locator("#composer, [data-peer-state], .message, nav .row-link")).to_have_count(0)
