"""A live socket ends with its token, unless the token is renewed; and the limits as shipped hold.

Runs on a system of its own: access tokens of six seconds, one gateway, rate limits on.
"""

from __future__ import annotations

import time

import pytest

from parley_client import Answer, Api, Socket, User, eventually
from parley_system import LocalSystem

LIFE = 6


@pytest.fixture(scope="module")
def people(strict_system: LocalSystem) -> tuple[User, User]:
    return User.register(strict_system.url, "ada"), User.register(strict_system.url, "bob")


def test_a_socket_ends_when_its_token_does(strict_system: LocalSystem, people: tuple[User, User]) -> None:
    ada = people[0].login()
    begin = time.monotonic()
    socket = ada.connect(strict_system.url)
    assert socket.closed(LIFE + 5) == 4003
    assert LIFE - 2 < time.monotonic() - begin < LIFE + 3


def test_a_renewed_socket_lives_on_and_delivers(strict_system: LocalSystem, people: tuple[User, User]) -> None:
    ada, bob = (user.login() for user in people)
    chat = ada.open_chat(bob)
    at_ada, at_bob = ada.connect(strict_system.url), bob.connect(strict_system.url)
    begin = time.monotonic()
    while time.monotonic() - begin < LIFE + 4:
        time.sleep(2)
        for user, socket in ((ada, at_ada), (bob, at_bob)):
            user.refresh()
            socket.hello(user.token)
    at_ada.say(chat, "still here")
    at_bob.sees(chat, "still here")
    assert len({welcome["connection"] for welcome in at_ada.all("welcome")}) == 1


def test_an_expired_token_is_refused_everywhere_and_refresh_helps(
    strict_system: LocalSystem, people: tuple[User, User]
) -> None:
    ada = people[0].login()
    eventually(lambda: ada.api.request("GET", "/api/v1/users/me").status == 401, "auth refuses", LIFE + 5, 0.25)
    eventually(lambda: ada.api.request("GET", "/api/v1/sync").status == 401, "message refuses", 5, 0.25)
    socket = Socket(strict_system.url)
    socket.frame("hello", protocol=1, token=ada.token)
    assert socket.closed() == 4003
    ada.refresh()
    ada.connect(strict_system.url).fence()


def test_guessing_passwords_is_slowed_down_and_the_owner_elsewhere_is_not(strict_system: LocalSystem) -> None:
    victim = User.register(strict_system.url, "victim")

    def guess() -> int:
        body = {"username": victim.username, "password": "guess number one"}
        answer = Api(strict_system.url).request("POST", "/api/v1/auth/login", body)
        if answer.status == 429:
            assert answer.code == "rate_limited" and int(answer.headers["Retry-After"]) >= 1
        return answer.status

    eventually(lambda: guess() == 429, "a 429 after many wrong passwords", 30)
    victim.refresh()


def test_a_spoofed_address_neither_escapes_the_throttle_nor_throttles_others(strict_system: LocalSystem) -> None:
    victim, other = User.register(strict_system.url, "victim"), User.register(strict_system.url, "other")

    def guess(number: int) -> int:
        spoofed = f"203.0.113.{number}"
        headers = {"X-Forwarded-For": spoofed, "X-Real-IP": spoofed, "Forwarded": f"for={spoofed}", "True-Client-IP": spoofed}
        body = {"username": victim.username, "password": "guess number one"}
        return Api(strict_system.url).request("POST", "/api/v1/auth/login", body, headers=headers).status

    statuses = [guess(number) for number in range(12)]
    assert statuses[:10] == [401] * 10 and statuses[10:] == [429] * 2
    other.login()


def test_a_device_that_signed_in_before_is_not_slowed_down_by_strangers_at_its_address(
    strict_system: LocalSystem,
) -> None:
    def login(password: str, headers: dict[str, str] | None = None) -> Answer:
        body = {"username": victim.username, "password": password}
        return Api(strict_system.url).request("POST", "/api/v1/auth/login", body, headers=headers)

    victim = User.register(strict_system.url, "victim")
    value, *attributes = login(victim.password).headers["Set-Cookie"].split("; ")
    assert value.startswith("parley_device=") and victim.username not in value
    assert {"Path=/api/v1/auth", "HttpOnly", "Secure", "SameSite=Strict"} <= set(attributes)
    assert [login("wrong").status for _ in range(11)][-1] == 429
    assert login(victim.password).status == 429
    known = login(victim.password, {"Cookie": value})
    assert known.status == 200
    assert known.headers["Set-Cookie"].split("; ")[0] == value, "the same device, the same mark"
    assert login("wrong", {"Cookie": value}).status == 401
