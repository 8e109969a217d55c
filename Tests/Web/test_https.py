"""By https the refresh token is in a cookie that no script can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edges import edge_by_https
from people import People
from person import Person
from system import System
from waiting import eventually


@pytest.fixture(scope="module")
def https(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("https")
    with edge_by_https(system, folder) as url:
        yield url


def cookie_of(person: Person) -> dict[str, Any]:
    (cookie,) = [one for one in person.context.cookies(f"{person.url}/api/v1/auth/refresh") if one["name"] == "parley_refresh"]
    return dict(cookie)


def record_of(person: Person) -> dict[str, Any]:
    return json.loads(person.page.evaluate("localStorage.getItem('parley.session')"))


def test_the_refresh_token_is_in_no_storage_and_renews_the_session(people: People, https: str) -> None:
    ada = people.sign_up("Ada", url=https, ignore_https_errors=True)
    cookie = cookie_of(ada)
    assert cookie["httpOnly"] and cookie["secure"]
    assert (cookie["sameSite"], cookie["path"]) == ("Strict", "/api/v1/auth")
    assert "refreshToken" not in record_of(ada)
    assert cookie["value"] not in ada.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie")

    before = record_of(ada)
    ended = json.dumps(before | {"expiresAt": 0, "renewAt": 0})
    ada.page.evaluate("(record) => localStorage.setItem('parley.session', record)", ended)
    ada.page.reload()
    eventually(lambda: record_of(ada)["accessToken"] != before["accessToken"], "a new access token")
    assert "refreshToken" not in record_of(ada)
    assert cookie_of(ada)["value"] != cookie["value"]
    bob = people.sign_up("Bob")
    ada.find(bob)  # the new token works, also on the socket
    ada.write("hello")
    ada.tick("hello", "delivered")


def test_sign_out_takes_the_cookie_back(people: People, https: str) -> None:
    ada = people.sign_up("Ada", url=https, ignore_https_errors=True)
    ada.go("settings")
    ada.page.get_by_role("button", name="Sign out", exact=True).last.click()
    ada.page.wait_for_selector("#username")

    def left() -> list[str]:
        return [cookie["name"] for cookie in ada.context.cookies(f"{https}/api/v1/auth/refresh")]

    eventually(lambda: left() == ["parley_device"], "the session's cookie is gone, and the device is still a known one")
    assert ada.page.evaluate("localStorage.getItem('parley.session')") is None
