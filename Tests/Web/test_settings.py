"""The settings do what they say, here and elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from people import People
from person import PASSWORD, Person

NEW_PASSWORD = "wrong donkey capacitor"


def was_signed_out(person: Person, timeout: float = 5_000) -> None:
    expect(person.page.get_by_role("status").filter(has_text="You were signed out. Please sign in again.")).to_be_visible(
        timeout=timeout)
    expect(person.page.locator("#password")).to_be_visible()
    assert person.page.evaluate("localStorage.getItem('parley.session')") is None


def change_password(person: Person, current: str) -> None:
    person.go("settings")
    person.page.fill("#current", current)
    person.page.fill("#next", NEW_PASSWORD)
    person.page.get_by_role("button", name="Change password").click()


def rename(person: Person, name: str) -> None:
    person.go("settings")
    person.page.fill("#display-name", name)
    person.page.get_by_role("button", name="Save name").click()
    person.page.get_by_role("button", name="Saved").wait_for()


def test_a_new_name_shows_here_after_a_reload(people: People) -> None:
    ada = people.sign_up("Ada")
    rename(ada, "Ada Lovelace")
    ada.page.reload()
    expect(ada.page.locator("#display-name")).to_have_value("Ada Lovelace")


def test_a_new_name_shows_on_the_other_side_when_its_page_is_opened_again(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.ready_for_reload("hello")  # with the old name
    rename(ada, "Ada Lovelace")
    bob.page.reload()
    expect(bob.row_of("Ada Lovelace")).to_be_visible()
    expect(bob.page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def test_a_wrong_current_password_is_said_clearly_and_changes_nothing(people: People) -> None:
    ada = people.sign_up("Ada")
    change_password(ada, "not my password")
    alert = ada.page.locator("form", has=ada.page.locator("#current")).get_by_role("alert")
    expect(alert).to_contain_text("password")
    expect(ada.page.locator("#current")).to_have_value("not my password")
    other = people.device_of(ada)  # with the old one
    other.is_signed_in()


def test_a_new_password_signs_all_other_devices_out(people: People) -> None:
    ada = people.sign_up("Ada")
    phone = people.device_of(ada, phone=True)
    change_password(ada, PASSWORD)
    ada.page.get_by_role("button", name="Changed").wait_for()
    was_signed_out(phone)
    ada.page.reload()
    ada.is_signed_in()
    phone.sign_in(PASSWORD)
    expect(phone.page.get_by_role("alert")).not_to_be_empty()
    phone.sign_in(NEW_PASSWORD)
    phone.is_signed_in()


def test_one_device_is_signed_out_from_another_within_five_seconds(people: People) -> None:
    ada = people.sign_up("Ada")
    phone = people.device_of(ada, phone=True)
    ada.go("settings")
    devices = ada.page.locator(".session")
    expect(devices).to_have_count(2)
    expect(devices.filter(has_text="this one")).to_have_count(1)
    devices.get_by_role("button", name="Sign out").click()
    was_signed_out(phone)
    expect(devices).to_have_count(1)
    ada.page.reload()
    ada.is_signed_in()


def test_all_other_devices_are_signed_out_at_once(people: People) -> None:
    ada = people.sign_up("Ada")
    others = [people.device_of(ada, phone=True), people.device_of(ada)]
    ada.go("settings")
    expect(ada.page.locator(".session")).to_have_count(3)
    ada.page.get_by_role("button", name="Sign out all others").click()
    for other in others:
        was_signed_out(other)
    expect(ada.page.locator(".session")).to_have_count(1)


def test_what_was_not_sent_survives_being_signed_out(people: People) -> None:
    ada, bob = people.in_conversation()
    desk = people.device_of(ada)
    ada.context.set_offline(True)
    ada.write("kept")
    ada.ready_for_reload("hello", pending=1)
    desk.go("settings")
    desk.page.get_by_role("button", name="Sign out all others").click()
    expect(desk.page.locator(".session")).to_have_count(1)
    ada.context.set_offline(False)
    was_signed_out(ada, timeout=10_000)
    ada.sign_in()
    bob.sees("kept")
    expect(bob.texts).to_have_text(["hello", "kept"])


@pytest.mark.parametrize("device", ["light", "dark"])
def test_the_theme_holds_over_a_reload(people: People, device: str) -> None:
    ada = people.sign_up("Ada", color_scheme=device)
    is_dark = """() => {
        const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
        return red + green + blue < 384;
    }"""
    for label, dark in (("Dark", True), ("Light", False), ("Like the device", device == "dark")):
        ada.go("settings")
        ada.page.get_by_label(label).check()
        assert ada.page.evaluate(is_dark) == dark
        ada.page.reload()
        expect(ada.page.get_by_label(label)).to_be_checked()
        assert ada.page.evaluate(is_dark) == dark
