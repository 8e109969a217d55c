"""An authenticator app (RFC 6238), as a person has it on the phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time


def totp(secret: str, steps: int = 0) -> str:
    """The code of a secret in base32, now or so many steps of 30 seconds later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1)
    offset = mac[19] & 15
    return f"{(struct.unpack_from('>I', mac, offset)[0] & 0x7FFFFFFF) % 1_000_000:06}"
