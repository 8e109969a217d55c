"""Every route between the services: none in public, each only for the services that it names, and by no word but a token's.

The list comes from the sources, so that a route made tomorrow is in it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import pytest
import requests

from conftest import MakeUser
from parley_client import Api
from parley_system import REPOSITORY, SERVICES, LocalSystem
from service_tokens import service_token

PATH = re.compile(r'(?:struct|enum|extension) (\w+)[^{}]*\{\s*package static let path = "(/[^"]+)"')
ROUTE = re.compile(r"(?:onInternal|DirectRoute)\(\s*(\w+)\.path,\s*(?:method: \.(\w+),\s*)?from: (\[[^\]]*\]|[\w.]+)")
CONSTANT = re.compile(r'let (\w+) = (\[?"[^\n]*)')
OPEN = {"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"}


@dataclass(frozen=True)
class Route:
    service: str
    method: str
    path: str
    callers: frozenset[str]

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def routes() -> list[Route]:
    protocol = (REPOSITORY / "Libraries/Common/ChatProtocol/Internal").rglob("*.swift")
    paths = {name: path for file in protocol for name, path in PATH.findall(file.read_text())}
    found = []
    for service in SERVICES:
        texts = [file.read_text() for file in (REPOSITORY / "Services" / service / "Sources").rglob("*.swift")]
        constants = {name: re.findall(r'"([^"]+)"', value) for text in texts for name, value in CONSTANT.findall(text)}
        for text in texts:
            for type_name, method, callers in ROUTE.findall(text):
                names = re.findall(r'"([^"]+)"', callers)
                names += [name for word in re.findall(r"[A-Za-z]+", callers) for name in constants.get(word, [])]
                assert set(names) <= set(SERVICES) and names, callers
                found.append(Route(service, (method or "post").upper(), paths[type_name], frozenset(names)))
            assert len(ROUTE.findall(text)) == len(re.findall(r"onInternal\(\n?|DirectRoute\(\n", text))
    return found


ROUTES = routes()
each = pytest.mark.parametrize("route", ROUTES, ids=str)


def secret(system: LocalSystem) -> bytes:
    name = system.environment("auth-service-1")["PARLEY_DEPLOYMENT_SECRET_FILE"]
    with open(name, "rb") as file:
        return file.read().removesuffix(b"\n")


def call(origin: str, route: Route, token: str | None = None, **headers: str) -> int:
    """The status of an empty call: a service that is let in gets its body refused (400), or an answer."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = b"{}" if route.method == "POST" else None
    headers["Content-Type"] = "application/json"
    return requests.request(route.method, origin + route.path, data=body, headers=headers, timeout=5).status_code


def test_the_list_is_whole() -> None:
    assert len(ROUTES) >= 14 and {route.service for route in ROUTES} == set(SERVICES)
    assert all(route.path.startswith("/internal/v1/") for route in ROUTES)


@each
def test_a_route_between_services_is_not_there_in_public(local: LocalSystem, route: Route) -> None:
    token = service_token(secret(local), sorted(route.callers)[0], route.service)
    for name in (f"{service}-1" for service in SERVICES if service != "presence-service"):
        assert call(local.public(name), route, token) == 404
    assert Api(local.url).request(route.method, route.path, headers={"Authorization": f"Bearer {token}"}).status == 404


@each
def test_a_route_between_services_is_for_the_services_it_names(local: LocalSystem, route: Route) -> None:
    origin = local.internal(f"{route.service}-1")
    for caller in SERVICES:
        status = call(origin, route, service_token(secret(local), caller, route.service))
        assert status in ((200, 400) if caller in route.callers else (401, 403)), caller


@each
def test_nothing_but_a_services_own_token_opens_a_route(local: LocalSystem, register: MakeUser, route: Route) -> None:
    origin, key, caller = local.internal(f"{route.service}-1"), secret(local), sorted(route.callers)[0]
    other = next(service for service in SERVICES if service != route.service)
    impostor = next(service for service in SERVICES if service != caller)
    now = int(time.time())
    bad = {
        "none": None,
        "nonsense": "x.y.z",
        "a user's": register("eve").token,
        "expired": service_token(key, caller, route.service, iat=now - 120, nbf=now - 120, exp=now - 60),
        "not yet valid": service_token(key, caller, route.service, iat=now + 600, nbf=now + 600, exp=now + 660),
        "without an end": service_token(key, caller, route.service, exp=None),
        "for another service": service_token(key, caller, other),
        "of another deployment": service_token(b"another secret of at least 32 bytes", caller, route.service),
        "signed by another service": service_token(key, caller, route.service, key_of=impostor),
        "of a service in another's name": service_token(key, impostor, route.service, iss=caller),
        "of nobody": service_token(key, "billing-service", route.service),
    }
    for what, token in bad.items():
        assert call(origin, route, token) == 401, what
    good = service_token(key, caller, route.service)
    assert call(origin, route, good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB")) == 401


IDENTITIES = ("X-User-Id", "X-User", "X-Forwarded-User", "X-Remote-User", "X-Auth-Request-User", "X-Parley-User", "From")


def test_a_user_in_a_header_is_nobody(local: LocalSystem, register: MakeUser) -> None:
    """Neither instead of a token nor beside one, at the edge and straight at a service."""
    ada, eve = register("ada"), register("eve")
    as_ada = {name: ada.id for name in IDENTITIES}
    for origin in (local.url, local.public("auth-service-1")):
        assert Api(origin).request("GET", "/api/v1/users/me", headers=as_ada).status == 401
        answer = Api(origin, eve.token).request("GET", "/api/v1/users/me", headers=as_ada)
        assert (answer.status, answer.body["id"]) == (200, eve.id)
    revocations = next(route for route in ROUTES if route.method == "GET")
    named = {name: "realtime-gateway" for name in (*IDENTITIES, "X-Service", "X-Caller", "Via")}
    assert call(local.internal(f"{revocations.service}-1"), revocations, None, **named) == 401


@pytest.mark.parametrize("service", SERVICES)
def test_only_health_metrics_and_public_keys_need_no_token_inside(local: LocalSystem, service: str) -> None:
    origin = local.internal(f"{service}-1")
    for path in OPEN:
        assert requests.get(origin + path, timeout=5).status_code in (200, 404), path
    for path in ("/internal/v1/nothing", "/internal/", "/internal/v1/..", "/internal/v2/tips"):
        assert requests.get(origin + path, timeout=5).status_code == 401, path
    for path in ("/", "/internal", "/api/v1/sync", "/api/v1/users/me", "/Internal/v1/tips", "//internal/v1/tips"):
        assert requests.get(origin + path, timeout=5).status_code == 404, path
