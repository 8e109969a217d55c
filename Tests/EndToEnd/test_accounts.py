"""Registration, sign-in, refresh, and finding people."""

from __future__ import annotations

import threading
import uuid

import pytest

from conftest import MakeUser
from parley_client import Answer, Api, User

PASSWORD = "correct horse 27 staple"


def register_raw(url: str, **fields: object) -> Answer:
    return Api(url).request("POST", "/api/v1/auth/register", fields)


def unique(prefix: str = "u") -> str:
    return prefix + uuid.uuid4().hex[:12]


def test_registration_answers_with_the_user_a_session_and_tokens(system_url: str) -> None:
    name = unique("Ada.")
    answer = register_raw(system_url, username=name, password=PASSWORD, display_name="Ada L.")
    assert answer.status == 201
    assert set(answer.body) == {"user", "session_id", "access_token", "expires_in", "refresh_token"}
    user = answer.body["user"]
    assert user == {"id": user["id"], "username": name.lower(), "display_name": "Ada L."}
    assert uuid.UUID(user["id"]).version == 7
    assert answer.body["expires_in"] == 900


def test_a_display_name_is_the_username_until_changed(register: MakeUser) -> None:
    ada = register("ada")
    me = ada.api.get("/api/v1/users/me")
    assert me == {"id": ada.id, "username": ada.username, "display_name": ada.username}
    changed = ada.api.expect(200, "PATCH", "/api/v1/users/me", {"display_name": "Ada 🦜"})
    assert changed["display_name"] == ada.api.get("/api/v1/users/me")["display_name"] == "Ada 🦜"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u0000b", "line\nbreak", 7, None])
def test_a_bad_display_name_is_a_bad_request(register: MakeUser, name: object) -> None:
    answer = register("ada").api.request("PATCH", "/api/v1/users/me", {"display_name": name})
    assert (answer.status, answer.code) == (400, "bad_request")


def test_a_taken_username_is_a_conflict_in_any_case(register: MakeUser, system_url: str) -> None:
    taken = register("ada").username
    for name in (taken, taken.upper()):
        answer = register_raw(system_url, username=name, password=PASSWORD)
        assert (answer.status, answer.code) == (409, "conflict")


@pytest.mark.parametrize(
    "username", ["", "ab", "x" * 33, "-dash", ".dot", "sp ace", "ünïcode", "a\u0000b", "a/b", "<b>", 7, None, ["abc"]]
)
def test_a_bad_username_is_a_bad_request(system_url: str, username: object) -> None:
    answer = register_raw(system_url, username=username, password=PASSWORD)
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize("password", ["", "short", "1234567", "x" * 129, "password", "12345678", 12345678, None])
def test_a_bad_password_is_a_bad_request(system_url: str, password: object) -> None:
    answer = register_raw(system_url, username=unique(), password=password)
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize("password", ["пароль из слов", "🦜" * 128, "eight 8!", " spaces at both ends "])
def test_a_password_of_any_unicode_signs_in(system_url: str, password: str) -> None:
    User.register(system_url, "ada", password).login()


