"""What a fault is, and what it may reach."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from history import History
from system import FaultySystem

if TYPE_CHECKING:
    from nemesis.links import LinkSet


@dataclass
class World:
    """What a fault works on. `chances` is the fault's own, so that a seed gives the same victims again."""

    system: FaultySystem
    history: History
    chances: random.Random
    idle: int = 0
    """Idle sockets for the faults that throw clients off."""
    links: LinkSet | None = None
    """The proxies, once links go through them."""
    before_each: Callable[[], None] = lambda: None
    """Lets the people of the workload take their places."""
    notes: list[str] = field(default_factory=list)


Broken = AbstractAsyncContextManager[str]
"""Breaks on entry and says what; mends on exit."""
Start = Callable[[World], Broken]


def always_possible() -> str | None:
    return None


@dataclass(frozen=True)
class Fault:
    """A way to break the system.

    `part`: what it touches; two faults on one part are never combined. `single`: one process or one link, so that the
    10-second promise holds meanwhile. `breaks_routing`: may lose events between gateways, which the sweep then finds.
    `silences`: mutes the clients' own links. `seconds`: how long it lasts. `in_mix`: cheap enough for the short mix.
    """

    name: str
    about: str
    part: str
    start: Start
    seconds: tuple[float, float] = (3, 6)
    single: bool = True
    breaks_routing: bool = True
    silences: bool = False
    in_mix: bool = False
    alone: bool = False
    """Only as a run of its own."""
    through_links: bool = False
    """Needs the proxies in place."""
    missing: Callable[[], str | None] = always_possible
    """Why it cannot be had on this machine, if so."""
