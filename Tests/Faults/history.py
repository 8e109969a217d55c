"""What happened in a run, as small records in the order in which it happened: all that the checker looks at.

Times `t` are seconds since the run began, by the monotonic clock of the one process that writes them. `sent_at` is
PostgreSQL's. A message is named by (sender, chat, id); its body is kept as a digest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from sys import intern
from typing import Any


def digest(body: str) -> str:
    return intern(blake2b(body.encode(), digest_size=6).hexdigest())


def wall_clock(time_text: str) -> float:
    """Seconds since 1970 of a time as the protocol writes it."""
    return datetime.fromisoformat(time_text.replace("Z", "+00:00")).timestamp()


@dataclass(slots=True)
class Record:
    t: float


@dataclass(slots=True)
class Began(Record):
    """The first record: when that was by the wall clock, and whether the gateways' sweep is on."""

    wall: float
    sweep: bool = True


@dataclass(slots=True)
class Watches(Record):
    """An observer that must show these chats of its user."""

    by: str
    user: str
    chats: list[str]


# Sending


@dataclass(slots=True)
class Try(Record):
    """One attempt to send. An illegal one must never be written; an extra one is a copy nobody waits for."""

    attempt: int
    user: str
    chat: str
    id: str
    digest: str
    via: str
    illegal: bool = False
    extra: bool = False


@dataclass(slots=True)
class Ack(Record):
    attempt: int
    user: str
    chat: str
    id: str
    seq: int
    sent_at: str


@dataclass(slots=True)
class Refusal(Record):
    """Final: this attempt had no effect and never will. Otherwise its outcome is unknown."""

    attempt: int
    code: str
    final: bool


@dataclass(slots=True)
class NoAnswer(Record):
    attempt: int
    why: str


# Seeing


@dataclass(slots=True)
class Sees(Record):
    """A message as an observer received it: `how` is frame, ack, page or sql."""

    by: str
    chat: str
    seq: int
    id: str
    sender: str
    digest: str
    sent_at: str
    how: str


@dataclass(slots=True)
class Shown(Record):
    """A message joined what the observer shows: everything before it is shown as well."""

    by: str
    chat: str
    seq: int


@dataclass(slots=True)
class Page(Record):
    """One answer of a reader: so many messages, from the first seq to the last."""

    by: str
    chat: str
    first: int
    last: int
    count: int


@dataclass(slots=True)
class Told(Record):
    """A resync named the chat."""

    by: str
    chat: str
    seq: int


@dataclass(slots=True)
class Fetch(Record):
    """A fetch of one chat, or a whole sync ("*"), ended."""

    by: str
    chat: str
    began: float
    ok: bool


@dataclass(slots=True)
class Opened(Record):
    """A socket was welcomed."""

    by: str
    gateway: str


@dataclass(slots=True)
class Closed(Record):
    by: str
    code: int


@dataclass(slots=True)
class Stray(Record):
    """Something reached a person who is no member."""

    by: str
    what: str


@dataclass(slots=True)
class Unguarded(Record):
    """The tables took what they must refuse by themselves."""

    what: str


# Faults and the harness


@dataclass(slots=True)
class FaultBegins(Record):
    """`single`: one process or one link, so that the 10-second promise holds during it. `breaks_routing`: may lose
    events between gateways. `silences`: mutes the clients' own links, which no server can make up for."""

    number: int
    name: str
    what: str
    single: bool
    breaks_routing: bool
    silences: bool = False


@dataclass(slots=True)
class FaultEnds(Record):
    """Everything is in its place again; `served` is when the whole system was seen to serve."""

    number: int
    served: float | None = None
    note: str = ""


@dataclass(slots=True)
class Swept(Record):
    """So many chats were delivered by the gateways' sweep since the last record."""

    count: int


@dataclass(slots=True)
class Lag(Record):
    """The harness itself stood still for so many seconds."""

    seconds: float


@dataclass(slots=True)
class Remark(Record):
    """Worth knowing, not judged."""

    by: str
    what: str


# The end


@dataclass(slots=True)
class Final(Record):
    """A chat as it is at the end: rows of [seq, id, sender, digest, sent_at]. The reader "sql" is the truth."""

    by: str
    chat: str
    rows: list[list[Any]]


KINDS: dict[str, type[Record]] = {
    kind.__name__: kind
    for kind in (
        Began, Watches, Try, Ack, Refusal, NoAnswer, Sees, Shown, Page, Told, Fetch, Opened, Closed, Stray, Unguarded,
        FaultBegins, FaultEnds, Swept, Lag, Remark, Final,
    )
}  # fmt: skip


class History:
    """The records of this run so far."""

    def __init__(self, sweep: bool = True) -> None:
        self.records: list[Record] = []
        self._start = time.monotonic()
        self.add(Began(0.0, time.time(), sweep))
        self._attempts = 0

    @property
    def now(self) -> float:
        return time.monotonic() - self._start

    def add(self, record: Record) -> None:
        self.records.append(record)

    def next_attempt(self) -> int:
        self._attempts += 1
        return self._attempts

    def save(self, file: Path) -> None:
        with file.open("w") as out:
            out.writelines(to_line(record) + "\n" for record in self.records)


def to_line(record: Record) -> str:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return json.dumps({"kind": type(record).__name__, **values}, separators=(",", ":"))


def from_lines(lines: Iterable[str]) -> list[Record]:
    records = []
    for line in lines:
        values = json.loads(line)
        records.append(KINDS[values.pop("kind")](**values))
    return records