def test_unknown_user_and_wrong_password_look_the_same(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    login = "/api/v1/auth/login"
    wrong = Api(system_url).request("POST", login, {"username": ada.username, "password": "not the password"})
    unknown = Api(system_url).request("POST", login, {"username": unique(), "password": "not the password"})
    assert wrong.status == unknown.status == 401
    assert wrong.body == unknown.body
    assert wrong.code == "unauthenticated"


def test_a_sign_in_ignores_the_case_of_the_username(register: MakeUser) -> None:
    ada = register("ada")
    ada.username = ada.username.upper()
    assert ada.login().id == ada.id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b'{"username":"abc","username":"abd","password":"12345678x"}',
        b'\xff\xfe{"username":"abc","password":"12345678x"}',
        b'\xef\xbb\xbf{"username":"abc","password":"12345678x"}',
        '{"username":"abc","password":"12345678x"}'.encode("utf-16"),
        b'{"username":"\\ud800aa","password":"12345678x"}',
        b'{"username":1e999,"password":"12345678x"}',
        b"[" * 50_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_malformed_body_is_a_bad_request(system_url: str, body: bytes) -> None:
    answer = Api(system_url).request("POST", "/api/v1/auth/register", raw=body)
    assert (answer.status, answer.code) == (400, "bad_request")


def test_other_media_types_large_bodies_wrong_methods_and_unknown_paths_have_their_own_errors(system_url: str) -> None:
    api = Api(system_url)
    form = api.request(
        "POST", "/api/v1/auth/login", raw=b"username=a", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (form.status, form.code) == (415, "unsupported_media_type")
    large = api.request("POST", "/api/v1/auth/login", {"username": "x" * 70_000, "password": PASSWORD})
    assert (large.status, large.code) == (413, "too_large")
    method = api.request("DELETE", "/api/v1/auth/login")
    assert (method.status, method.code) == (405, "method_not_allowed")
    path = api.request("GET", "/api/v1/nothing-here")
    assert (path.status, path.code) == (404, "not_found")


def test_a_refresh_rotates_both_tokens(register: MakeUser) -> None:
    ada = register("ada")
    old_access, old_refresh = ada.token, ada.refresh_token
    ada.refresh()
    assert ada.token != old_access and ada.refresh_token != old_refresh
    ada.api.get("/api/v1/users/me")
    ada.refresh()


def refresh_status(user: User, token: str) -> int:
    return Api(user.api.url).request("POST", "/api/v1/auth/refresh", {"refresh_token": token}).status


def test_a_lost_answer_of_refresh_can_be_asked_for_again(register: MakeUser) -> None:
    ada = register("ada")
    first = ada.refresh_token
    assert refresh_status(ada, first) == 200
    ada.refresh()
    assert refresh_status(ada, ada.refresh_token) == 200


def test_a_used_up_refresh_token_ends_the_session(register: MakeUser) -> None:
    ada = register("ada")
    first = ada.refresh_token
    ada.refresh()
    ada.refresh()
    assert refresh_status(ada, first) == 401
    assert refresh_status(ada, ada.refresh_token) == 401


def test_two_refreshes_at_the_same_time_both_succeed(register: MakeUser) -> None:
    ada = register("ada")
    start = threading.Barrier(2)
    statuses: list[int] = []

    def refresh() -> None:
        start.wait(5)
        statuses.append(refresh_status(ada, ada.refresh_token))

    threads = [threading.Thread(target=refresh) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert statuses == [200, 200]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "🦜", "A" * 5000, 7, None])
def test_a_refresh_token_that_never_was_is_refused(system_url: str, token: object) -> None:
    answer = Api(system_url).request("POST", "/api/v1/auth/refresh", {"refresh_token": token})
    assert answer.status in (400, 401) and answer.code in ("bad_request", "unauthenticated")


def test_people_are_found_by_the_beginning_of_either_name(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    display = f"Zoë {uuid.uuid4().hex[:10]}"
    bob.api.expect(200, "PATCH", "/api/v1/users/me", {"display_name": display})
    found = ada.api.get(f"/api/v1/users?query={bob.username[:-2].upper()}")
    assert found == {"users": [{"id": bob.id, "username": bob.username, "display_name": display}], "next": None}
    by_display = ada.api.get(f"/api/v1/users?query={display[:-2].lower()}")
    assert [user["id"] for user in by_display["users"]] == [bob.id]


@pytest.mark.parametrize("query", ["a", "", "%25", "_"])
def test_a_search_needs_two_characters(register: MakeUser, query: str) -> None:
    assert register("ada").api.request("GET", f"/api/v1/users?query={query}").status == 400


@pytest.mark.parametrize("query", ["%25%25", "__", "''", "a%25"])
def test_a_search_takes_no_wildcards(register: MakeUser, query: str) -> None:
    assert register("ada").api.get(f"/api/v1/users?query={query}")["users"] == []


def test_a_search_gives_at_most_twenty(register: MakeUser, system_url: str) -> None:
    prefix = unique("many")[:14]
    for _ in range(22):
        assert register_raw(system_url, username=unique(prefix), password=PASSWORD).status == 201
    assert len(register("ada").api.get(f"/api/v1/users?query={prefix}")["users"]) == 20


def test_people_are_looked_up_by_id_and_unknown_ones_left_out(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    answer = ada.api.get(f"/api/v1/users?ids={bob.id},{uuid.uuid4()},{ada.id}")
    assert {user["id"] for user in answer["users"]} == {ada.id, bob.id}
    many = ",".join(str(uuid.uuid4()) for _ in range(101))
    assert ada.api.request("GET", f"/api/v1/users?ids={many}").status == 400
    assert ada.api.request("GET", "/api/v1/users?ids=nonsense").status == 400


def test_sessions_are_listed_with_their_devices(register: MakeUser) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    listed = {session["id"]: session for session in ada.api.get("/api/v1/auth/sessions")["sessions"]}
    assert set(listed) == {ada.session, phone.session}
    assert listed[phone.session]["device"] == "phone"
    assert listed[ada.session]["current"] is True and listed[phone.session]["current"] is False
    assert set(listed[ada.session]) == {"id", "device", "address", "created_at", "last_used_at", "current"}


def test_a_forged_address_is_not_believed(register: MakeUser) -> None:
    ada = register("ada")
    forged = {"X-Forwarded-For": "203.0.113.66", "X-Real-IP": "203.0.113.66", "Forwarded": "for=203.0.113.66"}
    given = {"username": ada.username, "password": ada.password}
    assert Api(ada.api.url).request("POST", "/api/v1/auth/login", given, headers=forged).status == 200
    addresses = [session["address"] for session in ada.api.get("/api/v1/auth/sessions")["sessions"]]
    assert len(addresses) == 2 and "203.0.113.66" not in addresses


def test_the_public_keys_are_served(system_url: str) -> None:
    keys = Api(system_url).get("/.well-known/jwks.json")["keys"]
    assert keys and all(key["kty"] == "OKP" and key["crv"] == "Ed25519" and "d" not in key for key in keys)
