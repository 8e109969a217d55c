"""What each fault cost the people who were writing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from history import Ack, FaultBegins, FaultEnds, NoAnswer, Opened, Record, Refusal, Swept, Try

SWEEP_LAG = 5.0
"""The sweep, and this harness's look at its counter, come a few seconds later."""


@dataclass
class Cost:
    """Of one fault, from its beginning until every chat was served again."""

    name: str
    what: str
    begin: float
    seconds: float
    without_ack: float
    """The longest time in which nobody got an ack."""
    tries: int
    failed: int
    recovery: float | None
    """From the end of the fault until each busy chat had an ack for a try made after it."""
    reconnects: int
    swept: int
    slowest: float
    """From the first try to the ack of the slowest message."""
    note: str

    @property
    def share(self) -> float:
        return self.failed / self.tries if self.tries else 0.0


def costs(records: list[Record]) -> list[Cost]:
    ends = {record.number: record for record in records if isinstance(record, FaultEnds)}
    book = _Book(records)
    return [
        book.cost(record, ends[record.number])
        for record in records
        if isinstance(record, FaultBegins) and record.number in ends
    ]


class _Book:
    def __init__(self, records: list[Record]) -> None:
        self.tries = [
            record for record in records if isinstance(record, Try) and not record.illegal and not record.extra
        ]
        self.attempts = {record.attempt: record for record in self.tries}
        self.acks = [record for record in records if isinstance(record, Ack) and record.attempt in self.attempts]
        self.acked_at = {ack.attempt: ack.t for ack in self.acks}
        self.opened = [record.t for record in records if isinstance(record, Opened)]
        self.swept = [record for record in records if isinstance(record, Swept)]
        self.unanswered = {record.attempt for record in records if isinstance(record, NoAnswer | Refusal)}
        often = Counter(one.chat for one in self.tries)
        # In a quiet chat an ack is late because nobody wrote.
        self.busy = {chat for chat, count in often.items() if count * 4 >= max(often.values())}
        self.first: dict[tuple[str, str, str], float] = {}
        for one in self.tries:
            self.first.setdefault((one.user, one.chat, one.id), one.t)

    def cost(self, begins: FaultBegins, ends: FaultEnds) -> Cost:
        recovered = self._recovered(ends.t)
        until = ends.served if recovered is None else recovered
        until = max(until or ends.t, ends.t)
        tried = [one for one in self.tries if begins.t <= one.t <= until]
        times = sorted(ack.t for ack in self.acks if begins.t <= ack.t <= until)
        return Cost(
            name=begins.name,
            what=begins.what,
            begin=begins.t,
            seconds=ends.t - begins.t,
            without_ack=_longest(times, begins.t, until),
            tries=len(tried),
            failed=sum(one.attempt in self.unanswered for one in tried),
            recovery=None if recovered is None else recovered - ends.t,
            reconnects=sum(begins.t <= t <= until for t in self.opened),
            swept=sum(one.count for one in self.swept if begins.t <= one.t <= until + SWEEP_LAG),
            slowest=self._slowest(begins.t, until),
            note=ends.note,
        )

    def _recovered(self, end: float) -> float | None:
        """When the last busy chat had an ack for a try that began after the end of the fault."""
        found: dict[str, float] = {}
        for ack in self.acks:
            if ack.chat in self.busy and self.attempts[ack.attempt].t >= end:
                found.setdefault(ack.chat, ack.t)
        return max(found.values()) if len(found) == len(self.busy) else None

    def _slowest(self, begin: float, until: float) -> float:
        latencies = [
            ack.t - first
            for ack in self.acks
            if ack.t >= begin and (first := self.first[ack.user, ack.chat, ack.id]) <= until
        ]
        return max(latencies, default=0.0)


def _longest(times: list[float], begin: float, end: float) -> float:
    marks = [begin, *times, end]
    return max(after - before for before, after in pairwise(marks))


def latencies(records: list[Record]) -> list[float]:
    """From the first try to the ack, of every message."""
    book = _Book(records)
    found: dict[tuple[str, str, str], float] = {}
    for ack in book.acks:
        key = (ack.user, ack.chat, ack.id)
        found.setdefault(key, ack.t - book.first[key])
    return list(found.values())
