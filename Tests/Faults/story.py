"""Histories for the tests of the checker: what an intact system would have done, of which tests leave things out."""

from __future__ import annotations

from datetime import UTC, datetime

from checker import judge
from history import (
    Ack,
    Began,
    FaultBegins,
    FaultEnds,
    Final,
    Opened,
    Record,
    Sees,
    Shown,
    Try,
    Watches,
    from_lines,
    to_line,
)  # fmt: skip
from verdict import BREACHES, Verdict

WALL = 1_800_000_000.0
CHAT, ADA, BOB = "c" * 32, "ada", "bob"
LAST = 100.0


def sent_at(t: float) -> str:
    return datetime.fromtimestamp(WALL + t, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Story:
    """Ada writes to a chat that Bob watches. A method adds what an intact system would do; tests leave things out."""

    def __init__(self, sweep: bool = True) -> None:
        self.records: list[Record] = [
            Began(0, WALL, sweep),
            Watches(0, "bob's phone", BOB, [CHAT]),
            Opened(0.5, "bob's phone", "gateway"),
        ]
        self.rows: list[list[object]] = []
        self.attempts = 0

    def add(self, *records: Record) -> None:
        self.records += records

    def tries(self, t: float, id: str, body: str = "", **more: bool) -> int:
        self.attempts += 1
        self.add(Try(t, self.attempts, ADA, CHAT, id, body or f"body of {id}", "socket", **more))
        return self.attempts

    def commits(self, t: float, id: str, body: str = "") -> int:
        self.rows.append([len(self.rows) + 1, id, ADA, body or f"body of {id}", sent_at(t)])
        self.add(Sees(t + 0.1, "sql", CHAT, *self._seen(len(self.rows)), "sql"))
        return len(self.rows)

    def acks(self, t: float, attempt: int, seq: int) -> None:
        row = self.rows[seq - 1]
        self.add(Ack(t, attempt, ADA, CHAT, str(row[1]), seq, str(row[4])))

    def shows(self, t: float, seq: int, how: str = "frame", by: str = "bob's phone") -> None:
        self.add(Sees(t, by, CHAT, *self._seen(seq), how), Shown(t, by, CHAT, seq))

    def _seen(self, seq: int) -> tuple[int, str, str, str, str]:
        number, id, sender, body, when = self.rows[seq - 1]
        return int(str(number)), str(id), str(sender), str(body), str(when)

    def says(self, t: float, id: str) -> int:
        """A message that goes all the way."""
        attempt = self.tries(t, id)
        seq = self.commits(t + 0.01, id)
        self.acks(t + 0.02, attempt, seq)
        self.shows(t + 0.03, seq)
        return seq

    def fault(self, number: int, begin: float, end: float, **more: bool) -> None:
        kinds = {"single": True, "breaks_routing": True, "silences": False} | more
        self.add(FaultBegins(begin, number, "fault", "", **kinds), FaultEnds(end, number, end))

    def judged(self, *finals: Final) -> Verdict:
        truth = Final(LAST, "sql", CHAT, [list(row) for row in self.rows])
        records = sorted([*self.records, truth, *finals], key=lambda record: record.t)
        return judge(from_lines(map(to_line, records)))


def only(verdict: Verdict, *kinds: str) -> None:
    """These breaches, each once, and no other."""
    assert verdict.count() == {kind: int(kind in kinds) for kind in BREACHES}, verdict.breaches
