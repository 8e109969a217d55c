"""What the checker says of messages out of order, and of observers that disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from history import Ack, Final, Page, Sees, Shown, Try
from story import ADA, BOB, CHAT, LAST, Story, only, sent_at


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
