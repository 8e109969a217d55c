"""The 10-second promise, for each observer and message; and that everybody shows everything in the end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate
from math import inf
from typing import NamedTuple

from history import (
    Began,
    Closed,
    FaultBegins,
    FaultEnds,
    Fetch,
    Final,
    Lag,
    Opened,
    Record,
    Sees,
    Shown,
    Told,
    Watches,
    wall_clock,
)  # fmt: skip
from verdict import PROMISE, TRUTH, Row, Verdict

ROUTING, REJOINING = 2.0, 5.0
"""Without the sweep, what is committed so shortly before a fault or after its end may have lost its events: how long
they may be under way, and until a gateway that is back is known to the others again."""


class Window(NamedTuple):
    begin: float
    end: float


class Delivery:
    def __init__(self, records: list[Record], truth: dict[str, list[Row]], verdict: Verdict) -> None:
        self.truth, self.verdict = truth, verdict
        self.began = next(record for record in records if isinstance(record, Began))
        self.end = max((record.t for record in records if isinstance(record, Final)), default=0.0)
        self.watches: list[Watches] = []
        self.shown: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        self.visible: dict[tuple[str, int], float] = {}
        self.told: dict[tuple[str, str], list[Told]] = defaultdict(list)
        self.seen: dict[tuple[str, str], list[Sees]] = defaultdict(list)
        self.fetches: dict[str, list[Fetch]] = defaultdict(list)
        self.changes: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.lags: list[Lag] = []
        for record in sorted(records, key=lambda record: record.t):
            self._sort_in(record)
        self.connected = {watch.by: self._connected(watch.by) for watch in self.watches}
        self.excuses, self.without_routing = self._fault_windows(records)

    def _sort_in(self, record: Record) -> None:
        match record:
            case Watches():
                self.watches.append(record)
            case Shown():
                self.shown[record.by, record.chat].setdefault(record.seq, record.t)
            case Sees() if record.by == TRUTH:
                self.visible[record.chat, record.seq] = record.t
            case Sees():
                self.seen[record.by, record.chat].append(record)
            case Told():
                self.told[record.by, record.chat].append(record)
            case Fetch():
                self.fetches[record.by].append(record)
            case Opened():
                self.changes[record.by].append((record.t, 1))
            case Closed():
                self.changes[record.by].append((record.t, -1))
            case Lag():
                self.lags.append(record)

    def _connected(self, by: str) -> list[Window]:
        """When an observer had at least one welcomed socket."""
        windows, open_sockets, since = [], 0, 0.0
        for t, change in sorted(self.changes[by], key=lambda one: (one[0], -one[1])):
            if open_sockets == 0 and change == 1:
                since = t
            open_sockets += change
            if open_sockets == 0:
                windows.append(Window(since, t))
        if open_sockets > 0:
            windows.append(Window(since, self.end))
        return windows

    def _fault_windows(self, records: list[Record]) -> tuple[list[Window], list[Window]]:
        """When the promise does not hold as it stands: with several things broken at once, or the client's own link;
        and, where the sweep is off, whenever events may have been lost."""
        ends = {record.number: record for record in records if isinstance(record, FaultEnds)}
        begun = [record for record in records if isinstance(record, FaultBegins)]
        windows = {one.number: Window(one.t, ends[one.number].t if one.number in ends else self.end) for one in begun}
        excuses = [windows[one.number] for one in begun if not one.single or one.silences]
        for one in begun:
            for other in begun:
                if one.number < other.number and _overlap(windows[one.number], windows[other.number]):
                    excuses.append(_hull(windows[one.number], windows[other.number]))
        lossy = [windows[one.number] for one in begun if one.breaks_routing] if not self.began.sweep else []
        return sorted(excuses), lossy

    def judge(self) -> None:
        for watch in self.watches:
            for chat in watch.chats:
                self._judge_syncs(watch.by, chat)
                for row in self.truth.get(chat, []):
                    self._judge_one(watch.by, chat, row)

    def _judge_syncs(self, by: str, chat: str) -> None:
        """When a sync is over, all that the reader of the tables saw before it was asked for is shown."""
        rows = self.truth.get(chat, [])
        seen = list(accumulate((self.visible.get((chat, row.seq), inf) for row in rows), max))
        missed: dict[int, str] = {}
        for fetch in self.fetches[by]:
            count = bisect_left(seen, fetch.began)
            if fetch.chat != "*" or not fetch.ok or count == 0:
                continue
            seq = rows[count - 1].seq
            if self.shown[by, chat].get(seq, inf) > fetch.t:
                missed.setdefault(seq, f"{chat} {seq}: not shown by {by} after its sync of {fetch.began:.2f} s")
        for what in missed.values():
            self.verdict.breach("incomplete", what)

    def _judge_one(self, by: str, chat: str, row: Row) -> None:
        shown = self.shown[by, chat].get(row.seq)
        if shown is None and self._is_connected(by, self.end, self.end):
            self.verdict.breach("behind", f"{chat} {row.seq}: {by} never showed it")
            return
        commit = self._commit(chat, row)
        if shown is not None and self._is_connected(by, commit, shown):
            self.verdict.delays.append(max(0.0, shown - self._sent(row)))
        if any(window.begin - ROUTING <= commit <= window.end + REJOINING for window in self.without_routing):
            return
        if shown is not None and shown <= commit + PROMISE:
            return
        deadline = self._deadline(commit)
        if not self._is_connected(by, commit, deadline):
            return
        if (shown is not None and shown <= deadline) or self._cannot_fetch(by, chat, row.seq, commit, deadline):
            self.verdict.excused += 1
            return
        late = "never" if shown is None else f"after {shown - commit:.2f} s"
        self.verdict.breach("silent gap", f"{chat} {row.seq}: committed at {commit:.2f} s, {by} showed it {late}")

    def _commit(self, chat: str, row: Row) -> float:
        """When the commit could be seen: by PostgreSQL's clock it was not before `sent_at`, and the reader of the
        tables knows when it was there. They differ by a fraction of a second, unless PostgreSQL itself was broken."""
        sent = self._sent(row)
        return max(sent, self.visible.get((chat, row.seq), sent))

    def _sent(self, row: Row) -> float:
        return wall_clock(row.sent_at) - self.began.wall

    def _is_connected(self, by: str, begin: float, end: float) -> bool:
        windows = self.connected[by]
        index = bisect_right(windows, Window(begin, float("inf"))) - 1
        return index >= 0 and windows[index].begin <= begin and windows[index].end >= min(end, self.end)

    def _deadline(self, commit: float) -> float:
        deadline = commit + PROMISE
        for window in self.excuses:
            if window.begin <= deadline and window.end + PROMISE > deadline and window.end >= commit:
                deadline = window.end + PROMISE
        lag = sum(lag.seconds for lag in self.lags if commit <= lag.t <= deadline)
        return deadline + lag

    def _cannot_fetch(self, by: str, chat: str, seq: int, commit: float, deadline: float) -> bool:
        """Whether the observer knew of the message in time, and its fetch failed or was not over: not silent."""
        knew = any(told.seq >= seq and told.t <= commit + PROMISE for told in self.told[by, chat])
        knew = knew or any(told.t <= commit + PROMISE and told.t >= commit for told in self.told[by, "*"])
        seen = self.seen[by, chat]
        start = bisect_left(seen, commit - PROMISE, key=lambda one: one.t)
        knew = knew or any(one.seq >= seq for one in seen[start:] if one.t <= commit + PROMISE)
        failing = [
            fetch.chat
            for fetch in self.fetches[by]
            if fetch.began <= deadline and fetch.t >= commit and (not fetch.ok or fetch.t > deadline)
        ]
        return "*" in failing or (knew and chat in failing)


def _overlap(one: Window, other: Window) -> bool:
    return one.begin <= other.end and other.begin <= one.end


def _hull(one: Window, other: Window) -> Window:
    return Window(min(one.begin, other.begin), max(one.end, other.end))
