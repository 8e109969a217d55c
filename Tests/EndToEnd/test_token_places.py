"""Each kind of token opens its own door and no other, whatever else is right about it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from conftest import MakeUser
from parley_client import Api, Socket
from parley_system import LocalSystem

ED25519 = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 bytes of a private key (RFC 8410)."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def derived(secret: bytes, purpose: str) -> bytes:
    """HKDF-SHA-256 of the deployment secret, 32 bytes."""
    key = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(key, purpose.encode() + b"\x01", hashlib.sha256).digest()


def service_token(secret: bytes, folder: Path, caller: str, callee: str, type: str = "parley-service+jwt") -> str:
    now = int(time.time())
    header = {"alg": "EdDSA", "typ": type, "kid": caller}
    claims = {"iss": caller, "aud": callee, "sub": caller, "iat": now, "nbf": now, "exp": now + 60, "jti": "x"}
    text = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
    key, content = folder / uuid.uuid4().hex, folder / uuid.uuid4().hex
    pem = base64.b64encode(ED25519 + derived(secret, f"parley service key: {caller}")).decode()
    key.write_text(f"-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n")
    content.write_text(text)
    command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(content)]
    return text + "." + b64(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)


@dataclass(frozen=True)
class Doors:
    """Every place that takes a token; each says whether it opened."""

    system: LocalSystem

    def accounts(self, token: str) -> bool:
        return Api(self.system.url, token).request("GET", "/api/v1/users/me").status == 200

    def history(self, token: str) -> bool:
        return Api(self.system.url, token).request("GET", "/api/v1/sync").status == 200

    def socket(self, token: str) -> bool:
        socket = Socket(self.system.gateways[0])
        socket.frame("hello", protocol=1, token=token)
        try:
            socket.until(lambda: bool(socket.all("welcome")) or not socket.is_open, "an answer", 10)
            return bool(socket.all("welcome"))
        finally:
            socket.close()

    def refresh(self, token: str) -> bool:
        return Api(self.system.url).request("POST", "/api/v1/auth/refresh", {"refresh_token": token}).status == 200

    def refresh_cookie(self, token: str) -> bool:
        headers = {"Cookie": f"parley_refresh={token}", "Origin": self.system.url}
        return Api(self.system.url).request("POST", "/api/v1/auth/refresh", {}, headers=headers).status == 200

    def inside(self, name: str, token: str) -> bool:
        path = {"auth-service-1": "revocations", "message-service-1": "tips", "realtime-gateway-1": "events"}[name]
        method = "GET" if path == "revocations" else "POST"
        url = f"{self.system.internal(name)}/internal/v1/{path}"
        status = requests.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code
        assert status in (200, 401, 403, 400, 415), status
        return status != 401

    def auth_inside(self, token: str) -> bool:
        return self.inside("auth-service-1", token)

    def messages_inside(self, token: str) -> bool:
        return self.inside("message-service-1", token)

    def gateway_inside(self, token: str) -> bool:
        return self.inside("realtime-gateway-1", token)


DOORS = ("accounts", "history", "socket", "refresh", "refresh_cookie", "auth_inside", "messages_inside", "gateway_inside")
OPENS = {
    "access": {"accounts", "history", "socket"},
    "refresh": {"refresh", "refresh_cookie"},
    "device": set[str](),
    "session id": set[str](),
    "to auth-service": {"auth_inside"},
    "to message-service": {"messages_inside"},
    "to realtime-gateway": {"gateway_inside"},
    "a service's, typed as an access token": set[str](),
    "a stranger's to message-service": set[str](),
}


@pytest.fixture
def make(local: LocalSystem, register: MakeUser, tmp_path: Path) -> Callable[[str], str]:
    """A fresh token of a kind."""
    secret = (local.home / "secret" / "deployment").read_text().strip().encode()

    def kind(name: str) -> str:
        user = register("ada")
        login = {"username": user.username, "password": user.password}
        device = Api(local.url).request("POST", "/api/v1/auth/login", login).headers["Set-Cookie"]
        return {
            "access": lambda: user.token,
            "refresh": lambda: user.refresh_token,
            "device": lambda: device.split(";")[0].partition("=")[2],
            "session id": lambda: user.session,
            "to auth-service": lambda: service_token(secret, tmp_path, "message-service", "auth-service"),
            "to message-service": lambda: service_token(secret, tmp_path, "realtime-gateway", "message-service"),
            "to realtime-gateway": lambda: service_token(secret, tmp_path, "presence-service", "realtime-gateway"),
            "a service's, typed as an access token": lambda: service_token(
                secret, tmp_path, "message-service", "parley", "at+jwt"
            ),
            "a stranger's to message-service": lambda: service_token(
                b"x" * 64, tmp_path, "realtime-gateway", "message-service"
            ),
        }[name]()

    return kind


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", OPENS)
def test_a_token_opens_its_own_door_and_no_other(
    local: LocalSystem, make: Callable[[str], str], kind: str, door: str
) -> None:
    opened = getattr(Doors(local), door)(make(kind))
    assert opened == (door in OPENS[kind])


def test_an_access_token_has_every_claim_and_lives_a_quarter_of_an_hour(register: MakeUser) -> None:
    ada = register("ada")
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in ada.token.split(".")[:2]
    )
    assert set(header) == {"alg", "typ", "kid"} and (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    assert set(claims) == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"}
    assert (claims["iss"], claims["aud"]) == ("parley-auth", "parley")
    assert (claims["sub"], claims["sid"]) == (ada.id, ada.session)
    assert claims["exp"] - claims["iat"] == 900 and claims["nbf"] == claims["iat"]
