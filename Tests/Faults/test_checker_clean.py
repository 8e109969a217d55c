"""Histories that look suspicious and are clean."""

from __future__ import annotations

from history import Final, NoAnswer, Refusal
from story import CHAT, LAST, Story, only


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
