"""Processes killed, frozen and stopped: one, and all of a kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nemesis.fault import Fault, Start, World

WORDS = {"kill": "killed (-9)", "freeze": "frozen (SIGSTOP, then SIGCONT)", "term": "stopped by SIGTERM, then started"}
BEGIN = {"kill": "kill", "freeze": "pause", "term": "stop"}
MANY = ("auth", "message", "presence", "gateway")


def breaking(how: str, kind: str, everyone: bool) -> Start:
    @asynccontextmanager
    async def broken(world: World) -> AsyncIterator[str]:
        names = world.system.of_kind(kind)
        victims = names if everyone else [world.chances.choice(names)]
        await world.system.act(BEGIN[how], *victims)
        try:
            yield f"{', '.join(victims)} {WORDS[how]}"
        finally:
            if how == "freeze":
                await world.system.act("resume", *victims)
            else:
                await world.system.ensure_started(*victims)

    return broken


def faults() -> list[Fault]:
    found = []
    for kind in MANY:
        for how in BEGIN:
            # What a client sees of auth-service and presence-service never loses an event between gateways.
            breaks = kind in ("gateway", "message", "presence")
            found.append(
                Fault(f"{how}-{kind}", f"one {kind} process {WORDS[how]}", kind, breaking(how, kind, False),
                      breaks_routing=breaks, in_mix=True)
            )  # fmt: skip
            found.append(
                Fault(f"{how}-all-{kind}", f"all {kind} processes {WORDS[how]}", kind, breaking(how, kind, True),
                      breaks_routing=breaks, single=False, in_mix=how == "kill")
            )  # fmt: skip
    for how in BEGIN:
        found.append(Fault(f"{how}-edge", f"the edge {WORDS[how]}", "edge", breaking(how, "edge", True), in_mix=True))
    return found
