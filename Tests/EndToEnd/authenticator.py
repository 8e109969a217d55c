"""What a person has on the phone: an authenticator app (RFC 6238), and passkeys (WebAuthn)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
import time
from typing import Any


def totp(secret: str, steps: int = 0) -> str:
    """The code of a secret in base32, now or so many steps of 30 seconds later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1)
    offset = mac[19] & 15
    return f"{(struct.unpack_from('>I', mac, offset)[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Passkey:
    """An authenticator with an Ed25519 key, and the browser around it (WebAuthn level 2), at one origin."""

    def __init__(self, origin: str, seed: bytes | None = None) -> None:
        self.origin = origin
        self.domain = origin.split("//")[1].split(":")[0]
        self.seed = seed or os.urandom(32)
        self.id = hashlib.sha256(b"id" + self.seed).digest()
        self.count = 0
        self.flags = 0x05  # user present and verified

    def create(self, challenge: str) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives."""
        key = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20" + ed25519_public(self.seed)
        data = self._data(0x40) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        attestation = b"\xa3cfmtdnonegattStmt\xa0hauthData\x58" + bytes([len(data)]) + data
        client = self._client("webauthn.create", challenge)
        return self._credential(clientDataJSON=client, attestationObject=attestation)

    def get(self, challenge: str) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives."""
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", challenge)
        signature = ed25519_sign(self.seed, data + hashlib.sha256(client).digest())
        return self._credential(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, more: int) -> bytes:
        domain = hashlib.sha256(self.domain.encode()).digest()
        return domain + bytes([self.flags | more]) + struct.pack(">I", self.count)

    def _client(self, type: str, challenge: str) -> bytes:
        return json.dumps({"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        given = {key: base64url(value) for key, value in response.items()}
        return {"id": base64url(self.id), "rawId": base64url(self.id), "type": "public-key", "response": given}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Ed25519 as RFC 8032, section 5.1, writes it down: slow, and nobody's real key is near.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
BASE: Point = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)


def _add(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P) % P
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P


def _multiply(number: int) -> bytes:
    """The encoded point that is so many times the base point."""
    sum, doubled = (0, 1), BASE
    while number:
        if number & 1:
            sum = _add(sum, doubled)
        doubled = _add(doubled, doubled)
        number >>= 1
    return (sum[1] | (sum[0] & 1) << 255).to_bytes(32, "little")


def _secret(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    number = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return number, digest[32:]


def ed25519_public(seed: bytes) -> bytes:
    return _multiply(_secret(seed)[0])


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    number, prefix = _secret(seed)
    public = _multiply(number)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    start = _multiply(nonce)
    factor = int.from_bytes(hashlib.sha512(start + public + message).digest(), "little")
    return start + ((nonce + factor * number) % L).to_bytes(32, "little")
