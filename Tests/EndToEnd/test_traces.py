"""One trace follows a request through all services, and stands in the logs of each (W3C Trace Context)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from conftest import MakeUser, Talk, start_talk
from parley_client import eventually, new_id
from parley_system import LocalSystem

SENDING, RECEIVING = "realtime-gateway-1", "realtime-gateway-2"
APPEND, ROUTES, EVENTS, USERS = (f"/internal/v1/{name}" for name in ("messages", "routes", "events", "users/exist"))


@pytest.fixture
def looked_up(local: LocalSystem, register: MakeUser, far_doors: tuple[str, str]) -> Iterator[Talk]:
    """Two people on two gateways, of which the first asks presence-service where the other one is."""
    with local.changed(SENDING, PARLEY_ROUTE_LOOKUP="always"):
        yield start_talk(register, far_doors)


@pytest.mark.faults
@pytest.mark.usefixtures("two_gateways")
def test_a_message_sent_by_rest_has_its_trace_wherever_it_comes(
    looked_up: Talk, local: LocalSystem, far_doors: tuple[str, str]
) -> None:
    trace = secrets.token_hex(16)
    looked_up.ada.api.url = far_doors[0]
    answer = looked_up.ada.api.request(
        "POST",
        f"/api/v1/chats/{looked_up.chat}/messages",
        {"id": new_id(), "body": "hi"},
        headers=traceparent(trace),
    )
    assert answer.status == 200
    looked_up.at_bob.sees(looked_up.chat, "hi")
    seen(trace, local, ("message-service-1", APPEND), ("presence-service-1", ROUTES), (RECEIVING, EVENTS))


@pytest.mark.faults
@pytest.mark.usefixtures("two_gateways")
def test_a_message_of_a_socket_has_one_trace_in_all_services(looked_up: Talk, local: LocalSystem) -> None:
    before = traces(local, "message-service-1", APPEND)
    looked_up.at_ada.say(looked_up.chat, "hi")
    looked_up.at_bob.sees(looked_up.chat, "hi")
    (trace,) = traces(local, "message-service-1", APPEND) - before
    seen(trace, local, ("presence-service-1", ROUTES), (RECEIVING, EVENTS))


def test_a_request_that_needs_auth_service_takes_its_trace_there(local: LocalSystem, register: MakeUser) -> None:
    ada, bob, trace = register("ada"), register("bob"), secrets.token_hex(16)
    answer = ada.api.request("PUT", f"/api/v1/chats/with/{bob.id}", headers=traceparent(trace))
    assert answer.status == 200
    seen(trace, local, ("auth-service-1", USERS))


def traceparent(trace: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}


def seen(trace: str, local: LocalSystem, *where: tuple[str, str]) -> None:
    for name, route in where:
        eventually(lambda: trace in traces(local, name, route), f"the trace in the log of {name} at {route}")


def traces(local: LocalSystem, name: str, route: str) -> set[str]:
    """The traces of the requests to a route, by the log, which has every request at level debug."""
    return {line["trace"] for line in lines(local, name) if line.get("route") == route}


def lines(local: LocalSystem, name: str) -> list[dict[str, str]]:
    text = local.log(name)
    return [json.loads(line) for line in text[: text.rfind("\n")].splitlines() if '"request"' in line]
