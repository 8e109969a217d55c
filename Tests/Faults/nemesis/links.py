"""Links between processes through proxies that can be bad: delay, black holes, cuts, one byte at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from nemesis.fault import Fault, Start, World
from proxy import MODES, Link, Mode
from system import FaultySystem


@dataclass
class Routed:
    """A link of one process: `kind` is like "gateway-message", `source` the process it belongs to."""

    kind: str
    source: str
    link: Link


class LinkSet:
    """A proxy for every link. A process learns of them by its environment, at its next start."""

    def __init__(self, system: FaultySystem) -> None:
        self.system = system
        self.routed: list[Routed] = []
        self._before: dict[str, dict[str, str]] = {}

    async def _proxy(self, kind: str, source: str, host: str | None, port: int | None) -> str:
        assert host and port
        link = Link(host, port)
        await link.start()
        self.routed.append(Routed(kind, source, link))
        return link.address

    async def _urls(self, kind: str, source: str, urls: str) -> str:
        places = [urlsplit(url) for url in urls.split(",")]
        return ",".join(["http://" + await self._proxy(kind, source, place.hostname, place.port) for place in places])

    async def _store_url(self, kind: str, source: str, file: str) -> str:
        """A file beside the original with the store's URL through a proxy."""
        url = (self.system.home / "secret" / file).read_text().strip()
        place = urlsplit(url)
        address = await self._proxy(kind, source, place.hostname, place.port)
        routed = self.system.home / "secret" / f"{file}.{source}"
        routed.touch(0o600)
        routed.write_text(url.replace(f"{place.hostname}:{place.port}", address) + "\n")
        return str(routed)

    async def install(self) -> None:
        """Puts all proxies in and restarts the services one by one; clients take theirs at their next connect."""
        system = self.system
        for name in system.services:
            environment = system.environment(name)
            changes: dict[str, str | None] = {}
            if name.startswith("realtime-gateway"):
                changes["PARLEY_MESSAGE_URLS"] = await self._urls(
                    "gateway-message", name, environment["PARLEY_MESSAGE_URLS"])  # fmt: skip
                changes["PARLEY_PRESENCE_URLS"] = await self._urls(
                    "gateway-presence", name, environment["PARLEY_PRESENCE_URLS"])  # fmt: skip
                changes["PARLEY_ADVERTISE"] = await self._urls("peer-gateway", name, environment["PARLEY_ADVERTISE"])
            elif name.startswith("presence-service"):
                changes["PARLEY_REDIS_URL_FILE"] = await self._store_url("presence-redis", name, "redis_url")
            else:
                kind = name.split("-")[0] + "-postgres"
                changes["PARLEY_DATABASE_URL_FILE"] = await self._store_url(kind, name, "database_url")
            self._before[name] = {key: environment[key] for key in changes}
            system.set_environment(name, **changes)
        edge = urlsplit(system.url)
        system.door = "http://" + await self._proxy("client-edge", "edge", edge.hostname, edge.port)
        await system.restart_one_by_one(*system.services)

    async def remove(self, for_good: bool) -> None:
        """Ends the proxies. A system that goes on without them (`for_good`) gets its direct links back before."""
        if for_good:
            self.system.door = self.system.url
            for name, changes in self._before.items():
                self.system.set_environment(name, **changes)
            await self.system.restart_one_by_one(*self._before)
        for routed in self.routed:
            await routed.link.stop()


KINDS = {
    "gateway-message": "one gateway and message-service",
    "gateway-presence": "one gateway and presence-service",
    "peer-gateway": "the other gateways and one gateway",
    "message-postgres": "one message-service and PostgreSQL",
    "auth-postgres": "one auth-service and PostgreSQL",
    "presence-redis": "one presence-service and Redis",
    "client-edge": "the clients and the edge",
}


def _bad(kind: str, mode: Mode, everyone: bool) -> Start:
    @asynccontextmanager
    async def broken(world: World) -> AsyncIterator[str]:
        assert world.links is not None, "the links are not in place"
        routed = [one for one in world.links.routed if one.kind == kind]
        source = world.chances.choice(sorted({one.source for one in routed}))
        chosen = [one.link for one in routed if everyone or one.source == source]
        for link in chosen:
            link.become(mode)
        try:
            yield f"{kind} links of {'all' if everyone else source}: {MODES[mode]}"
        finally:
            for link in chosen:
                link.become("good")

    return broken


def faults() -> list[Fault]:
    found = []
    for kind, between in KINDS.items():
        for mode, what in MODES.items():
            seconds = (3.0, 6.0) if kind == "client-edge" else (3.0, 18.0)
            found.append(
                Fault(f"link-{kind}-{mode}", f"between {between}: {what}", kind, _bad(kind, mode, False), seconds,
                      silences=kind == "client-edge", through_links=True)
            )  # fmt: skip
    for kind in ("gateway-message", "gateway-presence", "peer-gateway", "message-postgres"):
        for mode in ("hole", "cut"):
            # Without any fast path, or without presence-service, the sweep still keeps the promise.
            single = kind in ("gateway-presence", "peer-gateway")
            found.append(
                Fault(f"link-all-{kind}-{mode}", f"all {kind} links: {MODES[mode]}", kind, _bad(kind, mode, True),
                      (3, 15), single=single, through_links=True)
            )  # fmt: skip
    return found
