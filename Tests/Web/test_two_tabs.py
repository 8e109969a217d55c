"""Two tabs of one browser are one person: nothing is sent twice, and what happens to one happens to both."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Route, expect

from people import People
from person import PASSWORD, Person
from waiting import eventually


def offline_in_two_tabs(people: People) -> tuple[Person, Person, Person]:
    """Ada's two tabs with her chat open, both without a network, and Bob."""
    ada, bob = people.in_conversation()
    tab = ada.another_tab()
    tab.open_chat_with(bob)
    ada.context.set_offline(True)
    return ada, tab, bob


def test_a_message_that_waited_in_one_tab_is_sent_once(people: People) -> None:
    ada, tab, bob = offline_in_two_tabs(people)
    ada.write("from the first")
    tab.write("from the second")
    eventually(lambda: len(ada.stored("outbox")) == 2, "both are stored")
    ada.context.set_offline(False)
    for text in ("from the first", "from the second"):
        bob.sees(text)
    for one in (ada, tab):
        one.all_sent()
    assert sorted(bob.bodies()) == ["from the first", "from the second", "hello"]
    for one in (ada, tab):
        expect(one.texts).to_have_text(bob.bodies())
    assert ada.stored("outbox") == []


def test_what_a_closed_tab_had_not_sent_is_sent_by_the_other(people: People) -> None:
    ada, tab, bob = offline_in_two_tabs(people)
    tab.write("one")
    tab.write("two")
    eventually(lambda: len(ada.stored("outbox")) == 2, "both are stored")
    tab.page.close()
    ada.context.set_offline(False)
    bob.sees("two", timeout=20_000)
    ada.sees("two")
    for one in (ada, bob):
        expect(one.texts).to_have_text(["hello", "one", "two"])


def test_sign_out_in_one_tab_signs_out_the_other(people: People) -> None:
    ada = people.sign_up("Ada")
    tab = ada.another_tab()
    ada.go("settings")
    ada.page.get_by_role("button", name="Sign out", exact=True).last.click()
    for one in (ada, tab):
        one.page.wait_for_selector("#password", timeout=5_000)


def test_a_sign_in_in_one_tab_signs_in_the_other(people: People) -> None:
    ada = people.sign_up("Ada")
    ada.go("settings")
    ada.page.get_by_role("button", name="Sign out", exact=True).last.click()
    ada.page.wait_for_selector("#password")
    tab = ada.context.new_page()
    tab.goto(ada.url)
    tab.fill("#username", ada.username)
    tab.fill("#password", PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    ada.is_signed_in()


def test_two_tabs_refresh_their_token_once(people: People) -> None:
    ada = people.visitor()
    refreshes: list[str] = []

    def short_life(route: Route) -> None:
        """The token is said to live 9 s: both tabs want to renew it after 6."""
        answer = route.fetch()
        fields: dict[str, Any] = answer.json()
        route.fulfill(response=answer, body=json.dumps(fields | {"expires_in": 9}))

    ada.context.route("**/api/v1/auth/register", short_life)
    ada.context.on("request", lambda request: refreshes.append(request.url) if request.url.endswith("/refresh") else None)
    ada.sign_up()
    tab = ada.another_tab()
    eventually(lambda: ada.page.evaluate("1") and refreshes, "a refresh", 12)
    ada.page.wait_for_timeout(3_000)
    assert len(refreshes) == 1
    bob = people.sign_up("Bob")
    for one in (ada, tab):
        one.find(bob)
        one.write("it works")
        one.all_sent()
