"""A password alone is not enough for whoever wants it so; and whoever loses the app still gets in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from authenticator import code_of, next_code
from people import People
from person import PASSWORD, Person


def add_app(person: Person) -> tuple[str, str, list[str]]:
    """In the settings; gives the secret, the code that was used, and the recovery codes."""
    page = person.page
    person.go("settings")
    page.get_by_role("button", name="Add an authenticator app").click()
    page.fill("#factor-password", PASSWORD)
    page.get_by_role("button", name="Continue").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    used = code_of(secret)
    page.fill("#app-code", used)
    page.get_by_role("button", name="Use this app").click()
    codes = page.locator(".codes code")
    expect(codes).to_have_count(10)
    return secret, used, codes.all_inner_texts()


def answer(person: Person, code: str) -> None:
    person.page.fill("#code", code)
    person.page.get_by_role("button", name="Sign in", exact=True).click()


def test_after_an_app_was_added_the_password_alone_is_not_enough(people: People) -> None:
    ada = people.sign_up("Ada")
    secret, used, _ = add_app(ada)
    other = people.visitor()
    other.username = ada.username
    other.sign_in()
    field = other.page.get_by_label("Code of your authenticator app")
    expect(field).to_be_focused()
    assert other.page.evaluate("localStorage.getItem('parley.session')") is None
    answer(other, "000000")
    expect(other.page.get_by_role("alert")).not_to_be_empty()
    answer(other, next_code(secret, used))
    other.is_signed_in()


def test_the_link_for_apps_on_the_same_device_says_the_same_as_the_text(people: People) -> None:
    ada = people.sign_up("Ada")
    ada.go("settings")
    ada.page.get_by_role("button", name="Add an authenticator app").click()
    ada.page.fill("#factor-password", PASSWORD)
    ada.page.get_by_role("button", name="Continue").click()
    link = urlsplit(ada.page.get_by_role("link", name="open the app").get_attribute("href") or "")
    secret = ada.page.locator("code.secret").inner_text().replace(" ", "")
    assert (link.scheme, link.netloc, parse_qs(link.query)["secret"]) == ("otpauth", "totp", [secret])
    assert ada.username in link.path


def test_a_recovery_code_signs_in_once(people: People) -> None:
    ada = people.sign_up("Ada")
    _, _, codes = add_app(ada)
    for tries, signed_in in ((codes[0], True), (codes[0], False), (codes[1], True)):
        other = people.visitor()
        other.username = ada.username
        other.sign_in()
        other.page.get_by_role("button", name="Use a recovery code").click()
        answer(other, tries)
        if signed_in:
            other.is_signed_in()
        else:
            expect(other.page.get_by_role("alert")).not_to_be_empty()
    ada.page.reload()
    expect(ada.page.get_by_text("8 of 10 recovery codes are left")).to_be_visible()


def test_recovery_codes_are_shown_once_and_can_be_copied_and_downloaded(people: People) -> None:
    ada = people.sign_up("Ada")
    ada.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ada.url)
    _, _, codes = add_app(ada)
    expect(ada.page.get_by_role("heading", name="Your recovery codes")).to_be_focused()
    ada.page.get_by_role("button", name="Copy", exact=True).click()
    assert ada.page.evaluate("navigator.clipboard.readText()").split() == codes
    with ada.page.expect_download() as download:
        ada.page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.path().read_text().split() == codes
    ada.page.get_by_role("button", name="I have kept them").click()
    expect(ada.page.locator(".codes")).to_have_count(0)
    ada.page.get_by_role("button", name="Make new recovery codes").click()
    ada.page.fill("#factor-password", PASSWORD)
    ada.page.get_by_role("button", name="Continue").click()
    expect(ada.page.locator(".codes code")).to_have_count(10)
    assert set(ada.page.locator(".codes code").all_inner_texts()).isdisjoint(codes)


def test_without_the_app_the_password_is_enough_again(people: People) -> None:
    ada = people.sign_up("Ada")
    add_app(ada)
    ada.page.get_by_role("button", name="I have kept them").click()
    remove = ada.page.get_by_role("button", name="Remove the authenticator app")
    remove.click()
    ada.page.fill("#factor-password", "not my password")
    ada.page.get_by_role("button", name="Continue").click()
    section = ada.page.get_by_role("region", name="Second factor")
    expect(section.get_by_role("alert").filter(has_text="password")).to_be_visible()
    ada.page.fill("#factor-password", PASSWORD)
    ada.page.get_by_role("button", name="Continue").click()
    expect(ada.page.get_by_role("button", name="Add an authenticator app")).to_be_visible()
    people.device_of(ada).is_signed_in()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off_on_a_narrow_phone(people: People, scheme: str) -> None:
    look = {"bypass_csp": True, "color_scheme": scheme, "viewport": {"width": 320, "height": 640}}
    ada = people.sign_up("Ada", phone=True, **look)

    def check(person: Person, screen: str) -> None:
        results = Axe().run(person.page)
        assert results.violations_count == 0, f"{screen}: {results.generate_report()}"
        assert person.page.evaluate("document.querySelector('.page').scrollWidth <= innerWidth"), screen

    ada.go("settings")
    ada.page.get_by_role("button", name="Add an authenticator app").click()
    check(ada, "password")
    ada.page.fill("#factor-password", PASSWORD)
    ada.page.get_by_role("button", name="Continue").click()
    ada.page.locator("code.secret").wait_for()
    check(ada, "secret")
    ada.page.reload()
    add_app(ada)
    check(ada, "recovery codes")
    other = people.visitor(phone=True, **look)
    other.username = ada.username
    other.sign_in()
    other.page.locator("#code").wait_for()
    check(other, "code")
    other.page.get_by_role("button", name="Use a recovery code").click()
    check(other, "recovery code")


def test_the_keyboard_alone_signs_in_with_a_code(people: People) -> None:
    ada = people.sign_up("Ada")
    _, _, codes = add_app(ada)
    other = people.visitor()
    keys = other.page.keyboard
    other.page.goto(other.url)
    other.page.focus("#username")
    keys.type(ada.username)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(other.page.locator("#code")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(other.page.get_by_label("Recovery code")).to_be_focused()
    keys.type(codes[0])
    keys.press("Enter")
    other.is_signed_in()
