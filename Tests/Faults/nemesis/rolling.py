"""Every service process restarted, one after another, under load."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nemesis.fault import Fault, World


@asynccontextmanager
async def rolling(world: World) -> AsyncIterator[str]:
    await world.system.run("restart", within=180)
    yield "every service restarted, one instance after another"


def faults() -> list[Fault]:
    return [Fault("rolling-restart", "every service restarted, one instance after another", "services", rolling, (0, 1),
                  breaks_routing=False, in_mix=True)]  # fmt: skip
