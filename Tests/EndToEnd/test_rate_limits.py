"""Rate limits as shipped: who is over one hears how long to wait, nobody else notices, and no header talks one out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from parley_client import Answer, Api, User
from parley_system import LocalSystem

POLICY = re.compile(r'"([a-z-]+)";q=(\d+);w=(\d+)')
STANDING = re.compile(r'"([a-z-]+)";r=(\d+)(?:;t=(\d+))?')


def policies(answer: Answer) -> dict[str, tuple[int, int]]:
    """(q, w) by the name of a policy."""
    items = answer.headers.get("RateLimit-Policy", "").split(", ")
    return {match[1]: (int(match[2]), int(match[3])) for item in items if (match := POLICY.fullmatch(item))}


def standings(answer: Answer) -> dict[str, tuple[int, int | None]]:
    """(r, t) by the name of a policy."""
    items = answer.headers.get("RateLimit", "").split(", ")
    found = [match for item in items if (match := STANDING.fullmatch(item))]
    return {match[1]: (int(match[2]), int(match[3]) if match[3] else None) for match in found}


class From(HTTPAdapter):
    """Connects from one of the machine's loopback addresses."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, **options, source_address=(self.address, 0))


@pytest.fixture(scope="module")
def few(strict_system: LocalSystem) -> Iterator[str]:
    """message-service, of which one address may ask 10 times at once and then once a second."""
    with strict_system.changed("message-service-1", PARLEY_REQUESTS_PER_SECOND="1"):
        yield strict_system.public("message-service-1")


def statuses(url: str, count: int, address: str, forwarded: str | None = None) -> list[int]:
    with requests.Session() as session:
        session.mount("http://", From(address))
        answers = []
        for number in range(count):
            headers = {"X-Forwarded-For": forwarded.format(number)} if forwarded else {}
            answers.append(session.get(f"{url}/api/v1/sync", headers=headers, timeout=5).status_code)
        return answers


def test_who_asks_too_often_is_told_which_limit_it_is_and_how_long_to_wait(strict_system: LocalSystem) -> None:
    ada, bob = User.register(strict_system.url, "ada"), User.register(strict_system.url, "bob")
    first = ada.api.request("GET", "/api/v1/users?query=nobody")
    assert first.status == 200
    assert {"address", "user", "search"} == policies(first).keys() == standings(first).keys()
    quota, window = policies(first)["search"]
    assert standings(first)["search"][0] == quota - 1
    answers = [ada.api.request("GET", "/api/v1/users?query=nobody") for _ in range(quota + quota // window)]
    last = next(answer for answer in answers if answer.status == 429)
    assert last.code == "rate_limited"
    remaining, again = standings(last)["search"]
    assert remaining == 0
    assert int(last.headers["Retry-After"]) == again == 1
    assert standings(last)["user"][0] > 0
    assert bob.api.request("GET", "/api/v1/users?query=nobody").status == 200


def test_failed_sign_ins_are_slowed_down_in_the_same_words(strict_system: LocalSystem) -> None:
    ada = User.register(strict_system.url, "ada")
    for number in range(30):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        body = {"username": ada.username, "password": "a wrong one"}
        answer = Api(strict_system.url).request("POST", "/api/v1/auth/login", body, headers=headers)
        if answer.status == 429:
            break
        assert answer.status == 401
    assert answer.status == 429 and number >= 10
    assert standings(answer)["sign-in"][0] == 0
    assert 1 <= int(answer.headers["Retry-After"]) <= 30


def test_an_address_that_floods_is_refused_before_its_token_is_looked_at(few: str) -> None:
    assert statuses(few, 14, "127.0.0.77").count(401) in (10, 11)
    assert statuses(few, 1, "127.0.0.77") == [429]
    assert statuses(few, 1, "127.0.0.78") == [401]


def test_a_made_up_forwarded_address_changes_nothing(few: str, strict_system: LocalSystem) -> None:
    """Straight at the service, and through the edge, which is the one proxy that is believed."""
    assert 429 in statuses(few, 14, "127.0.0.79", forwarded="203.0.113.{}")
    assert 429 in statuses(few, 14, "127.0.0.80", forwarded="203.0.113.{}, 127.0.0.1")
    edge = urlsplit(strict_system.url)
    through = statuses(f"http://{edge.hostname}:{edge.port}", 14, "127.0.0.81", forwarded="203.0.113.{}")
    assert 429 in through
    assert statuses(few, 1, "127.0.0.1", forwarded="127.0.0.82") == [401]
