"""Only a token of ours, whole and of the right kind, opens anything: on sockets and by REST alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from conftest import MakeUser
from parley_client import Api, Json, Socket, User


def encoded(value: Json) -> str:
    return b64(json.dumps(value, separators=(",", ":")).encode())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def decoded(part: str) -> Json:
    return dict(json.loads(unb64(part)))


@dataclass(frozen=True)
class Good:
    """A good token, taken apart."""

    user: User

    @property
    def parts(self) -> list[str]:
        return self.user.token.split(".")

    def with_header(self, **changes: object) -> str:
        return ".".join([encoded(decoded(self.parts[0]) | changes), *self.parts[1:]])

    def with_claims(self, **changes: object) -> str:
        return ".".join([self.parts[0], encoded(decoded(self.parts[1]) | changes), self.parts[2]])

    def without_kid(self) -> str:
        header = {key: value for key, value in decoded(self.parts[0]).items() if key != "kid"}
        return ".".join([encoded(header), *self.parts[1:]])

    def with_signature(self, change: Callable[[str], str]) -> str:
        return ".".join([*self.parts[:2], change(self.parts[2])])

    def signed_with_the_public_key(self) -> str:
        """The classic confusion: HS256 with what everybody may read as its secret."""
        key = Api(self.user.api.url).get("/.well-known/jwks.json")["keys"][0]["x"]
        signed = ".".join(self.with_header(alg="HS256").split(".")[:2])
        return signed + "." + b64(hmac.new(unb64(key), signed.encode(), hashlib.sha256).digest())


FORGERIES: dict[str, Callable[[Good], str]] = {
    "empty": lambda good: "",
    "garbage": lambda good: "not.a.token",
    "alg none": lambda good: good.with_header(alg="none"),
    "alg none and no signature": lambda good: good.with_header(alg="none").rsplit(".", 1)[0] + ".",
    "alg HS256 with the public key": lambda good: good.signed_with_the_public_key(),
    "signature cut": lambda good: good.with_signature(lambda signature: signature[:-4]),
    "signature changed": lambda good: good.with_signature(lambda text: ("A" if text[0] != "A" else "B") + text[1:]),
    "another user": lambda good: good.with_claims(sub="01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4"),
    "a later end": lambda good: good.with_claims(exp=int(time.time()) + 10**6),
    "four parts": lambda good: good.user.token + "." + good.parts[2],
    "padded": lambda good: good.user.token + "=",
    "unknown kid": lambda good: good.with_header(kid="somebody-elses-key"),
    "hostile kid": lambda good: good.with_header(kid="../../../../dev/null' OR 1=1 --"),
    "no kid": lambda good: good.without_kid(),
    "refresh token": lambda good: good.user.refresh_token,
    "too long": lambda good: good.user.token + "A" * 20_000,
}


def forged(kind: str, user: User) -> str:
    return FORGERIES[kind](Good(user))


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_socket_refuses_a_forged_token(register: MakeUser, system_url: str, kind: str) -> None:
    socket = Socket(system_url)
    socket.frame("hello", protocol=1, token=forged(kind, register("ada")), device="test")
    assert socket.closed() == 4501
    assert socket.all("welcome") == []


@pytest.mark.parametrize("kind", [kind for kind in FORGERIES if kind != "too long"])
@pytest.mark.parametrize("path", ["/api/v1/users/me", "/api/v1/sync"])
def test_rest_refuses_a_forged_token(register: MakeUser, system_url: str, kind: str, path: str) -> None:
    answer = Api(system_url, forged(kind, register("ada"))).request("GET", path)
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer-token", "Token x"])
@pytest.mark.parametrize("path", ["/api/v1/users/me", "/api/v1/auth/sessions", "/api/v1/chats", "/api/v1/sync"])
def test_rest_needs_a_bearer_token(system_url: str, path: str, header: str) -> None:
    answer = Api(system_url).request("GET", path, headers={"Authorization": header} if header else {})
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.body["error"]["retryable"] is False


def test_an_access_token_is_no_refresh_token(register: MakeUser) -> None:
    ada = register("ada")
    answer = Api(ada.api.url).request("POST", "/api/v1/auth/refresh", {"refresh_token": ada.token})
    assert answer.status in (400, 401)


def test_a_user_id_in_a_header_is_ignored(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    headers = {"X-User-Id": bob.id, "X-Parley-User": bob.id, "X-Forwarded-User": bob.id}
    assert ada.api.request("GET", "/api/v1/users/me", headers=headers).body["id"] == ada.id
    assert Api(ada.api.url).request("GET", "/api/v1/users/me", headers=headers).status == 401


def test_a_live_socket_is_extended_by_a_second_hello(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    socket = ada.connect(system_url)
    first = socket.all("welcome")[0]
    ada.refresh()
    again = socket.hello(ada.token)
    assert (again["connection"], again["session"]) == (first["connection"], first["session"])
    socket.fence()


def test_a_live_socket_is_not_taken_over_by_somebody_elses_token(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    socket = ada.connect(system_url)
    socket.frame("hello", protocol=1, token=bob.token, device="test")
    assert socket.closed() == 4501
    assert [welcome["user"] for welcome in socket.all("welcome")] == [ada.id]


def test_welcome_says_who_and_what_holds(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    welcome = ada.connect(system_url).all("welcome")[0]
    assert (welcome["user"], welcome["session"]) == (ada.id, ada.session)
    assert welcome["heartbeat_ms"] == 20000
    assert welcome["limits"]["frame_max"] == 65536
    assert welcome["limits"]["body_max"] == 8000
    assert welcome["limits"]["watch_max"] == 200
    assert welcome["connection"] and welcome["server_time"].endswith("Z")


@pytest.mark.parametrize("version", [0, 2, 10**9])
def test_another_version_of_the_protocol_is_refused(register: MakeUser, system_url: str, version: int) -> None:
    socket = Socket(system_url)
    socket.frame("hello", protocol=version, token=register("ada").token)
    assert socket.closed() == 4500
