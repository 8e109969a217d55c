"""A passkey signs in without a password, and is the second factor of one. Chromium's own authenticator stands for the device."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, expect

from edges import edge_serving
from people import People
from person import PASSWORD, Person
from system import System


@pytest.fixture(scope="module")
def by_name(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Passkeys belong to names, never to addresses."""
    root = Path(system.environment("edge")["PARLEY_WEB_ROOT"])
    with edge_serving(system, root, tmp_path_factory.mktemp("edge"), host="localhost") as url:
        yield url


def authenticator(person: Person) -> tuple[CDPSession, str]:
    """One that belongs to the person's tab: it knows who they are, and they always agree."""
    session = person.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def add_passkey(person: Person, name: str = "my phone") -> None:
    page = person.page
    person.go("settings")
    page.get_by_role("button", name="Add a passkey").click()
    page.fill("#passkey-name", name)
    page.fill("#passkey-password", PASSWORD)
    page.get_by_role("button", name="Add this device").click()
    expect(page.locator(".session", has_text=name)).to_contain_text("not used yet")


def sign_out(person: Person) -> None:
    person.page.get_by_role("button", name="Sign out", exact=True).last.click()
    person.page.wait_for_selector("#username")


def test_a_passkey_signs_in_without_a_name_and_a_password(people: People, by_name: str) -> None:
    ada = people.sign_up("Ada", url=by_name)
    authenticator(ada)
    add_passkey(ada)
    sign_out(ada)
    ada.page.get_by_role("button", name="Sign in with a passkey").click()
    ada.is_signed_in()
    ada.page.reload()
    ada.is_signed_in()
    expect(ada.page.locator(".session", has_text="my phone")).to_contain_text("last used Today")


def test_a_passkey_is_asked_for_after_the_password(people: People, by_name: str) -> None:
    ada = people.sign_up("Ada", url=by_name)
    authenticator(ada)
    add_passkey(ada)
    sign_out(ada)
    ada.sign_in()
    button = ada.page.get_by_role("button", name="Use your passkey")
    expect(button).to_be_focused()
    assert ada.page.evaluate("localStorage.getItem('parley.session')") is None
    button.click()
    ada.is_signed_in()


def test_a_removed_passkey_is_not_asked_for_any_more(people: People, by_name: str) -> None:
    ada = people.sign_up("Ada", url=by_name)
    authenticator(ada)
    add_passkey(ada)
    ada.page.get_by_role("button", name="Remove my phone").click()
    ada.page.fill("#passkey-password", PASSWORD)
    ada.page.locator("form", has=ada.page.locator("#passkey-password")).get_by_role("button", name="Remove").click()
    expect(ada.page.locator(".session", has_text="my phone")).to_have_count(0)
    sign_out(ada)
    ada.sign_in()
    ada.is_signed_in()


def test_who_thinks_better_of_it_can_try_again_or_go_back(people: People, by_name: str) -> None:
    ada = people.sign_up("Ada", url=by_name)
    session, device = authenticator(ada)
    add_passkey(ada)
    sign_out(ada)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    again = ada.page.get_by_role("button", name="Sign in with a passkey")
    again.click()
    expect(ada.page.get_by_role("alert")).not_to_be_empty()
    ada.page.get_by_role("button", name="Back").click()
    expect(ada.page.locator("#password")).to_be_visible()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    again.click()
    ada.is_signed_in()


def test_where_no_passkey_can_work_none_is_offered(people: People) -> None:
    ada = people.visitor()
    ada.page.goto(ada.url)  # an address
    expect(ada.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(ada.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    ada.sign_up()
    ada.go("settings")
    expect(ada.page.get_by_text("They need a browser that knows them")).to_be_visible()
    expect(ada.page.get_by_role("button", name="Add a passkey")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off_on_a_narrow_phone(people: People, by_name: str, scheme: str) -> None:
    look = {"bypass_csp": True, "color_scheme": scheme, "viewport": {"width": 320, "height": 640}}
    ada = people.sign_up("Ada", phone=True, url=by_name, **look)
    authenticator(ada)

    def check(screen: str) -> None:
        results = Axe().run(ada.page)
        assert results.violations_count == 0, f"{screen}: {results.generate_report()}"
        assert ada.page.evaluate("document.querySelector('.page').scrollWidth <= innerWidth"), screen

    add_passkey(ada, "a device with a rather long name")
    check("passkeys")
    ada.page.get_by_role("button", name="Add a passkey").click()
    check("another passkey")
    sign_out(ada)
    check("sign in")
    ada.sign_in()
    ada.page.get_by_role("button", name="Use your passkey").wait_for()
    check("passkey after the password")
