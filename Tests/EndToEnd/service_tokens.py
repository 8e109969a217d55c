"""Service tokens as the services make them (Libraries/Common/Tokens/ServiceToken.swift), and as an attacker would like to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import tempfile
import time
import uuid

PKCS8_OF_A_SEED = bytes.fromhex("302e020100300506032b657004220420")


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def seed(secret: bytes, service: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869) without a salt, one block."""
    key = hmac.digest(bytes(32), secret, hashlib.sha256)
    return hmac.digest(key, f"parley service key: {service}".encode() + b"\x01", hashlib.sha256)


def sign(seed: bytes, message: bytes) -> bytes:
    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text:
        key.write(PKCS8_OF_A_SEED + seed)
        text.write(message)
        key.flush()
        text.flush()
        command = ["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key.name, "-in", text.name]
        return subprocess.run(command, check=True, capture_output=True).stdout


def service_token(secret: bytes, caller: str, callee: str, *, key_of: str | None = None, **changes: object) -> str:
    """A token of `caller` for calls to `callee`; signed with its own key unless `key_of` says otherwise."""
    now = int(time.time())
    header = {"alg": "EdDSA", "typ": "parley-service+jwt", "kid": caller}
    claims = {"iss": caller, "aud": callee, "sub": caller, "iat": now, "nbf": now, "exp": now + 60}
    claims |= {"jti": str(uuid.uuid4())} | changes
    text = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{text}.{encoded(sign(seed(secret, key_of or caller), text.encode()))}"
