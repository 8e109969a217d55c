"""Byte strings as Python 2 had them: a str of the code points 0 to 255. The ported cases hold their payloads so."""

from __future__ import annotations

import binascii
from typing import Any


def octets(text: Any) -> Any:
    """The bytes that a str of Python 2 is; what is none stays as it is."""
    return text.encode("latin-1") if isinstance(text, str) else text


def native(data: Any) -> Any:
    """The str of Python 2 that these bytes are; what is none stays as it is."""
    return data.decode("latin-1") if isinstance(data, (bytes, bytearray)) else data


def b2a_hex(text: Any) -> str:
    """As binascii's, so that this module can stand in for it."""
    return binascii.b2a_hex(octets(text)).decode("ascii")
