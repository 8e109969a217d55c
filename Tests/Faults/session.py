"""A signed-in session: its tokens, renewed in time, and REST requests with them."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from typing import Any

from history import History, Remark
from parley_client import Answer
from rest import UNREACHED, request

PASSWORD = "correct horse 27 staple"


class Unavailable(Exception):
    """No answer, or one that says to try again."""


def backoff(tries: int, failing_for: float = float("inf")) -> float:
    """Full jitter, as docs/protocol.md says."""
    return random.uniform(0, min(20.0, 0.5 * 2**tries, max(0.5, failing_for)))


class Session:
    """One sign-in of a person. `url` gives the origin at each request: a link may be moved in between."""

    def __init__(self, history: History, url: Callable[[], str], signed_in: dict[str, Any]) -> None:
        self.history, self.url = history, url
        self.user = str(signed_in["user"]["id"])
        self.username = str(signed_in["user"]["username"])
        self.renewed: list[Callable[[], None]] = []
        self._renewing = asyncio.Lock()
        self._take(signed_in)

    @staticmethod
    async def register(history: History, url: Callable[[], str], name: str) -> Session:
        given = {"username": f"{name}-{uuid.uuid4().hex[:12]}", "password": PASSWORD}
        answer = await request(url(), "POST", "/api/v1/auth/register", None, given)
        assert answer.status == 201, answer
        return Session(history, url, answer.body)

    async def on_another_device(self) -> Session:
        return Session(self.history, self.url, await self._login())

    async def _login(self) -> dict[str, Any]:
        given = {"username": self.username, "password": PASSWORD}
        answer = await request(self.url(), "POST", "/api/v1/auth/login", None, given)
        if answer.status != 200:
            raise Unavailable(f"login: {answer.status}")
        return dict(answer.body)

    def _take(self, signed_in: dict[str, Any]) -> None:
        self.token = str(signed_in["access_token"])
        self._refresh_token = str(signed_in["refresh_token"])
        self.lifetime = float(signed_in["expires_in"])

    async def keep_fresh(self) -> None:
        """Renews the access token for ever, each time when two thirds of its life are over."""
        while True:
            await asyncio.sleep(self.lifetime * 2 / 3)
            await self.renew(self.token)

    async def renew(self, used: str) -> None:
        """Replaces the token `used`, unless somebody has; goes on until it is done."""
        async with self._renewing:
            tries = 0
            while self.token == used:
                try:
                    await self._refresh()
                except (*UNREACHED, Unavailable):
                    await asyncio.sleep(backoff(tries))
                    tries += 1
        for told in self.renewed:
            told()

    async def _refresh(self) -> None:
        answer = await request(self.url(), "POST", "/api/v1/auth/refresh", None, {"refresh_token": self._refresh_token})
        if answer.status == 401:
            self.history.add(Remark(self.history.now, self.username, "refresh refused; signed in again"))
            self._take(await self._login())
        elif answer.status == 200:
            self._take(answer.body)
        else:
            raise Unavailable(f"refresh: {answer.status}")

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        """A request with the token, which is renewed once if it is refused.

        - Raises: one of UNREACHED.
        """
        used = self.token
        answer = await request(self.url(), method, path, used, body)
        if answer.status == 401:
            async with asyncio.timeout(10):
                await self.renew(used)
            answer = await request(self.url(), method, path, self.token, body)
        return answer

    async def get(self, path: str) -> Any:
        """- Raises: ``Unavailable``."""
        try:
            answer = await self.ask("GET", path)
        except UNREACHED as error:
            raise Unavailable(f"{path}: {error!r}") from error
        if answer.status != 200:
            raise Unavailable(f"{path}: {answer.status}")
        return answer.body
