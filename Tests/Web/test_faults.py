"""What the page shows, and keeps, while something fails."""

import re

import pytest

from people import in_conversation


def writes_three(person):
    for number in (1, 2, 3):
        person.write(f"meanwhile {number}")


def arrive_in_order(writer, reader, timeout=30_000):
    reader.sees("meanwhile 3", timeout)
    writer.page.wait_for_selector("[data-pending]", state="detached", timeout=timeout)
    expected = ["hello", "meanwhile 1", "meanwhile 2", "meanwhile 3"]
    assert reader.bodies() == expected
    assert writer.bodies() == expected


def test_offline(person):
    ada, bob = in_conversation(person)
    ada.context.set_offline(True)
    writes_three(ada)
    ada.banner("offline", 5_000)
    ada.context.set_offline(False)
    arrive_in_order(ada, bob)
    ada.no_banner(5_000)


def test_offline_with_a_reload_in_between(person):
    ada, bob = in_conversation(person)
    ada.page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    ada.page.wait_for_timeout(1_500)  # the snapshot is written after a quiet 0.8 s
    ada.context.set_offline(True)
    writes_three(ada)
    ada.page.wait_for_timeout(300)
    ada.page.reload()
    ada.sees("hello")
    ada.sees("meanwhile 3")
    ada.context.set_offline(False)
    arrive_in_order(ada, bob)


def test_a_frozen_socket_is_noticed_by_the_heartbeat_alone(person, system):
    """The gateways are paused: no close event, no error, and the browser believes that it is online."""
    ada, bob = in_conversation(person)
    gateways = ("realtime-gateway-1", "realtime-gateway-2")
    for name in gateways:
        system.process("pause", name)
    try:
        assert ada.page.evaluate("navigator.onLine") is True
        writes_three(ada)
        ada.page.wait_for_selector(".banner[data-state=connecting], .banner[data-state=waiting]", timeout=27_000)
    finally:
        for name in gateways:
            system.process("resume", name)
    arrive_in_order(ada, bob, 45_000)


def test_a_killed_gateway(person, system):
    ada, bob = in_conversation(person)
    system.process("kill", "realtime-gateway-1")
    try:
        writes_three(ada)
        arrive_in_order(ada, bob)
    finally:
        system.process("start", "realtime-gateway-1")


@pytest.mark.parametrize("name, words", [
    ("message-service-1", "Messages cannot be stored"), ("redis", "Who is online"),
])
def test_a_stopped_part_is_named_and_nothing_is_lost(person, system, name, words):
    ada, bob = in_conversation(person)
    system.process("kill", name)
    try:
        ada.banner("degraded", 5_000)
        assert ada.page.locator(".banner", has_text=re.compile(words)).count() == 1
        writes_three(ada)
        ada.page.wait_for_timeout(1_000)
    finally:
        system.process("start", name)
    arrive_in_order(ada, bob)
    ada.no_banner(15_000)
