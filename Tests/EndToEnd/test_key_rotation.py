"""Signing keys follow one another, and leaked ones go, while people use what the keys signed: by any instance.

Runs on a system of its own, with two of each service.
"""

from __future__ import annotations

import base64
import json
import threading
import time

import pytest
import requests

from parley_client import Api, User, eventually
from parley_system import LocalSystem

JWKS = "/.well-known/jwks.json"


def kid(token: str) -> str:
    head = token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def published(system: LocalSystem) -> list[set[str]]:
    """The names of the keys that each instance publishes."""
    answers = [requests.get(system.internal(f"auth-service-{n}") + JWKS, timeout=5).json() for n in (1, 2)]
    return [{key["kid"] for key in answer["keys"]} for answer in answers]


def make_it_soon(system: LocalSystem, seconds: int) -> None:
    """The new key signs so many seconds from now, and not in some minutes."""
    with system.database() as database:
        database.execute(
            "UPDATE auth.signing_keys SET retired_at = now() + %s * interval '1 second' WHERE retired_at > now()",
            [seconds],
        )


class Life:
    """Somebody who signs in, refreshes, and uses each token at once on every service, until told to stop."""

    def __init__(self, system: LocalSystem) -> None:
        self.refused: list[str] = []
        self.keys: list[str] = []
        self._system = system
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(30)

    def _run(self) -> None:
        user = User.register(self._system.url, "ada")
        while not self._ended.wait(0.02):
            user.refresh()
            self.keys.append(kid(user.token))
            for door in (1, 2):
                for service, path in (("auth-service", "/api/v1/users/me"), ("message-service", "/api/v1/sync")):
                    name = f"{service}-{door}"
                    answer = Api(self._system.public(name), user.token).request("GET", path)
                    if answer.status != 200:
                        self.refused.append(f"{name}: {answer.status} {answer.body}")
            try:
                user.connect(self._system.gateways[len(self.keys) % 2]).close()
            except Exception as error:
                self.refused.append(f"gateway: {error!r}")
        user.close()


def test_a_rotation_under_load_refuses_no_token(doubled_system: LocalSystem) -> None:
    (before,) = published(doubled_system)[0]
    lives = [Life(doubled_system) for _ in range(2)]
    try:
        eventually(lambda: all(len(life.keys) > 3 for life in lives), "they are under way", 20)
        listed = doubled_system.command("auth-service-1", "keys", "rotate")
        (fresh,) = {line.split()[0] for line in listed.splitlines()} - {before}
        eventually(lambda: all(fresh in keys for keys in published(doubled_system)), "both publish it", 10)
        assert {kid for life in lives for kid in life.keys} == {before}, "published before it signs"
        make_it_soon(doubled_system, 4)
        eventually(lambda: all(life.keys[-1] == fresh for life in lives), "the new one signs", 15)
        time.sleep(3)
    finally:
        for life in lives:
            life.end()
    assert [life.refused for life in lives] == [[], []]
    assert all(before in keys for keys in published(doubled_system)), "the old one is believed meanwhile"
    for life in lives:
        assert life.keys.index(fresh) > 3 and set(life.keys) == {before, fresh}


def test_a_key_that_leaked_is_refused_within_seconds_and_people_go_on(doubled_system: LocalSystem) -> None:
    ada = User.register(doubled_system.url, "ada")
    old = kid(ada.token)
    doors = [(f"message-service-{n}", "/api/v1/sync") for n in (1, 2)]
    doors += [(f"auth-service-{n}", "/api/v1/users/me") for n in (1, 2)]

    def refused(name: str, path: str) -> bool:
        return Api(doubled_system.public(name), ada.token).request("GET", path).status == 401

    assert not any(refused(*door) for door in doors)  # and message-service remembers the token
    assert "no key in use" in doubled_system.command("auth-service-2", "keys", "retire", "nonsense", succeeds=False)
    listed = doubled_system.command("auth-service-2", "keys", "retire", old)
    assert f"{old}  " in listed and "retired" in listed
    for door in doors:
        eventually(lambda: refused(*door), f"{door[0]} refuses", 6)
    eventually(lambda: all(old not in keys for keys in published(doubled_system)), "gone", 6)
    ada.refresh()
    assert kid(ada.token) != old
    eventually(lambda: not any(refused(*door) for door in doors), "the next token is believed", 6)


def test_the_public_keys_may_be_kept_a_minute_and_asked_for_by_their_tag(doubled_system: LocalSystem) -> None:
    first = requests.get(doubled_system.url + JWKS, timeout=5)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    tag = first.headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = requests.get(doubled_system.url + JWKS, headers={"If-None-Match": known}, timeout=5)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    other = requests.get(doubled_system.url + JWKS, headers={"If-None-Match": '"other"'}, timeout=5)
    assert (other.status_code, other.content) == (200, first.content)
    doubled_system.command("auth-service-1", "keys", "rotate")
    changed = {"If-None-Match": tag}
    eventually(
        lambda: requests.get(doubled_system.url + JWKS, headers=changed, timeout=5).status_code == 200, "another", 10
    )


@pytest.mark.parametrize("arguments", [["keys"], ["keys", "turn"], ["keys", "retire"], ["keys", "list", "x"]])
def test_a_wrong_command_says_what_there_is(doubled_system: LocalSystem, arguments: list[str]) -> None:
    assert "keys list | rotate | retire KID" in doubled_system.command("auth-service-1", *arguments, succeeds=False)


def test_no_private_key_is_printed_or_logged(doubled_system: LocalSystem) -> None:
    listed = doubled_system.command("auth-service-1", "keys", "list")
    assert "signs" in listed
    with doubled_system.database() as database:
        sealed = [bytes(row[0]) for row in database.execute("SELECT sealed_key FROM auth.signing_keys").fetchall()]  # type: ignore
    logs = listed + doubled_system.log("auth-service-1") + doubled_system.log("auth-service-2")
    for key in sealed:
        assert key.hex() not in logs and base64.urlsafe_b64encode(key).decode()[:40] not in logs
