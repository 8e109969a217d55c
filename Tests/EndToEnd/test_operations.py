"""What an operator relies on: health, readiness, metrics, a clean stop, and internal routes that stay inside."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from conftest import Talk
from parley_client import Api
from parley_system import LocalSystem

pytestmark = pytest.mark.faults

NAMES = ["auth-service-1", "message-service-1", "presence-service-1", "realtime-gateway-1", "realtime-gateway-2"]
PUBLIC = [name for name in NAMES if not name.startswith("presence")]
STOP_WITHIN = 10.0
SAMPLE = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eEInfNa]+( \d+)?")

service = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def there(local: LocalSystem, request: pytest.FixtureRequest) -> None:
    """Leaves out the gateway a one-gateway system does not have."""
    call = getattr(request.node, "callspec", None)
    if call and call.params.get("name", NAMES[0]) not in local.services:
        pytest.skip("no such process here")


@service
def test_health_and_readiness_answer(local: LocalSystem, name: str) -> None:
    assert requests.get(local.internal(name) + "/healthz", timeout=5).status_code == 200
    ready = requests.get(local.internal(name) + "/readyz", timeout=5)
    assert ready.status_code == 200 and isinstance(ready.json(), dict)


@service
def test_metrics_are_prometheus_text(local: LocalSystem, name: str) -> None:
    answer = requests.get(local.internal(name) + "/metrics", timeout=5)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain")
    samples = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert samples and all(SAMPLE.fullmatch(line) for line in samples)


@service
def test_internal_routes_need_a_service_token(local: LocalSystem, name: str, talk_token: str) -> None:
    for path in (f"/internal/v1/{name}" for name in ("tips", "append", "revocations", "events", "x")):
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": f"Bearer {talk_token}"}):
            for method in ("GET", "POST"):
                status = requests.request(method, local.internal(name) + path, headers=headers, timeout=5).status_code
                assert status in (401, 404, 405), (method, path, status)


def test_an_internal_route_that_exists_is_401_without_a_token(local: LocalSystem) -> None:
    tips = requests.post(local.internal("message-service-1") + "/internal/v1/tips", json={}, timeout=5)
    revoked = requests.get(local.internal("auth-service-1") + "/internal/v1/revocations?since=", timeout=5)
    assert (tips.status_code, revoked.status_code) == (401, 401)


@pytest.mark.parametrize("name", PUBLIC)
def test_nothing_internal_is_on_the_public_listener(local: LocalSystem, name: str) -> None:
    for path in ("/internal/v1/tips", "/internal/v1/revocations", "/internal", "/metrics", "/healthz", "/readyz"):
        for method in ("GET", "POST"):
            assert requests.request(method, local.public(name) + path, timeout=5).status_code == 404, path


def test_nothing_internal_is_behind_the_edge(local: LocalSystem) -> None:
    for path in ("/internal/v1/tips", "/metrics", "/healthz", "/readyz", "/api/v1/../../internal/v1/tips"):
        assert Api(local.url).request("GET", path).status == 404, path


@pytest.fixture
def talk_token(far_talk: Talk) -> str:
    """An access token of a user: good outside, and nothing inside."""
    return far_talk.ada.token


@service
def test_a_service_ends_on_sigterm_with_exit_0(local: LocalSystem, name: str) -> None:
    begin = time.monotonic()
    with local.without(name, "stop"):
        assert time.monotonic() - begin < STOP_WITHIN + 1
        assert local.exit_code_on_sigterm(name, STOP_WITHIN) == 0


@pytest.mark.usefixtures("two_gateways")
def test_a_stopping_gateway_asks_its_clients_to_move(far_talk: Talk, local: LocalSystem) -> None:
    """Bob moves when told to; meanwhile every message of Ada reaches him on one socket or the other."""
    with ThreadPoolExecutor(1) as background:
        stopped = background.submit(local.process, "stop", "realtime-gateway-2")
        try:
            drain = far_talk.at_bob.wait("drain", within=STOP_WITHIN)
            assert 0 <= drain["reconnect_after_ms"] <= STOP_WITHIN * 1000
            elsewhere = far_talk.bob.connect(local.gateways[0])
            far_talk.at_ada.say(far_talk.chat, "are you moving?")
            elsewhere.sees(far_talk.chat, "are you moving?")
            far_talk.at_bob.close()
        finally:
            stopped.result()
            local.process("start", "realtime-gateway-2")


def test_logs_are_json_lines_without_tokens_passwords_or_bodies(far_talk: Talk, local: LocalSystem) -> None:
    far_talk.at_ada.say(far_talk.chat, "a body nobody should find in a log, quizzical-xylophone")
    far_talk.bob.login()
    secrets = ["quizzical-xylophone", far_talk.ada.token, far_talk.ada.refresh_token, far_talk.ada.password]
    for name in local.services:
        text = local.log(name)
        assert not [secret for secret in secrets if secret in text], name
        # The last line may still be under way.
        lines = text[: text.rfind("\n")].splitlines()
        assert lines
        assert [line for line in lines if not (line.startswith("{") and line.endswith("}"))] == [], name
