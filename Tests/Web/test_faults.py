"""What the page says while something fails, and that nothing written meanwhile is lost, doubled or out of order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from people import People
from person import Person
from system import GATEWAYS, System
from waiting import eventually

pytestmark = pytest.mark.faults

RELOADS = pytest.mark.parametrize("reload", [False, True], ids=["page stays", "page reloaded"])

HEARTBEAT = 20_000
PONG_DEADLINE = 5_000


def write_meanwhile(*people: Person) -> None:
    for number in (1, 2, 3):
        for person in people:
            person.write(f"{person.name} {number}")


def reload_meanwhile(person: Person, pending: int) -> None:
    """A new page, from what the browser kept: it shows what was shown, with what waits below."""
    person.ready_for_reload("hello", pending=pending)
    before = person.bodies()
    person.page.reload()
    expect(person.texts).to_have_text(before)


def all_arrived(*people: Person, writers: tuple[Person, ...], timeout: float = 20_000) -> None:
    """Everybody sees the same, each message of `write_meanwhile` once, and each writer's in the order of writing."""
    for person in people:
        for writer in writers:
            person.sees(f"{writer.name} 3", timeout)
        person.all_sent(timeout)
    first = people[0].bodies()
    assert len(first) == len(set(first)), f"doubled: {first}"
    assert set(first) == {"hello"} | {f"{writer.name} {number}" for writer in writers for number in (1, 2, 3)}
    for writer in writers:
        own = [text for text in first if text.startswith(writer.name)]
        assert own == sorted(own)
    for person in people[1:]:
        expect(person.texts).to_have_text(first)
    for person in people:
        person.page.reload()  # and so they stand in history
        expect(person.texts).to_have_text(first)


@RELOADS
def test_offline(people: People, reload: bool) -> None:
    ada, bob = people.in_conversation()
    if reload:
        ada.ready_for_reload("hello")
    ada.context.set_offline(True)
    write_meanwhile(ada, bob)
    ada.banner("offline")
    if reload:
        reload_meanwhile(ada, pending=3)
        ada.banner("offline")
    ada.context.set_offline(False)
    ada.no_banner()
    all_arrived(ada, bob, writers=(ada, bob))


@contextmanager
def cut_off(person: Person) -> Iterator[None]:
    """As a network that has gone without a word: nothing comes through any more, and nobody says so."""
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    silent = {"urlPattern": "", "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditionsByRule", {"offline": True, "matchedNetworkConditions": [silent]})
    try:
        yield
    finally:
        session.send("Network.emulateNetworkConditionsByRule", {"offline": False, "matchedNetworkConditions": []})
        session.detach()


def test_a_socket_that_the_network_forgot_is_noticed_within_a_heartbeat(people: People) -> None:
    ada, bob = people.in_conversation()
    with cut_off(ada):
        bob.write("Bob 1")
        trouble = ada.banner("connecting", "waiting", timeout=HEARTBEAT + PONG_DEADLINE + 2_000)
        assert ada.page.evaluate("navigator.onLine") is True
        expect(trouble).to_contain_text("What you write is kept here")
        assert ada.bodies() == ["hello"]
        for number in (1, 2, 3):
            ada.write(f"Ada {number}")
        bob.write("Bob 2")
        bob.write("Bob 3")
    all_arrived(ada, bob, writers=(ada, bob), timeout=40_000)


def test_frozen_gateways_are_noticed_by_the_send_that_has_no_answer(people: People, system: System) -> None:
    """No close event, no error, and the browser believes that it is online."""
    ada, bob = people.in_conversation()
    with system.frozen(*GATEWAYS):
        write_meanwhile(ada, bob)
        for one in (ada, bob):
            assert one.page.evaluate("navigator.onLine") is True
            one.banner("connecting", "waiting", timeout=13_000)  # 10 s for the answer, 1 s for the banner
    all_arrived(ada, bob, writers=(ada, bob), timeout=45_000)


