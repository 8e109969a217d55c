"""What the checker says of messages that were shown late or never."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from history import Closed, Fetch, Lag, Opened, Sees, Told
from story import ADA, CHAT, Story, only, sent_at


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
