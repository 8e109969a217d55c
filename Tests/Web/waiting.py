"""Waiting for what no selector can name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def eventually(probe: Callable[[], Result], what: str, within: float = 10, every: float = 0.1) -> Result:
    """The probe's first true result."""
    deadline = time.monotonic() + within
    while not (result := probe()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(every)
    return result