@pytest.mark.parametrize("name", GATEWAYS)
def test_one_gateway_killed(people: People, system: System, name: str) -> None:
    """Whoever was on it is on the other one at once, perhaps with a word about it."""
    ada, bob = people.in_conversation()
    with system.without(name):
        write_meanwhile(ada, bob)
        for one in (ada, bob):
            one.no_banner()
            one.all_sent()
        all_arrived(ada, bob, writers=(ada, bob))


@RELOADS
def test_both_gateways_killed(people: People, system: System, reload: bool) -> None:
    ada, bob = people.in_conversation()
    if reload:
        ada.ready_for_reload("hello")
    with system.without(*GATEWAYS):
        write_meanwhile(ada, bob)
        for one in (ada, bob):
            one.banner("waiting", "connecting")
        if reload:
            reload_meanwhile(ada, pending=3)
            ada.banner("waiting", "connecting")
    all_arrived(ada, bob, writers=(ada, bob), timeout=30_000)


def test_reconnect_now_connects_at_once(people: People, system: System) -> None:
    ada, bob = people.in_conversation()
    # Its pauses are random; the longest ones leave the time for the gateways to start before the page's own next try.
    ada.context.add_init_script("Math.random = () => 0.99")
    ada.page.reload()
    ada.no_banner()
    button = ada.page.get_by_role("button", name="Reconnect now")

    def pause() -> int:
        """Seconds to the page's own next try."""
        words = " ".join(ada.page.locator(".banner").all_inner_texts())
        found = re.search(r"in (\d+) s", words)
        return int(found[1]) if found else 0

    with system.without(*GATEWAYS):
        ada.banner("waiting", "connecting")
        button.wait_for()
        eventually(lambda: pause() >= 7, "a long pause", 40)
    eventually(system.serves, "the gateways are back", 5)
    assert pause() > 1
    button.click()
    ada.no_banner(timeout=1_500)
    write_meanwhile(ada)
    all_arrived(ada, bob, writers=(ada,))


@RELOADS
def test_message_service_killed(people: People, system: System, reload: bool) -> None:
    ada, bob = people.in_conversation()
    if reload:
        ada.ready_for_reload("hello")
    with system.without("message-service-1"):
        expect(ada.banner("degraded")).to_contain_text("Messages cannot be stored right now")
        write_meanwhile(ada, bob)
        if reload:
            reload_meanwhile(ada, pending=3)
            expect(ada.banner("degraded")).to_contain_text("Messages cannot be stored right now")
        assert ada.page.locator("[data-pending]").count() == 3
        assert bob.page.locator("[data-pending]").count() == 3
    ada.no_banner(timeout=15_000)
    all_arrived(ada, bob, writers=(ada, bob), timeout=40_000)


@RELOADS
def test_redis_stopped(people: People, system: System, reload: bool) -> None:
    """Who is online is not known then; messages go on as ever."""
    ada, bob = people.in_conversation()
    if reload:
        ada.ready_for_reload("hello")
    with system.without("redis"):
        expect(ada.banner("degraded")).to_contain_text("Who is online cannot be shown right now. Messages work.")
        write_meanwhile(ada, bob)
        if reload:
            ada.all_sent()
            ada.page.reload()
            ada.banner("degraded")
        all_arrived(ada, bob, writers=(ada, bob))
    ada.no_banner(timeout=15_000)
    ada.peer_is("online", timeout=20_000)


def test_auth_service_killed(people: People, system: System) -> None:
    """Whoever is signed in goes on."""
    ada, bob = people.in_conversation()
    with system.without("auth-service-1"):
        expect(ada.banner("degraded")).to_contain_text("Signing in does not work right now. Messages do.")
        write_meanwhile(ada, bob)
        all_arrived(ada, bob, writers=(ada, bob))
    ada.no_banner(timeout=15_000)
