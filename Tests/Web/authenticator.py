"""An authenticator app: codes by time (RFC 6238, SHA-1, six digits, 30 s)."""

from __future__ import annotations

import base64
import hmac
import struct
import time


def code_of(secret: str, at: float | None = None) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int((time.time() if at is None else at) // 30)), "sha1")
    (number,) = struct.unpack(">I", digest[digest[-1] & 15 :][:4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def next_code(secret: str, used: str) -> str:
    """One that was not used yet: a code is good once."""
    while (code := code_of(secret)) == used:
        time.sleep(0.5)
    return code
