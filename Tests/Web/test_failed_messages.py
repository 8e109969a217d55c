"""A message that the server refuses for good stays where it is, says so, and waits for Retry or Delete."""

from __future__ import annotations

import json

from playwright.sync_api import WebSocketRoute, expect

from people import People
from system import System


def test_retry_sends_a_refused_message_once_it_can_be_sent(people: People, system: System) -> None:
    ada, bob = people.in_conversation()
    with system.excluded(ada, bob):
        ada.write("refused")
        failed = ada.message("refused")
        expect(failed).to_contain_text("Not sent. This chat is not yours to write in.")
        ada.ready_for_reload("hello", pending=1)
        ada.page.reload()
        expect(failed).to_contain_text("Not sent")
        failed.get_by_role("button", name="Retry").click()
        expect(failed).to_contain_text("Not sent")
    ada.write("this one goes past it")
    bob.sees("this one goes past it")
    failed.get_by_role("button", name="Retry").click()
    bob.sees("refused")
    for one in (ada, bob):
        expect(one.texts).to_have_text(["hello", "this one goes past it", "refused"])
    ada.ready_for_reload("refused", pending=0)


def test_a_deleted_message_is_gone_for_good(people: People, system: System) -> None:
    ada, bob = people.in_conversation()
    with system.excluded(ada, bob):
        ada.write("refused")
        ada.message("refused").get_by_role("button", name="Delete").click()
        expect(ada.texts).to_have_text(["hello"])
    ada.ready_for_reload("hello", pending=0)
    ada.page.reload()
    ada.write("after it")
    bob.sees("after it")
    for one in (ada, bob):
        expect(one.texts).to_have_text(["hello", "after it"])


def test_a_message_whose_id_is_taken_gets_a_new_one_on_retry(people: People) -> None:
    ada, bob = people.in_conversation()
    sent: list[str] = []

    def answer(frame: str, socket: WebSocketRoute, server: WebSocketRoute) -> None:
        """Refuses the first try, as the server does for an id that was used for another text."""
        fields = json.loads(frame)
        if fields["type"] != "send":
            return server.send(frame)
        sent.append(fields["id"])
        if len(sent) > 1:
            return server.send(frame)
        socket.send(json.dumps({"type": "error", "id": fields["id"], "code": "conflict", "message": "", "retryable": False}))

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda frame: answer(str(frame), socket, server))

    ada.page.route_web_socket("**/ws", route)
    ada.page.reload()
    ada.write("twice")
    failed = ada.message("twice")
    expect(failed).to_contain_text("Not sent. It was mixed up with another message.")
    assert bob.bodies() == ["hello"]
    failed.get_by_role("button", name="Retry").click()
    bob.sees("twice")
    ada.all_sent()
    assert len(set(sent)) == 2
    expect(ada.texts).to_have_text(["hello", "twice"])


def test_a_body_that_is_too_long_never_leaves_the_composer(people: People) -> None:
    ada, _ = people.in_conversation()
    text = "ä" * 4_001  # 8,002 bytes
    ada.write(text)
    expect(ada.page.get_by_role("alert")).to_have_text("This is too long for one message. Please shorten it.")
    expect(ada.page.locator("#composer")).to_have_value(text)
    ada.page.fill("#composer", text[1:])
    ada.page.get_by_role("button", name="Send", exact=True).click()
    ada.tick(text[1:], "read")
