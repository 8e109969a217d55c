"""With an authenticator app turned on, a password alone opens nothing."""

from __future__ import annotations

from typing import Any

import pytest

from authenticator import totp
from conftest import MakeUser
from parley_client import Answer, Api, User

FACTORS = "/api/v1/auth/factors"
LOGIN = "/api/v1/auth/login"


def protect(user: User) -> tuple[str, list[str]]:
    """Turns an app on: its secret, and the recovery codes."""
    offered = user.api.expect(200, "POST", f"{FACTORS}/totp", {"current_password": user.password})
    assert offered["uri"].startswith(f"otpauth://totp/Parley:{user.username}?secret={offered['secret']}&")
    codes = user.api.expect(200, "POST", f"{FACTORS}/totp/confirm", {"code": totp(offered["secret"])})
    return offered["secret"], codes["recovery_codes"]


def login(user: User, **more: object) -> Answer:
    body = {"username": user.username, "password": user.password, "device": "phone", **more}
    return Api(user.api.url).request("POST", LOGIN, body)


def challenge(user: User, **more: object) -> str:
    answer = login(user, **more)
    assert (answer.status, answer.code) == (401, "factor_required")
    return str(answer.body["challenge"]["token"])


def show(user: User, **body: object) -> Answer:
    return Api(user.api.url).request("POST", f"{LOGIN}/factor", body)


def test_a_sign_in_goes_on_with_a_code_of_the_app(register: MakeUser) -> None:
    ada = register("ada")
    secret, codes = protect(ada)
    asked = login(ada).body["challenge"]
    assert asked["expires_in"] == 300 and asked["methods"] == ["totp", "recovery_code"]
    assert show(ada, challenge=asked["token"], code="000000").code == "unauthenticated"
    answer = show(ada, challenge=asked["token"], code=totp(secret, 1))
    assert answer.status == 200 and answer.body["user"]["id"] == ada.id
    phone = Api(ada.api.url, answer.body["access_token"])
    sessions = {session["id"]: session["device"] for session in phone.get("/api/v1/auth/sessions")["sessions"]}
    assert sessions[answer.body["session_id"]] == "phone"
    listed = phone.get(FACTORS)
    assert listed["totp"]["enabled"] is True and listed["recovery_codes_left"] == len(codes) == 10
    # Neither the code nor the challenge opens anything twice.
    assert show(ada, challenge=challenge(ada), code=totp(secret, 1)).status == 401
    assert show(ada, challenge=asked["token"], recovery_code=codes[0]).status == 401


def test_a_recovery_code_opens_once_and_the_cookie_is_that_of_the_first_request(register: MakeUser) -> None:
    ada = register("ada")
    _, codes = protect(ada)
    answer = show(ada, challenge=challenge(ada, cookie=True), recovery_code=codes[3].upper())
    assert answer.status == 200 and "refresh_token" not in answer.body
    assert answer.headers["Set-Cookie"].startswith("parley_refresh=")
    assert show(ada, challenge=challenge(ada), recovery_code=codes[3]).status == 401
    assert ada.api.get(FACTORS)["recovery_codes_left"] == 9


def test_a_wrong_password_looks_the_same_with_and_without_a_factor(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    protect(ada)
    answers = [login(user, password="not the password") for user in (ada, bob)]
    assert answers[0].body == answers[1].body and answers[0].status == answers[1].status == 401
    assert answers[0].code == "unauthenticated"


def test_the_app_is_turned_off_with_the_password_only(register: MakeUser) -> None:
    ada = register("ada")
    protect(ada)
    assert ada.api.request("POST", f"{FACTORS}/totp/remove", {"current_password": "wrong one"}).code == "forbidden"
    ada.api.expect(204, "POST", f"{FACTORS}/totp/remove", {"current_password": ada.password})
    assert ada.api.get(FACTORS) == {**ada.api.get(FACTORS), "totp": {"enabled": False}, "recovery_codes_left": 0}
    ada.login()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"challenge": "x"},
        {"code": "000000"},
        {"challenge": "x", "code": 7},
        {"challenge": "x", "code": "000000", "recovery_code": "y"},
        {"challenge": ["x"], "code": "000000"},
    ],
)
def test_a_malformed_answer_is_a_bad_request(register: MakeUser, body: dict[str, Any]) -> None:
    assert show(register("ada"), **body).code == "bad_request"


@pytest.mark.parametrize("token", ["", "x", "🦜", "A" * 43, "A" * 5000])
def test_a_challenge_that_never_was_is_refused(register: MakeUser, token: str) -> None:
    assert show(register("ada"), challenge=token, code="000000").code == "unauthenticated"


def test_changes_need_a_token(system_url: str) -> None:
    for path in ("totp", "totp/confirm", "totp/remove", "recovery-codes"):
        body = {"current_password": "x", "code": "000000"}
        assert Api(system_url).request("POST", f"{FACTORS}/{path}", body).status == 401
    assert Api(system_url).request("GET", FACTORS).status == 401
