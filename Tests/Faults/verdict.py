"""What is found: breaches by kind, and numbers beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

PROMISE = 10.0
"""Seconds from commit to a connected observer's screen."""
TRUTH = "sql"
BREACHES = ("lost", "duplicated", "phantom", "reordered", "divergent", "silent gap", "incomplete", "behind", "stranger", "failed")

Key = tuple[str, str, str]
"""Sender, chat, id: a message's name."""


class Row(NamedTuple):
    """A message as history holds it."""

    seq: int
    id: str
    sender: str
    digest: str
    sent_at: str


@dataclass
class Verdict:
    breaches: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in BREACHES})
    unknown: int = 0
    """Tries without an answer."""
    appeared: int = 0
    """Messages of those that were written."""
    delays: list[float] = field(default_factory=list)
    """From `sent_at` to the screen of each observer that was connected all the while."""
    excused: int = 0
    """Shown later than promised for a reason that is not the server's, or that two faults at once explain."""

    @property
    def is_clean(self) -> bool:
        return not any(self.breaches.values())

    def breach(self, kind: str, what: str) -> None:
        self.breaches[kind].append(what)

    def count(self) -> dict[str, int]:
        return {kind: len(found) for kind, found in self.breaches.items()}


def summary(values: Iterable[float]) -> dict[str, float]:
    """Median, 99th percentile and highest of some seconds."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}
    return {
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        "max": ordered[-1],
    }
