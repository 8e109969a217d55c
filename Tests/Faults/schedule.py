"""Which faults, in which order, for how long: from a seed. And how an episode is carried out."""

from __future__ import annotations

import asyncio
import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from history import FaultBegins, FaultEnds, Remark
from nemesis import FAULTS
from nemesis.fault import Fault, World
from nemesis.links import LinkSet

CALM = 2.0
CALM_WITHOUT_SWEEP = 9.0
"""Long enough for messages that no fault excuses."""
HEALING_MAX = 60.0
TOGETHER = 0.3
"""How often two faults come at once, in a random schedule."""


@dataclass(frozen=True)
class Episode:
    """Some faults at once, for so many seconds, then calm. `links`: the proxies are put in before it."""

    number: int
    faults: tuple[Fault, ...]
    seconds: float
    links: bool = False

    def __str__(self) -> str:
        names = " + ".join(fault.name for fault in self.faults) or "links through proxies"
        return f"{self.number:3}. {names}, {self.seconds:.1f} s"


def possible(fault: Fault, idle: int) -> bool:
    return fault.missing() is None and (idle > 0 or fault.name != "crowd")


def _episode(number: int, faults: tuple[Fault, ...], chances: random.Random, longest: float = 60) -> Episode:
    low, high = (max(values) for values in zip(*(fault.seconds for fault in faults), strict=True))
    return Episode(number, faults, chances.uniform(low, min(high, max(low, longest))))


def short_mix(seed: int) -> list[Episode]:
    """Every cheap fault once, in random order."""
    chances = random.Random(f"mix {seed}")
    chosen = [fault for fault in FAULTS.values() if fault.in_mix and possible(fault, 0)]
    chances.shuffle(chosen)
    return [_episode(number, (fault,), chances, 5) for number, fault in enumerate(chosen, 1)]


def one_fault(name: str, seed: int, times: int, seconds: float | None) -> list[Episode]:
    chances = random.Random(f"one {seed}")
    fault = FAULTS[name]
    if seconds is not None:
        fault = replace(fault, seconds=(seconds, seconds))
    episodes = [_episode(number, (fault,), chances) for number in range(1, times + 1)]
    return [Episode(0, (), 0.0, links=True), *episodes] if fault.through_links else episodes


def everything(seed: int, idle: int) -> tuple[Iterator[Episode], Iterator[Episode]]:
    """Random episodes without end: first those with direct links, then those with all links through proxies."""
    known = [fault for fault in FAULTS.values() if possible(fault, idle) and not fault.alone]
    direct = [fault for fault in known if not fault.through_links]
    # Links have many more names than processes: half of what is drawn in the second part is one.
    routed = [fault for fault in known if fault.through_links]
    return _random(f"direct {seed}", [direct]), _random(f"links {seed}", [routed, direct])


def _random(seed: str, pools: list[list[Fault]]) -> Iterator[Episode]:
    chances = random.Random(seed)
    decks: list[list[Fault]] = [[] for _ in pools]
    number = 0

    def draw() -> Fault:
        """From a shuffled deck, so that every fault comes before any comes again."""
        which = chances.randrange(len(pools))
        if not decks[which]:
            decks[which] = chances.sample(pools[which], len(pools[which]))
        return decks[which].pop()

    while True:
        number += 1
        faults = [draw()]
        if chances.random() < TOGETHER:
            other = draw()
            if _may_meet(faults[0], other):
                faults.append(other)
        yield _episode(number, tuple(faults), chances)


def _may_meet(one: Fault, other: Fault) -> bool:
    """Not twice on one part; a rolling restart waits for everybody to be ready, so it is left alone."""
    return one.part != other.part and "services" not in (one.part, other.part)


class Nemesis:
    """Carries episodes out, one after another."""

    def __init__(self, world: World, seed: int, calm: float) -> None:
        self.world, self.seed, self.calm = world, seed, calm
        self.done: list[Episode] = []
        self.failed: list[str] = []
        """Faults that this harness could not carry out as they should be."""
        self._number = 0

    async def carry_out(self, episode: Episode) -> None:
        print(f"{self.world.history.now:7.1f} s {episode}", file=sys.stderr, flush=True)
        if episode.links:
            return await self._install_links()
        self.done.append(episode)
        self.world.before_each()
        await asyncio.sleep(self.calm)
        begun: list[int] = []
        self.world.notes.clear()
        try:
            async with AsyncExitStack() as stack:
                for fault in episode.faults:
                    begun.append(await self._break(fault, episode, stack))
                await asyncio.sleep(episode.seconds)
        except Exception as error:
            self.failed.append(f"{episode}: {error!r}")
            print(traceback.format_exc(), file=sys.stderr)
        finally:
            ended = self.world.history.now
            served = await self.world.system.wait_until_it_serves(HEALING_MAX)
            for number in begun:
                now = self.world.history.now if served else None
                self.world.history.add(FaultEnds(ended, number, now, "; ".join(self.world.notes)))
        if not served:
            self.world.history.add(
                Remark(self.world.history.now, "nemesis", f"not served {HEALING_MAX} s after {episode}")
            )

    async def _break(self, fault: Fault, episode: Episode, stack: AsyncExitStack) -> int:
        self._number += 1
        number = self._number
        world = replace(self.world, chances=random.Random(f"{self.seed} {episode.number} {fault.name}"))
        # Written before it is broken, so that nothing of it is outside; what is said of it comes later.
        record = FaultBegins(
            world.history.now, number, fault.name, fault.about, fault.single, fault.breaks_routing, fault.silences
        )
        world.history.add(record)
        try:
            record.what = await stack.enter_async_context(fault.start(world))
        except BaseException:
            world.history.add(FaultEnds(world.history.now, number))
            raise
        return number

    async def _install_links(self) -> None:
        """By a rolling restart, which must lose nothing either."""
        self.world.links = LinkSet(self.world.system)
        await self.world.links.install()
        await self.world.system.wait_until_it_serves(HEALING_MAX)
