"""A session that was ended is over everywhere within five seconds: sockets, tokens, refresh."""

from __future__ import annotations

import pytest

from conftest import MakeUser
from parley_client import Api, Socket, User, eventually
from parley_system import LocalSystem

ENDED = 4502
REFUSED = 4501
WITHIN = 5.0


def assert_over(user: User, url: str) -> None:
    """The access token opens nothing more, nor does the refresh token."""
    eventually(lambda: user.api.request("GET", "/api/v1/sync").status == 401, "history refuses", WITHIN)
    eventually(lambda: user.api.request("GET", "/api/v1/users/me").status == 401, "accounts refuse", WITHIN)
    body = {"refresh_token": user.refresh_token}
    assert Api(url).request("POST", "/api/v1/auth/refresh", body).status == 401
    socket = Socket(url)
    socket.frame("hello", protocol=1, token=user.token)
    assert socket.closed() in (ENDED, REFUSED)


def test_logout_closes_the_sockets_of_the_session_and_no_others(
    register: MakeUser, doors: tuple[str, str], system_url: str
) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    here, there, at_phone = ada.connect(doors[0]), ada.connect(doors[1]), phone.connect(doors[0])
    ada.api.expect(204, "POST", "/api/v1/auth/logout")
    assert here.closed(WITHIN) == there.closed(WITHIN) == ENDED
    assert_over(ada, system_url)
    at_phone.fence()
    assert [session["id"] for session in phone.api.get("/api/v1/auth/sessions")["sessions"]] == [phone.session]


def test_a_deleted_session_is_closed(register: MakeUser, doors: tuple[str, str], system_url: str) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    here, at_phone = ada.connect(doors[0]), phone.connect(doors[1])
    ada.api.expect(204, "DELETE", f"/api/v1/auth/sessions/{phone.session}")
    assert at_phone.closed(WITHIN) == ENDED
    assert_over(phone, system_url)
    here.fence()


def test_all_others_end_at_once(register: MakeUser, doors: tuple[str, str], system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    others = [ada.login(device) for device in ("phone", "tablet")]
    here, at_bob = ada.connect(doors[0]), bob.connect(doors[1])
    away = [user.connect(door) for user in others for door in doors]
    ada.api.expect(204, "DELETE", "/api/v1/auth/sessions")
    assert [socket.closed(WITHIN) for socket in away] == [ENDED] * 4
    for user in others:
        assert_over(user, system_url)
    here.fence()
    at_bob.fence()
    assert [session["id"] for session in ada.api.get("/api/v1/auth/sessions")["sessions"]] == [ada.session]
    ada.api.expect(204, "DELETE", "/api/v1/auth/sessions")


def test_a_reused_refresh_token_closes_the_sockets_of_its_session(
    register: MakeUser, doors: tuple[str, str], system_url: str
) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    stolen = phone.refresh_token
    here, at_phone, there = ada.connect(doors[0]), phone.connect(doors[0]), phone.connect(doors[1])
    phone.refresh()
    phone.refresh()
    assert Api(system_url).request("POST", "/api/v1/auth/refresh", {"refresh_token": stolen}).status == 401
    assert at_phone.closed(WITHIN) == there.closed(WITHIN) == ENDED
    assert_over(phone, system_url)
    here.fence()


@pytest.mark.faults
@pytest.mark.usefixtures("two_gateways")
def test_a_gateway_that_comes_later_knows_the_sessions_that_were_ended_before(
    register: MakeUser, local: LocalSystem
) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    with local.without("realtime-gateway-2"):
        ada.api.expect(204, "DELETE", f"/api/v1/auth/sessions/{phone.session}")
    late = Socket(local.gateways[1])  # the token is in date for another quarter of an hour
    late.frame("hello", protocol=1, token=phone.token)
    assert late.closed() == REFUSED
    assert late.all("welcome") == []
    ada.connect(local.gateways[1]).fence()


def test_a_new_password_ends_all_other_sessions(register: MakeUser, doors: tuple[str, str], system_url: str) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    here, at_phone = ada.connect(doors[0]), phone.connect(doors[1])
    change = {"current_password": ada.password, "new_password": "another staple 28 horse"}
    ada.api.expect(204, "POST", "/api/v1/auth/password", change)
    assert at_phone.closed(WITHIN) == ENDED
    assert_over(phone, system_url)
    here.fence()
    login = {"username": ada.username, "password": ada.password}
    assert Api(system_url).request("POST", "/api/v1/auth/login", login).status == 401
    ada.password = change["new_password"]
    ada.login()


@pytest.mark.parametrize(
    ("current", "new", "status"),
    [("wrong password 1", "another staple 28 horse", 403), (None, "short", 400), (None, "x" * 129, 400)],
)
def test_a_refused_password_change_ends_nothing(
    register: MakeUser, system_url: str, current: str | None, new: str, status: int
) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    body = {"current_password": current or ada.password, "new_password": new}
    assert ada.api.request("POST", "/api/v1/auth/password", body).status == status
    phone.api.get("/api/v1/users/me")
    phone.connect(system_url).fence()


def test_somebody_elses_session_and_an_unknown_one_are_not_found(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    other = ada.api.request("DELETE", f"/api/v1/auth/sessions/{bob.session}")
    unknown = ada.api.request("DELETE", "/api/v1/auth/sessions/01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4")
    assert (other.status, other.body) == (unknown.status, unknown.body)
    assert (other.status, other.code) == (404, "not_found")
    bob.api.get("/api/v1/users/me")
