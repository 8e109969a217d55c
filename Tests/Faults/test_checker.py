"""The checker is tested by histories with one breach of each kind, and by clean ones that look suspicious."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checker import judge
from history import (
    Ack,
    Began,
    Closed,
    FaultBegins,
    FaultEnds,
    Fetch,
    Final,
    Lag,
    NoAnswer,
    Opened,
    Page,
    Record,
    Refusal,
    Sees,
    Shown,
    Stray,
    Told,
    Try,
    Unguarded,
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


@pytest.fixture
def story() -> Story:
    """Three messages that went well, at 1, 2 and 3 s."""
    story = Story()
    for number in (1, 2, 3):
        story.says(float(number), f"m{number}")
    return story


# Clean


def test_a_good_story_is_clean(story: Story) -> None:
    only(story.judged(Final(LAST, "rest", CHAT, [list(row) for row in story.rows])))


def test_a_timeout_whose_message_never_appears_is_clean_when_its_retry_does(story: Story) -> None:
    first = story.tries(4, "m4")
    story.add(NoAnswer(14, first, "timeout"))
    again = story.tries(15, "m4")
    story.acks(15.2, again, story.commits(15.1, "m4"))
    story.shows(15.2, 4)
    verdict = story.judged()
    only(verdict)
    assert (verdict.unknown, verdict.appeared) == (1, 1)


def test_a_try_without_an_answer_that_was_written_and_a_late_ack_are_clean(story: Story) -> None:
    first = story.tries(4, "m4")
    seq = story.commits(4.1, "m4")
    story.shows(4.2, seq)
    story.add(NoAnswer(14, first, "timeout"))
    again = story.tries(15, "m4")
    story.acks(15.1, again, seq)
    story.acks(16.0, first, seq)
    only(story.judged())


def test_a_message_that_was_never_acked_but_is_there_is_clean(story: Story) -> None:
    story.add(NoAnswer(5, story.tries(4, "m4"), "gone"))
    story.shows(4.2, story.commits(4.1, "m4"))
    only(story.judged())


def test_repeats_on_the_wire_and_refusals_of_illegal_sends_are_clean(story: Story) -> None:
    story.shows(5, 2)
    story.shows(5.1, 1, "page")
    story.add(Refusal(6, story.tries(5.9, "m1", "another body", illegal=True), "conflict", True))
    story.add(Refusal(6, story.tries(5.9, "x1", "a blank", illegal=True), "bad_frame", True))
    only(story.judged())


def test_a_refusal_by_rate_and_then_an_ack_is_clean(story: Story) -> None:
    story.add(Refusal(4.1, story.tries(4, "m4"), "rate_limited", True))
    again = story.tries(5, "m4")
    story.acks(5.2, again, story.commits(5.1, "m4"))
    story.shows(5.3, 4)
    only(story.judged())


def test_a_copy_through_another_gateway_is_clean_whichever_is_first(story: Story) -> None:
    own, copy = story.tries(4, "m4"), story.tries(4, "m4", extra=True)
    seq = story.commits(4.1, "m4")
    story.acks(4.2, copy, seq)
    story.acks(4.3, own, seq)
    story.shows(4.2, seq)
    only(story.judged())


# In history or not


def test_lost_when_an_acked_message_is_not_in_history(story: Story) -> None:
    attempt = story.tries(4, "m4")
    story.add(Ack(4.1, attempt, ADA, CHAT, "m4", 4, sent_at(4)))
    only(story.judged(), "lost")


def test_lost_when_somebody_saw_what_is_no_longer_in_history(story: Story) -> None:
    story.add(NoAnswer(5, story.tries(4, "m4"), "gone"))
    story.add(Sees(4.1, "bob's phone", CHAT, 4, "m4", ADA, "body of m4", sent_at(4), "frame"))
    # It is also not settled, as nobody acknowledged it.
    only(story.judged(), "lost", "failed")


def test_duplicated_when_an_id_is_there_twice(story: Story) -> None:
    story.shows(4.2, story.commits(4, "m2"))
    only(story.judged(), "duplicated")


def test_duplicated_when_the_tables_would_take_an_id_twice(story: Story) -> None:
    story.add(Unguarded(90, "a second row"))
    only(story.judged(), "duplicated")


def test_incomplete_when_a_sync_leaves_out_what_was_committed_before_it(story: Story) -> None:
    story.add(Fetch(6, "bob's phone", "*", 5, True))
    attempt = story.tries(4, "m4")
    story.acks(4.2, attempt, story.commits(4.1, "m4"))
    story.shows(7, 4)
    only(story.judged(), "incomplete")


def test_a_sync_that_failed_or_began_before_the_commit_need_not_show_it(story: Story) -> None:
    story.add(Fetch(6, "bob's phone", "*", 5, False), Fetch(6.5, "bob's phone", "*", 4.1, True))
    attempt = story.tries(4, "m4")
    story.acks(4.2, attempt, story.commits(4.1, "m4"))
    story.shows(7, 4)
    only(story.judged())


def test_failed_when_a_send_is_answered_with_the_code_of_a_bug(story: Story) -> None:
    story.add(Refusal(4.1, story.tries(4, "m4"), "internal", False))
    again = story.tries(5, "m4")
    story.acks(5.2, again, story.commits(5.1, "m4"))
    story.shows(5.3, 4)
    only(story.judged(), "failed")


def test_phantom_when_nobody_sent_it(story: Story) -> None:
    story.shows(4.2, story.commits(4, "nobody's"))
    only(story.judged(), "phantom")


def test_phantom_when_every_try_was_refused_for_good(story: Story) -> None:
    story.add(Refusal(4.1, story.tries(4, "m4", illegal=True), "not_found", True))
    story.shows(4.3, story.commits(4.2, "m4"))
    only(story.judged(), "phantom")


def test_phantom_when_an_observer_sees_what_was_never_sent(story: Story) -> None:
    story.add(Sees(4.1, "bob's phone", CHAT, 4, "nobody's", ADA, "?", sent_at(4), "frame"))
    only(story.judged(), "phantom")


def test_phantom_when_an_illegal_send_is_acknowledged(story: Story) -> None:
    attempt = story.tries(5, "m1", "another body", illegal=True)
    story.acks(5.1, attempt, 1)
    only(story.judged(), "phantom")


# Order


def test_reordered_when_seq_has_a_hole(story: Story) -> None:
    attempt = story.tries(4, "m4")
    story.rows.append([5, "m4", ADA, "body of m4", sent_at(4)])
    story.add(Ack(4.1, attempt, ADA, CHAT, "m4", 5, sent_at(4)))
    story.add(Sees(4.2, "bob's phone", CHAT, 5, "m4", ADA, "body of m4", sent_at(4), "frame"))
    story.add(Shown(4.3, "bob's phone", CHAT, 5))
    only(story.judged(), "reordered")


def test_reordered_when_a_writer_who_waited_is_overtaken_by_the_next_message(story: Story) -> None:
    first = story.tries(4, "m4")
    second = story.tries(6, "m5")
    late = story.commits(6.1, "m5")
    early = story.commits(6.1, "m4")
    story.add(Ack(4.5, first, ADA, CHAT, "m4", early, sent_at(6.1)))
    story.acks(6.2, second, late)
    story.shows(6.2, late)
    story.shows(6.2, early)
    only(story.judged(), "reordered")


def test_reordered_when_sent_at_runs_backwards(story: Story) -> None:
    attempt = story.tries(4, "m4")
    story.rows.append([4, "m4", ADA, "body of m4", sent_at(2.5)])
    story.acks(4.2, attempt, 4)
    story.shows(4.3, 4)
    only(story.judged(), "reordered")


def test_reordered_when_a_page_has_a_hole(story: Story) -> None:
    story.add(Page(5, "pager", CHAT, 1, 3, 2))
    only(story.judged(), "reordered")


# Agreement


@pytest.mark.parametrize("change", [{"id": "m1"}, {"digest": "else"}, {"sent_at": sent_at(9)}, {"sender": BOB}])
def test_divergent_when_an_observer_has_something_else(story: Story, change: dict[str, Any]) -> None:
    seen = Sees(5, "pager", CHAT, 2, "m2", ADA, "body of m2", sent_at(2.01), "page")
    if "sender" in change:
        story.add(Try(0.9, 99, BOB, CHAT, "m2", "body of m2", "socket"))
        story.rows.append([4, "m2", BOB, "body of m2", sent_at(4)])
        story.shows(4.1, 4)
    story.add(replace(seen, **change))
    only(story.judged(), "divergent")


def test_divergent_when_a_repeat_is_acked_with_another_seq(story: Story) -> None:
    story.add(Ack(5, story.tries(4.9, "m2"), ADA, CHAT, "m2", 3, sent_at(2.01)))
    only(story.judged(), "divergent")


def test_divergent_when_history_by_rest_ends_earlier(story: Story) -> None:
    only(story.judged(Final(LAST, "rest", CHAT, [list(row) for row in story.rows[:2]])), "divergent")


# Delivery


def unseen_until(story: Story, shown: float | None) -> None:
    """A fourth message, written at 20 s."""
    attempt = story.tries(20, "m4")
    story.acks(20.1, attempt, story.commits(20, "m4"))
    if shown is not None:
        story.shows(shown, 4, "page")


def test_a_silent_gap_when_a_connected_observer_is_late(story: Story) -> None:
    unseen_until(story, 30.5)
    only(story.judged(), "silent gap")


def test_no_silent_gap_just_in_time(story: Story) -> None:
    unseen_until(story, 29.9)
    only(story.judged())


def test_behind_when_a_connected_observer_never_shows_it(story: Story) -> None:
    unseen_until(story, None)
    only(story.judged(), "behind")


def test_no_silent_gap_when_the_socket_was_closed_in_between(story: Story) -> None:
    story.add(Closed(25, "bob's phone", 1006), Opened(40, "bob's phone", "gateway"))
    unseen_until(story, 41)
    only(story.judged())


def test_a_silent_gap_on_sockets_that_overlap_as_at_a_drain(story: Story) -> None:
    story.add(Opened(24, "bob's phone", "next gateway"), Closed(25, "bob's phone", 1000))
    unseen_until(story, 41)
    only(story.judged(), "silent gap")


def test_no_silent_gap_when_a_resync_came_and_the_fetch_failed(story: Story) -> None:
    story.add(Told(23, "bob's phone", CHAT, 4), Fetch(33, "bob's phone", CHAT, 23, False))
    unseen_until(story, 35)
    only(story.judged())


def test_a_silent_gap_when_a_resync_came_and_nothing_hindered_the_fetch(story: Story) -> None:
    story.add(Told(23, "bob's phone", CHAT, 4), Fetch(23.2, "bob's phone", CHAT, 23, True))
    unseen_until(story, 35)
    only(story.judged(), "silent gap")


def test_a_silent_gap_when_a_fetch_failed_of_which_nobody_told(story: Story) -> None:
    story.add(Fetch(24, "bob's phone", CHAT, 23, False))
    unseen_until(story, 35)
    only(story.judged(), "silent gap")


def test_one_fault_does_not_excuse_a_silent_gap(story: Story) -> None:
    story.fault(1, 19, 34)
    unseen_until(story, 35)
    only(story.judged(), "silent gap")


Arrange = Callable[[Story], None]


@pytest.mark.parametrize(
    "arrange",
    [
        pytest.param(lambda story: story.fault(1, 19, 34, single=False), id="all of a kind"),
        pytest.param(lambda story: story.fault(1, 19, 34, silences=True), id="the client's own link"),
        pytest.param(lambda story: (story.fault(1, 19, 28), story.fault(2, 20, 34)), id="two at once"),
        pytest.param(lambda story: story.add(Lag(30, 6.0)), id="the harness stood still"),
    ],
)
def test_no_silent_gap_while_more_is_broken_than_was_promised_for(story: Story, arrange: Arrange) -> None:
    arrange(story)
    unseen_until(story, 35)
    only(story.judged())


def test_a_silent_gap_ten_seconds_after_everything_healed(story: Story) -> None:
    story.fault(1, 19, 34, single=False)
    unseen_until(story, 44.5)
    only(story.judged(), "silent gap")


def test_without_the_sweep_only_faults_that_break_routing_excuse() -> None:
    for breaks, kinds in ((True, ()), (False, ("silent gap",))):
        story = Story(sweep=False)
        story.fault(1, 19, 22, breaks_routing=breaks)
        attempt = story.tries(20, "m1")
        story.acks(20.1, attempt, story.commits(20, "m1"))
        story.shows(50, 1, "page")
        only(story.judged(), *kinds)


def test_a_commit_counts_from_when_it_could_be_seen(story: Story) -> None:
    """PostgreSQL was frozen between the statement and its commit."""
    attempt = story.tries(20, "m4")
    story.rows.append([4, "m4", ADA, "body of m4", sent_at(20)])
    story.add(Sees(27, "sql", CHAT, 4, "m4", ADA, "body of m4", sent_at(20), "sql"))
    story.acks(27, attempt, 4)
    story.shows(36, 4)
    only(story.judged())


# People


def test_stranger_when_anything_reached_one(story: Story) -> None:
    story.add(Stray(5, "stranger", "frame message"))
    only(story.judged(), "stranger")


def test_failed_when_a_legal_send_was_refused_for_good(story: Story) -> None:
    story.add(Refusal(4.1, story.tries(4, "m4"), "not_found", True))
    only(story.judged(), "failed")


def test_failed_when_a_send_was_never_settled(story: Story) -> None:
    story.add(NoAnswer(14, story.tries(4, "m4"), "timeout"))
    only(story.judged(), "failed")
