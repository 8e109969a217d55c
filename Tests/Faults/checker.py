"""Judges a history. Each kind of breach is counted; a clean verdict has none of any.

    lost         acknowledged or shown to somebody, and not in history
    duplicated   one (sender, chat, id) in history twice, or tables that would take it twice
    phantom      in history or shown, and never sent, or sent only in tries that were refused for good
    reordered    seq not dense, a reader that saw a hole, sent_at running backwards, or a message that was known to be
                 written before another one was sent stands behind it
    divergent    two disagree on what is at (chat, seq)
    silent gap   a connected observer without a message 10 s after its commit, and no word that would have it fetch
    incomplete   a sync that worked, and did not show what was committed before it was asked for
    behind       an observer that never showed a message, although everything had healed
    stranger     something reached a person who is no member
    failed       a legal send refused for good, or not settled after everything had healed; any send that was answered
                 with the code of a bug

A send without an answer is unknown: it may be in history, once, or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

from delivery import Delivery
from history import Ack, Final, NoAnswer, Page, Record, Refusal, Sees, Stray, Try, Unguarded
from verdict import TRUTH, Key, Row, Verdict

R = TypeVar("R", bound=Record)


def judge(records: list[Record]) -> Verdict:
    return Checker(records).judge()


class Checker:
    """One pass to sort the records by kind, then one method for each rule."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.by_kind: dict[type[Record], list[Record]] = defaultdict(list)
        for record in records:
            self.by_kind[type(record)].append(record)
        self.verdict = Verdict()
        self.truth: dict[str, list[Row]] = {
            final.chat: [Row(*row) for row in final.rows] for final in self.of(Final) if final.by == TRUTH
        }
        self.place: dict[Key, list[tuple[str, Row]]] = defaultdict(list)
        for chat, rows in self.truth.items():
            for row in rows:
                self.place[row.sender, chat, row.id].append((chat, row))
        self.tries: dict[Key, list[Try]] = defaultdict(list)
        for one in self.of(Try):
            self.tries[one.user, one.chat, one.id].append(one)
        self.refused = {record.attempt for record in self.of(Refusal) if record.final}
        self.acked = {record.attempt for record in self.of(Ack)}

    def of(self, kind: type[R]) -> Iterator[R]:
        return iter(self.by_kind[kind])  # type: ignore[arg-type]

    def judge(self) -> Verdict:
        self.find_lost()
        self.find_duplicated()
        self.find_phantoms()
        self.find_disorder()
        self.find_divergence()
        self.find_failed()
        Delivery(self.records, self.truth, self.verdict).judge()
        for stray in self.of(Stray):
            self.verdict.breach("stranger", f"{stray.t:.2f} s, {stray.by}: {stray.what}")
        self.count_unknown()
        return self.verdict

    # What is in history

    def find_lost(self) -> None:
        missing: dict[Key, str] = {}
        for ack in self.of(Ack):
            key = (ack.user, ack.chat, ack.id)
            if key not in self.place:
                missing.setdefault(
                    key, f"{ack.chat} {ack.id}: acknowledged at {ack.t:.2f} s as {ack.seq}, not in history"
                )
        for seen in self.of(Sees):
            key = (seen.sender, seen.chat, seen.id)
            if key not in self.place and key in self.tries:
                missing.setdefault(key, f"{seen.chat} {seen.id}: {seen.by} saw it at {seen.t:.2f} s, not in history")
        for what in missing.values():
            self.verdict.breach("lost", what)

    def find_duplicated(self) -> None:
        for (_, chat, id), places in self.place.items():
            if len(places) > 1:
                self.verdict.breach("duplicated", f"{chat} {id}: at {[row.seq for _, row in places]}")
        for unguarded in self.of(Unguarded):
            self.verdict.breach("duplicated", unguarded.what)

    def find_phantoms(self) -> None:
        """Everything that is or was visible must have a try that may have written it."""
        possible = {
            (key, one.digest)
            for key, tries in self.tries.items()
            for one in tries
            if not one.illegal and one.attempt not in self.refused
        }
        visible = {(key, row.digest): row.seq for key, places in self.place.items() for _, row in places}
        for seen in self.of(Sees):
            visible.setdefault(((seen.sender, seen.chat, seen.id), seen.digest), seen.seq)
        for (key, digest), seq in visible.items():
            if (key, digest) in possible:
                continue
            known = any(other == key for other, _ in possible)
            if known and not any(one.digest == digest for one in self.tries[key]):
                continue  # a message of ours with another body: that is divergence
            self.verdict.breach("phantom", f"{key[1]} {key[2]}: at {seq} from {key[0]}, but no try can have written it")
        for one in self.of(Try):
            if one.illegal and one.attempt in self.acked:
                self.verdict.breach("phantom", f"{one.chat} {one.id}: an illegal send was acknowledged")

    # Order

    def find_disorder(self) -> None:
        for chat, rows in self.truth.items():
            if [row.seq for row in rows] != list(range(1, len(rows) + 1)):
                self.verdict.breach("reordered", f"{chat}: seq is not dense: {_around_hole([row.seq for row in rows])}")
            for before, after in pairwise(rows):
                if after.sent_at < before.sent_at:
                    self.verdict.breach("reordered", f"{chat}: sent_at runs backwards at {after.seq}")
        for page in self.of(Page):
            if page.count != page.last - page.first + 1:
                self.verdict.breach("reordered", f"{page.chat}: {page.by} read a hole in {page.first} to {page.last}")
        self.find_overtaking()

    def find_overtaking(self) -> None:
        """A message known to be written before another was first tried stands before it. So whoever waits for each ack
        keeps their order, and so do two who answer one another."""
        known: dict[Key, float] = {}
        moments = [((ack.user, ack.chat, ack.id), ack.t) for ack in self.of(Ack)]
        moments += [((seen.sender, seen.chat, seen.id), seen.t) for seen in self.of(Sees)]
        for key, t in moments:
            known[key] = min(t, known.get(key, t))
        for chat, rows in self.truth.items():
            latest, latest_seq = -1.0, 0
            for row in rows:
                key = (row.sender, chat, row.id)
                if len(self.place[key]) == 1 and known.get(key, float("inf")) < latest:
                    self.verdict.breach("reordered", f"{chat}: {row.seq} was written before {latest_seq} was sent")
                if key in self.tries and self.tries[key][0].t > latest:
                    latest, latest_seq = self.tries[key][0].t, row.seq

    # Agreement

    def find_divergence(self) -> None:
        at = {(chat, row.seq): row for chat, rows in self.truth.items() for row in rows}
        told: dict[tuple[str, str, int], str] = {}
        for seen in self.of(Sees):
            row = Row(seen.seq, seen.id, seen.sender, seen.digest, seen.sent_at)
            if self._differs(at, seen.chat, row):
                told.setdefault(
                    (seen.by, seen.chat, seen.seq), f"{seen.chat} {seen.seq}: {seen.by} has {row} by {seen.how}"
                )
        for final in self.of(Final):
            for values in final.rows:
                row = Row(*values)
                if self._differs(at, final.chat, row):
                    told.setdefault((final.by, final.chat, row.seq), f"{final.chat} {row.seq}: {final.by} has {row}")
            if len(final.rows) < len(self.truth.get(final.chat, [])):
                told.setdefault((final.by, final.chat, 0), f"{final.chat}: {final.by} has {len(final.rows)} messages")
        for ack in self.of(Ack):
            places = self.place.get((ack.user, ack.chat, ack.id))
            if places and all((row.seq, row.sent_at) != (ack.seq, ack.sent_at) for _, row in places):
                told.setdefault(
                    (ack.user, ack.chat, ack.seq), f"{ack.chat} {ack.id}: the ack said {ack.seq}, {ack.sent_at}"
                )
        for what in told.values():
            self.verdict.breach("divergent", what)

    def _differs(self, at: dict[tuple[str, int], Row], chat: str, row: Row) -> bool:
        """What is nowhere in history is lost or a phantom, and counted there."""
        return at.get((chat, row.seq)) != row and (row.sender, chat, row.id) in self.place

    # Sending

    def find_failed(self) -> None:
        for key, tries in self.tries.items():
            legal = [one for one in tries if not one.illegal]
            own = [one for one in legal if not one.extra]
            if not own or key in self.place or any(one.attempt in self.acked for one in legal):
                continue
            last = own[-1].attempt
            how = "was refused for good" if last in self.refused else "was never settled"
            self.verdict.breach("failed", f"{key[1]} {key[2]}: sent first at {own[0].t:.2f} s, {how}")
        for answer in self.of(Refusal):
            if answer.code == "internal":
                self.verdict.breach("failed", f"attempt {answer.attempt} at {answer.t:.2f} s was answered with internal")

    def count_unknown(self) -> None:
        answers: set[int] = {record.attempt for record in self.of(NoAnswer)}
        answers |= {record.attempt for record in self.of(Refusal) if not record.final}
        self.verdict.unknown = len(answers)
        keys = {key for key, tries in self.tries.items() if tries[0].attempt in answers}
        self.verdict.appeared = sum(key in self.place for key in keys)


def _around_hole(seqs: list[int]) -> list[int]:
    for number, seq in enumerate(seqs, 1):
        if seq != number:
            return seqs[max(0, number - 3) : number + 3]
    return seqs[-3:]
