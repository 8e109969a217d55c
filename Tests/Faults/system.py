"""The system under test, for asyncio: its processes by name and kind, their signals, environments and metrics."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import psycopg

from parley_system import REPOSITORY, SERVICES, LocalSystem
from rest import UNREACHED, request

KINDS = {"auth": "auth-service", "message": "message-service", "presence": "presence-service",
         "gateway": "realtime-gateway"}  # fmt: skip
SERVING = {"/.well-known/jwks.json": 200, "/api/v1/sync": 401, "/ws": 426}


class CommandFailed(Exception):
    pass


class FaultySystem(LocalSystem):
    """A system whose processes may be broken: started here, or found running in a home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = (home / "run" / "url").read_text().strip()
        self.gateways = [self.public(name) for name in self.of_kind("gateway")]
        self.door = self.url
        """Where clients go: the edge, or a bad link to it."""

    @staticmethod
    def start(home: Path, gateways: int, instances: int, **environment: str) -> FaultySystem:
        LocalSystem(home, gateways, "--instances", str(instances), **environment)
        return FaultySystem(home)

    # Names

    @property
    def names(self) -> list[str]:
        return self._lines("processes")

    def of_kind(self, kind: str) -> list[str]:
        """The processes of one kind: a service by its first word, or edge, postgres, redis."""
        prefix = KINDS.get(kind, kind)
        return [name for name in self.names if name == prefix or name.startswith(prefix + "-")]

    def command(self, name: str) -> list[str]:
        return self._lines(f"{name}.cmd")

    @property
    def admin_url(self) -> str:
        """PostgreSQL as its superuser."""
        _, _, place = self.database_url.rpartition("@")
        secret = (self.home / "secret" / "postgres-admin").read_text().strip()
        return f"postgresql://postgres:{secret}@{place}"

    @property
    def redis_address(self) -> tuple[str, int]:
        host, port = (self.home / "secret" / "redis_url").read_text().strip().removeprefix("redis://").split(":")
        return host, int(port)

    # Actions

    async def run(self, *arguments: str, within: float = 60) -> str:
        """`./parley …` on this home.

        - Raises: ``CommandFailed``.
        """
        process = await asyncio.create_subprocess_exec(
            str(REPOSITORY / "parley"), *arguments, "--home", str(self.home),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), within)
        if process.returncode != 0:
            raise CommandFailed(f"parley {' '.join(arguments)}: {process.returncode}\n{output.decode()}")
        return output.decode()

    async def act(self, action: str, *names: str) -> None:
        """`./parley process ACTION` on all of them at once."""
        await asyncio.gather(*(self.run("process", action, name) for name in names))

    async def ensure_started(self, *names: str) -> None:
        """Starts them; one that finds what it needs still missing is started again, as a supervisor would."""
        for tries in range(5):
            try:
                return await self.act("start", *names)
            except CommandFailed:
                if tries == 4:
                    raise
                await asyncio.sleep(1)

    def signal_with_children(self, name: str, number: signal.Signals) -> None:
        """`./parley process pause` stops one process; PostgreSQL is many."""
        for pid in [self.pid(name), *children_of(self.pid(name))]:
            os.kill(pid, number)

    def set_environment(self, name: str, **changes: str | None) -> None:
        """For its next start; a value of None takes the key away."""
        merged = {**self.environment(name), **changes}
        lines = [f"{key}={value}" for key, value in merged.items() if value is not None]
        (self.home / "run" / f"{name}.env").write_text("\n".join(lines) + "\n")

    async def let_gateways_disagree(self) -> None:
        """Gives the last gateway the message-services in another order. Which one it asks about a chat depends on that
        order, so now two of them write to the same chats at the same time, as they else do in a failover only."""
        name = self.of_kind("gateway")[-1]
        urls = self.environment(name)["PARLEY_MESSAGE_URLS"].split(",")
        self.set_environment(name, PARLEY_MESSAGE_URLS=",".join(reversed(urls)))
        await self.restart_one_by_one(name)

    async def restart_one_by_one(self, *names: str) -> None:
        for name in names:
            await self.act("stop", name)
            await self.ensure_started(name)

    # Looking

    async def serves(self) -> bool:
        """Whether every service is ready and the edge knows it."""
        asked = [(self.internal(name), "/readyz", 200) for name in self.services]
        asked += [(self.url, path, status) for path, status in SERVING.items()]
        return all(await asyncio.gather(*(self._answers(*one) for one in asked)))

    async def _answers(self, url: str, path: str, status: int) -> bool:
        try:
            return (await request(url, "GET", path, timeout=2)).status == status
        except UNREACHED:
            return False

    async def wait_until_it_serves(self, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                while not await self.serves():
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return False
        return True

    async def swept(self, name: str) -> float | None:
        """How many chats this gateway's sweep has delivered since its start; nothing if it does not answer."""
        try:
            answer = await request(self.internal(name), "GET", "/metrics", timeout=1)
        except UNREACHED:
            return None
        metric = "parley_gateway_delivered_by_sweep_total"
        lines = [line for line in str(answer.body).splitlines() if line.startswith(metric)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    async def sql(self, statement: str, url: str | None = None) -> Any:
        """Runs one statement as the superuser, outside a transaction."""
        connecting = psycopg.AsyncConnection.connect(url or self.admin_url, autocommit=True, connect_timeout=5)
        async with await connecting as connection:
            cursor = await connection.execute(statement)
            return await cursor.fetchall() if cursor.description else None


def children_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()]


__all__ = ["KINDS", "SERVICES", "CommandFailed", "FaultySystem", "children_of"]
