"""Whoever is blocked is not heard and cannot tell; whoever blocks sees no trace of them, and can end it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from people import People
from person import Person
from system import System
from test_notifications import HIDE, shown, switch_on


def block(person: Person, name: str) -> None:
    """From the head of the chat that is open."""
    person.page.get_by_role("button", name="Chat options").click()
    person.page.get_by_role("button", name=f"Block {name}").click()
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def blocked_composer(person: Person) -> Locator:
    return person.page.locator(".composer", has_text="You blocked")


def test_what_a_blocked_person_writes_is_not_shown_nor_counted_and_leaves_no_hole(people: People) -> None:
    ada, bob = people.in_conversation()
    block(ada, "Bob")
    expect(blocked_composer(ada)).to_contain_text("You blocked Bob")
    expect(ada.page.locator("#composer")).to_have_count(0)
    bob.write("you do not see this")
    bob.write("nor this")
    bob.tick("nor this", "sent")
    ada.go("")
    expect(ada.row_of("Bob")).to_contain_text("Blocked")
    expect(ada.row_of("Bob").locator(".count")).to_have_count(0)
    expect(ada.page).to_have_title("Parley")
    ada.row_of("Bob").click()
    blocked_composer(ada).get_by_role("button", name="Unblock").click()
    expect(ada.page.locator("#composer")).to_be_visible()
    bob.write("you see this")
    ada.sees("you see this")
    assert ada.bodies() == ["hello", "you see this"]
    ada.write("and this goes to you")
    bob.sees("and this goes to you")
    ada.page.reload()
    ada.sees("and this goes to you")
    assert ada.bodies() == ["hello", "you see this", "and this goes to you"]
    assert bob.bodies() == ["hello", "you do not see this", "nor this", "you see this", "and this goes to you"]


def test_no_notification_comes_of_a_blocked_person(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.context.grant_permissions(["notifications"], origin=bob.url)
    switch_on(bob)
    bob.go("")
    bob.open_chat_with(ada)
    block(bob, "Ada")
    bob.page.evaluate(HIDE, True)
    ada.write("are you there?")
    ada.tick("are you there?", "sent")
    bob.page.wait_for_timeout(1_500)
    assert shown(bob) == []
    expect(bob.page).to_have_title("Parley")


def test_a_block_holds_on_all_devices_and_is_ended_in_the_settings(people: People) -> None:
    ada, bob = people.in_conversation()
    desk = people.device_of(ada)
    desk.open_chat_with(bob)
    block(ada, "Bob")
    bob.write("not for you")
    blocked_composer(desk).wait_for()
    ada.go("settings")
    row = ada.page.locator(".session", has_text=f"@{bob.username}")
    row.get_by_role("button", name="Unblock").click()
    expect(row).to_have_count(0)
    ada.page.go_back()
    ada.go("")
    ada.open_chat_with(bob)
    assert ada.bodies() == ["hello"]


def test_a_block_is_known_without_a_network(people: People) -> None:
    ada, bob = people.in_conversation()
    block(ada, "Bob")
    ada.page.wait_for_timeout(1_500)  # until it is stored
    ada.ready_for_reload("hello")
    ada.context.set_offline(True)
    ada.page.reload()
    ada.sees("hello")
    expect(blocked_composer(ada)).to_be_visible()
    expect(ada.page.locator("#composer")).to_have_count(0)


def test_more_hidden_messages_than_a_page_holds_hide_nothing_else(people: People, system: System) -> None:
    ada, bob = people.sign_up("Ada"), people.sign_up("Bob")
    chat = system.chat_between(ada, bob)
    system.fill(chat, bob, 150)
    with system.database() as database:
        database.execute("UPDATE chat.messages SET hidden = true WHERE chat = %s AND seq BETWEEN 11 AND 150", (chat,))
    ada.go(f"chat/{chat}")
    expect(ada.texts).to_have_count(10)
    assert ada.bodies()[0] == "line 1 and on it goes"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off_on_a_narrow_phone(people: People, scheme: str) -> None:
    look = {"bypass_csp": True, "color_scheme": scheme, "viewport": {"width": 320, "height": 640}}
    ada, bob = people.in_conversation(**look)

    def check(screen: str) -> None:
        results = Axe().run(ada.page)
        assert results.violations_count == 0, f"{screen}: {results.generate_report()}"
        assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), screen

    ada.page.get_by_role("button", name="Chat options").click()
    check("chat options")
    ada.page.get_by_role("button", name="Block Bob").click()
    blocked_composer(ada).wait_for()
    check("blocked chat")
    ada.go("settings")
    ada.page.locator(".session", has_text=f"@{bob.username}").wait_for()
    check("settings")


def test_the_keyboard_alone_blocks_and_unblocks(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.page.get_by_role("button", name="Chat options").focus()
    keys = bob.page.keyboard
    keys.press("Enter")
    expect(bob.page.get_by_role("button", name="Block Ada")).to_be_focused()
    keys.press("Escape")
    # Gone from the page, which is a moment after it is closed.
    expect(bob.page.locator("dialog")).to_have_count(0)
    expect(bob.page.get_by_role("button", name="Chat options")).to_be_focused()
    keys.press("Enter")
    expect(bob.page.get_by_role("button", name="Block Ada")).to_be_focused()
    keys.press("Enter")
    blocked_composer(bob).wait_for()
    blocked_composer(bob).get_by_role("button", name="Unblock").focus()
    keys.press("Enter")
    expect(bob.page.locator("#composer")).to_be_focused()
