"""A browser may leave its refresh token to a cookie that no script and no other site can use."""

from __future__ import annotations

from typing import Any

from conftest import MakeUser
from parley_client import Answer, Api, User

NAME = "parley_refresh"


def login(user: User) -> Answer:
    given = {"username": user.username, "password": user.password, "cookie": True}
    return Api(user.api.url).request("POST", "/api/v1/auth/login", given)


def cookie_of(answer: Answer) -> tuple[str, set[str]]:
    """The cookie's value and its attributes, in lower case."""
    value, *attributes = answer.headers["Set-Cookie"].split(";")
    name, _, token = value.partition("=")
    assert name == NAME
    return token, {attribute.strip().lower() for attribute in attributes}


def refresh(user: User, token: str, origin: str | None) -> Answer:
    headers: dict[str, Any] = {"Cookie": f"{NAME}={token}"} | ({"Origin": origin} if origin else {})
    return Api(user.api.url).request("POST", "/api/v1/auth/refresh", {}, headers=headers)


def test_the_token_goes_into_the_cookie_and_not_into_the_body(register: MakeUser) -> None:
    answer = login(register("ada"))
    token, attributes = cookie_of(answer)
    assert token and token not in str(answer.body) and "refresh_token" not in answer.body
    assert {"httponly", "secure", "samesite=strict", "path=/api/v1/auth"} <= attributes


def test_the_cookie_refreshes_and_is_rotated(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    first, _ = cookie_of(login(ada))
    answer = refresh(ada, first, system_url)
    assert answer.status == 200 and "refresh_token" not in answer.body
    second, _ = cookie_of(answer)
    assert second != first
    assert Api(system_url, answer.body["access_token"]).get("/api/v1/users/me")["id"] == ada.id


def test_another_site_cannot_use_the_cookie(register: MakeUser) -> None:
    ada = register("ada")
    token, _ = cookie_of(login(ada))
    for origin in ("https://evil.example", "null", None):
        answer = refresh(ada, token, origin)
        assert (answer.status, answer.code) == (403, "forbidden")


def test_logout_clears_the_cookie(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    answer = login(ada)
    token, _ = cookie_of(answer)
    signed_in = Api(system_url, answer.body["access_token"])
    ended = signed_in.request("POST", "/api/v1/auth/logout", headers={"Cookie": f"{NAME}={token}"})
    assert ended.status == 204
    cleared, attributes = cookie_of(ended)
    assert cleared == "" and "max-age=0" in attributes
    assert refresh(ada, token, system_url).status == 401
