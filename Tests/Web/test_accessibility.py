"""axe finds nothing on any screen, in either theme, on a phone and on a desktop; and the keyboard reaches everything."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from people import People
from person import Person
from system import System


def check(person: Person, screen: str) -> None:
    results = Axe().run(person.page)
    assert results.violations_count == 0, f"{screen}: {results.generate_report()}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_axe_reports_no_violation_on_any_screen(people: People, system: System, phone: bool, scheme: str) -> None:
    # The page's strict policy forbids axe's script as it forbids every other: only this test goes around it.
    look = {"bypass_csp": True, "color_scheme": scheme}
    visitor = people.visitor(phone, **look)
    visitor.page.goto(system.url)
    visitor.page.get_by_role("button", name="Sign in").wait_for()
    check(visitor, "sign in")
    visitor.page.get_by_role("button", name="Create an account").click()
    check(visitor, "sign up")

    ada, bob = people.sign_up("Ada", phone, **look), people.sign_up("Bob")
    check(ada, "empty list")
    ada.find(bob)
    check(ada, "empty chat")
    ada.write("hello, see https://example.org")
    ada.sees("hello, see https://example.org")
    bob.open_chat_with(ada)
    bob.write("👍")
    bob.write("and one more")
    ada.sees("and one more")
    check(ada, "chat")
    bob.page.type("#composer", "typ")
    ada.peer_is("typing")
    check(ada, "chat with somebody typing")
    ada.go("")
    ada.row_of("Bob").wait_for()
    bob.write("unread")
    expect(ada.row_of("Bob")).to_contain_text("1 unread")
    check(ada, "list")
    ada.page.get_by_role("button", name="Connection:").click()
    ada.page.get_by_role("dialog").wait_for()
    check(ada, "connection details")
    ada.page.keyboard.press("Escape")
    ada.go("find")
    ada.page.fill("#query", bob.username)
    ada.page.get_by_role("button", name=f"@{bob.username}").wait_for()
    check(ada, "found people")
    ada.page.fill("#query", "nobody is called this")
    ada.page.get_by_text("Nobody has a name").wait_for()
    check(ada, "nobody found")
    ada.go("settings")
    ada.page.get_by_text("this one").wait_for()
    check(ada, "settings")

    ada.go("")
    ada.open_chat_with(bob)
    with system.excluded(ada, bob):
        ada.write("this is refused")
        ada.page.get_by_role("button", name="Retry").wait_for()
        check(ada, "failed message")
    ada.context.set_offline(True)
    ada.banner("offline")
    check(ada, "banner")


def focused(person: Person) -> str:
    """What has the focus, in short."""
    return person.page.evaluate("""() => {
        const one = document.activeElement;
        return one.id || one.closest('[data-seq]')?.dataset.seq || one.getAttribute('href') || one.tagName.toLowerCase();
    }""")


def test_the_keyboard_alone_is_enough(people: People) -> None:
    ada, bob, mei = people.sign_up("Ada"), people.sign_up("Bob"), people.sign_up("Mei")
    keys = ada.page.keyboard
    for peer in (bob, mei):
        ada.go("find")
        expect(ada.page.locator("#query")).to_be_focused()
        keys.type(peer.username)
        ada.page.get_by_role("button", name=f"@{peer.username}").wait_for()
        keys.press("Tab")
        keys.press("Enter")
        expect(ada.page.locator("#composer")).to_be_focused()
        keys.type(f"hello {peer.name}")
        keys.press("Enter")
        ada.tick(f"hello {peer.name}", "delivered")
        expect(ada.page.locator("#composer")).to_have_value("")
    with_mei = ada.chat

    # From the composer up through the messages, and back.
    keys.press("ArrowUp")
    assert focused(ada) == "1"
    keys.press("Escape")
    assert focused(ada) == "composer"
    keys.press("ArrowUp")
    keys.press("ArrowDown")
    assert focused(ada) == "composer"

    # Escape leads to the list, which is one stop; arrows move in it, Enter opens.
    keys.press("Escape")
    expect(ada.page.locator(f"nav a[href='#/chat/{with_mei}']")).to_be_focused()
    keys.press("ArrowDown")
    assert focused(ada) != f"#/chat/{with_mei}"
    keys.press("ArrowUp")
    assert focused(ada) == f"#/chat/{with_mei}"
    assert ada.page.locator("nav .rows a[tabindex='0']").count() == 1
    keys.press("ArrowDown")
    keys.press("Enter")
    ada.sees("hello Bob")
    expect(ada.page.locator("#composer")).to_be_focused()


def test_enter_sends_and_shift_enter_breaks_the_line_where_there_is_a_keyboard(people: People) -> None:
    _, bob = people.in_conversation()
    bob.page.focus("#composer")
    bob.page.keyboard.type("two")
    bob.page.keyboard.press("Shift+Enter")
    bob.page.keyboard.type("lines")
    bob.page.keyboard.press("Enter")
    bob.sees("two\nlines")
    expect(bob.texts.last).to_have_text("two\nlines", use_inner_text=True)


def test_enter_breaks_the_line_on_a_phone_and_the_button_sends(people: People) -> None:
    ada, bob = people.in_conversation()
    ada.page.locator("#composer").tap()
    ada.page.keyboard.type("two")
    ada.page.keyboard.press("Enter")
    ada.page.keyboard.type("lines")
    expect(ada.page.locator("#composer")).to_have_value("two\nlines")
    ada.page.get_by_role("button", name="Send", exact=True).tap()
    expect(bob.texts.last).to_have_text("two\nlines", use_inner_text=True)


def test_back_leads_from_the_chat_to_the_list_on_a_phone(people: People) -> None:
    ada, bob = people.in_conversation()
    ada.page.get_by_role("link", name="Back to chats").tap()
    expect(ada.row_of("Bob")).to_be_visible()
    expect(ada.page.locator("#composer")).to_have_count(0)
    ada.row_of("Bob").tap()
    ada.sees("hello")
    expect(ada.row_of("Bob")).to_be_hidden()
    ada.page.go_back()
    expect(ada.row_of("Bob")).to_be_visible()
    ada.page.go_forward()
    ada.sees("hello")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_the_focus_goes_with_the_route(people: People, phone: bool) -> None:
    ada, bob = people.sign_up("Ada", phone), people.sign_up("Bob")
    ada.find(bob)
    ada.write("hello")
    ada.sees("hello")
    inside = "(selector) => document.querySelector(selector).contains(document.activeElement)"
    for route, place in (("", ".sidebar"), (f"chat/{ada.chat}", ".main"), ("find", ".main"), ("settings", ".main")):
        ada.go(route)
        ada.page.wait_for_timeout(100)
        assert ada.page.evaluate(inside, place), f"after '{route}' the focus is on {focused(ada)}"


def test_whoever_wants_less_motion_gets_none(people: People) -> None:
    ada, bob = people.in_conversation(reduced_motion="reduce")
    bob.page.type("#composer", "typ")
    ada.peer_is("typing")
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert ada.page.evaluate(moving) == 0
    assert ada.page.evaluate("getComputedStyle(document.querySelector('.messages')).scrollBehavior") == "auto"


def test_nothing_is_cut_off_or_too_small_for_a_thumb(people: People) -> None:
    ada, bob = people.in_conversation()
    ada.write("a" * 300 + " https://example.org/" + "b" * 300)
    wide = "document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.messages')].every((one) => one.scrollWidth <= one.clientWidth)"
    small = """() => [...document.querySelectorAll('button, nav a, header a, textarea, input')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }))
        .map((one) => [one.getAttribute('aria-label') ?? one.textContent ?? one.id, one.getBoundingClientRect()])
        .filter(([, box]) => box.height > 0 && box.height < 44).map(([name, box]) => `${name}: ${box.height}`)"""
    for route in (f"chat/{ada.chat}", "", "find"):
        ada.go(route)
        ada.page.wait_for_timeout(100)
        assert ada.page.evaluate(wide), f"'{route}' is wider than the screen"
        assert ada.page.evaluate(small) == [], route
