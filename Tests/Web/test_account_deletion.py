"""Whoever wants to leave can: here, on their other devices, and for those they wrote to."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from people import People
from person import PASSWORD, Person
from waiting import eventually


def ask_to_delete(person: Person, password: str = PASSWORD, erase: bool = False) -> None:
    person.go("settings")
    person.page.get_by_role("button", name="Delete my account…").click()
    person.page.get_by_label("Erase the texts" if erase else "Leave my messages").check()
    person.page.fill("#delete-password", password)
    person.page.fill("#delete-name", person.username)
    person.page.get_by_role("button", name="Delete for good").click()


def test_a_deleted_account_is_signed_out_everywhere_and_leaves_nothing_in_the_browser(people: People) -> None:
    ada, bob = people.in_conversation()
    phone = people.device_of(ada)
    ada.page.fill("#composer", "a draft")
    ask_to_delete(ada)
    for device in (ada, phone):
        expect(device.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert "a draft" not in ada.page.evaluate("JSON.stringify({...localStorage})")
    eventually(lambda: ada.stored("snapshot") == [] and ada.stored("outbox") == [], "nothing is stored")
    ada.sign_in()
    expect(ada.page.get_by_role("alert")).not_to_be_empty()


def test_the_other_side_sees_a_deleted_user_and_cannot_write_to_them(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.ready_for_reload("hello")
    ask_to_delete(ada)
    ada.page.get_by_role("button", name="Sign in", exact=True).wait_for()
    bob.page.reload()
    expect(bob.row_of("Deleted user")).to_be_visible()
    expect(bob.page.get_by_role("heading", name="Deleted user")).to_be_visible()
    expect(bob.page.get_by_text("This account was deleted.")).to_be_visible()
    expect(bob.page.locator("#composer")).to_have_count(0)
    expect(bob.page.get_by_role("button", name="Chat options")).to_have_count(0)
    bob.sees("hello")


def test_a_wrong_password_or_another_name_deletes_nothing(people: People) -> None:
    ada = people.sign_up("Ada")
    ask_to_delete(ada, password="not my password")
    form = ada.page.locator("form", has=ada.page.locator("#delete-password"))
    expect(form.get_by_role("alert")).to_contain_text("password")
    ada.page.fill("#delete-password", PASSWORD)
    ada.page.fill("#delete-name", "somebody else")
    ada.page.get_by_role("button", name="Delete for good").click()
    assert ada.page.evaluate("document.querySelector('#delete-name').matches(':invalid')")
    ada.page.get_by_role("button", name="Keep my account").click()
    expect(ada.page.get_by_role("button", name="Delete my account…")).to_be_visible()
    people.device_of(ada).is_signed_in()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off_on_a_narrow_phone(people: People, scheme: str) -> None:
    look = {"bypass_csp": True, "color_scheme": scheme, "viewport": {"width": 320, "height": 640}}
    ada, bob = people.in_conversation(**look)
    ada.go("settings")
    ada.page.get_by_role("button", name="Delete my account…").click()
    results = Axe().run(ada.page)
    assert results.violations_count == 0, results.generate_report()
    assert ada.page.evaluate("document.querySelector('.page').scrollWidth <= innerWidth")
    ada.page.reload()
    ask_to_delete(ada)
    ada.page.get_by_role("button", name="Sign in", exact=True).wait_for()
    bob.page.reload()
    expect(bob.page.get_by_text("This account was deleted.")).to_be_visible()
    results = Axe().run(bob.page)
    assert results.violations_count == 0, results.generate_report()


def test_the_keyboard_alone_deletes_an_account(people: People) -> None:
    ada = people.sign_up("Ada")
    ada.go("settings")
    button = ada.page.get_by_role("button", name="Delete my account…")
    button.focus()
    keys = ada.page.keyboard
    keys.press("Enter")
    expect(ada.page.get_by_label("Leave my messages")).to_be_focused()
    keys.press("ArrowDown")
    expect(ada.page.get_by_label("Erase the texts")).to_be_checked()
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Tab")
    keys.type(ada.username)
    keys.press("Tab")
    keys.press("Enter")
    ada.page.get_by_role("button", name="Sign in", exact=True).wait_for()
