"""Whatever a program sends, it is answered as docs/openapi.yaml says, and never with a fault of the server.

Schemathesis makes the requests from the description: right ones, and such as break one of its rules. The seed is fixed,
so that a run can be repeated.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from conftest import secrets_in
from describe import Json, openapi, operations, references, strict
from parley_client import User, eventually
from parley_system import LocalSystem

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
CONFIGURATION = {
    "seed": 7,
    "generation": {"max-examples": 30, "deterministic": True, "with-security-parameters": False},
    "phases": {
        "stateful": {"enabled": False},
        "coverage": {"unexpected-methods": ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"]},
    },
    # What breaks the description may also be "too large".
    "checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415]}},
    "suppress-health-check": ["all"],
}
ENDS_THE_SESSION = {"logout", "changePassword", "deleteAccount", "endSession"}
"""Operations after which the next request needs somebody else."""


def answers_strict(description: Json) -> Json:
    """The description, where an answer may not have fields that it does not name. A request may: they are ignored."""
    components = description["components"]
    answers = [operation["responses"] for _, operation in operations(description)]
    answered: set[str] = set()
    wanted = list(references([answers, components["responses"]]))
    while wanted:
        kind, name = wanted.pop().split("/")[-2:]
        if kind == "schemas" and name not in answered:
            answered.add(name)
            wanted += references(components["schemas"][name])
    for _, operation in operations(description):
        operation["responses"] = strict(operation["responses"])
    schemas = {name: strict(schema) if name in answered else schema for name, schema in components["schemas"].items()}
    # Some answers add to it.
    schemas["Error"] = components["schemas"]["Error"]
    return description | {"components": components | {"schemas": schemas}}


schema = schemathesis.openapi.from_dict(
    answers_strict(openapi()), config=SchemathesisConfig.from_dict(CONFIGURATION)
)


class People:
    """Somebody signed in for each operation, with things of their own to ask for."""

    def __init__(self, system: LocalSystem) -> None:
        self._url = system.url
        self._friend = User.register(system.url, "friend")
        self._by_operation: dict[str, tuple[User, dict[str, str]]] = {}

    def of(self, operation: str) -> tuple[User, dict[str, str]]:
        if operation not in self._by_operation:
            user = User.register(self._url, "fuzz")
            chat = user.open_chat(self._friend)
            things = {"chat": chat, "user_id": self._friend.id, "id": user.login().session}
            self._by_operation[operation] = (user, things)
        return self._by_operation[operation]

    def forget(self, operation: str) -> None:
        self._by_operation.pop(operation, None)


@pytest.fixture(scope="module")
def people(system: LocalSystem) -> People:
    return People(system)


@schema.parametrize()
def test_every_answer_is_described(case: Case, system: LocalSystem, people: People, secrets: set[str]) -> None:
    operation = case.operation.definition.raw["operationId"]
    user, things = people.of(operation)
    if mode(case, ParameterLocation.PATH) is GenerationMode.POSITIVE:
        # Something that exists, or nothing but "not found" would be seen.
        case.path_parameters = {name: things[name] for name in case.path_parameters}
    response = case.call(base_url=system.url, headers={"Authorization": f"Bearer {user.token}"})
    if operation in ENDS_THE_SESSION and response.status_code < 300:
        people.forget(operation)
    if response.headers.get("Content-Type") == "application/json":
        secrets.update(secrets_in(response.json()))
    case.validate_response(response, checks=CHECKS)


def mode(case: Case, location: ParameterLocation) -> Any:
    """Whether that part of the request keeps to the description or breaks it; None if there is no such part."""
    component = case.meta.components.get(location) if case.meta else None
    return component.mode if component else None


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_body_that_breaks_off_is_no_fault_of_the_server(system: LocalSystem, how: str) -> None:
    """Or anybody could ring the alert for those."""
    route = "/api/v1/auth/login"
    counter = f'parley_http_request_seconds_count{{listener="public",method="POST",route="{route}",status="%d"}}'
    before = [system.metric("auth-service-1", counter % status) for status in (400, 500)]
    host, port = system.public("auth-service-1").removeprefix("http://").split(":")
    head = [f"POST {route} HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 99", "", "{"]
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall("\r\n".join(head).encode())
        time.sleep(0.2)  # until the body is being read
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: system.metric("auth-service-1", counter % 400) > before[0], "a bad request is counted")
    assert system.metric("auth-service-1", counter % 500) == before[1]
