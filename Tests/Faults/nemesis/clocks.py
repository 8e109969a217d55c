"""A process with a wrong clock, by libfaketime: its wall clock jumps while it runs, and jumps back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nemesis.fault import Fault, Start, World

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
NEAR, FAR = (-4, 4), (-3600, -90, 90, 3600)
"""Seconds. Tokens between services forgive 5."""


def missing() -> str | None:
    return None if LIBRARY else "libfaketime is not installed"


def _wrong(kind: str, offsets: tuple[int, ...]) -> Start:
    @asynccontextmanager
    async def broken(world: World) -> AsyncIterator[str]:
        system = world.system
        name = world.chances.choice(system.of_kind(kind))
        offset = world.chances.choice(offsets)
        clock = system.home / "run" / f"{name}.clock"
        clock.write_text("+0s\n")
        faked: dict[str, str | None] = {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        system.set_environment(name, **faked)
        await system.restart_one_by_one(name)
        clock.write_text(f"{offset:+d}s\n")
        try:
            yield f"the clock of {name} wrong by {offset:+d} s"
        finally:
            clock.write_text("+0s\n")
            await asyncio.sleep(1.5)  # until it has noticed
            system.set_environment(name, **dict.fromkeys(faked))
            await system.restart_one_by_one(name)

    return broken


def faults() -> list[Fault]:
    found = []
    for kind in ("auth", "message", "presence", "gateway"):
        found.append(
            Fault(f"clock-{kind}", f"the clock of one {kind} process wrong by 4 s", kind, _wrong(kind, NEAR), (4, 10),
                  missing=missing)
        )  # fmt: skip
        # Then its tokens and those of the others are not valid for each other: as if it were cut off from all.
        found.append(
            Fault(f"clock-{kind}-far", f"the clock of one {kind} process wrong by 90 s or an hour", kind,
                  _wrong(kind, FAR), (6, 15), single=False, missing=missing)
        )  # fmt: skip
    return found
