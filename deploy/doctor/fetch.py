"""HTTP for the checks: one request, a deadline, no proxy, certificates as told."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

PATIENCE = 3.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes
    # This machine's clock in the middle of the request, and how long it took.
    at: float
    took: float

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def clock_offset(self) -> float | None:
        """Seconds by which the other's clock is ahead. `Date` has whole seconds and may be one old: ± 1."""
        date = self.headers.get("Date")
        return parsedate_to_datetime(date).timestamp() + 1 - self.at if date else None


class Unreachable(Exception):
    """Nobody answered; the text says why."""


def trust(authority: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def untrusting() -> ssl.SSLContext:
    """For everything but the check of the certificate, which reports it once."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=untrusting()), _Stay
)


def fetch(url: str, body: dict[str, str] | None = None, token: str | None = None) -> Reply:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    begin, wall = time.monotonic(), time.time()
    try:
        try:
            answer = _OPENER.open(urllib.request.Request(url, data=data, headers=headers), timeout=PATIENCE)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            content = answer.read(1 << 20)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Unreachable(str(reason) or type(reason).__name__) from None
    took = time.monotonic() - begin
    return Reply(answer.status or 0, answer.headers, content, wall + took / 2, took)
