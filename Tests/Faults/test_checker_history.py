"""What the checker says of messages that are in history and should not be, or should be and are not; and of people who
were refused or told too much."""

from __future__ import annotations

from history import Ack, Fetch, NoAnswer, Refusal, Sees, Stray, Unguarded
from story import ADA, CHAT, Story, only, sent_at


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


def test_stranger_when_anything_reached_one(story: Story) -> None:
    story.add(Stray(5, "stranger", "frame message"))
    only(story.judged(), "stranger")


def test_failed_when_a_legal_send_was_refused_for_good(story: Story) -> None:
    story.add(Refusal(4.1, story.tries(4, "m4"), "not_found", True))
    only(story.judged(), "failed")


def test_failed_when_a_send_was_never_settled(story: Story) -> None:
    story.add(NoAnswer(14, story.tries(4, "m4"), "timeout"))
    only(story.judged(), "failed")
