"""Fixtures: one system with two gateways that all tests here share, and a note of every secret that went through it.

Clients and the system itself are those of Tests/EndToEnd, which `./parley test contract` puts on the path.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parley_client import Answer, Api
from parley_system import LocalSystem

BODY = "quizzical-xylophone"
"""In every message of these tests."""

PASSWORDS = {"password", "current_password", "new_password"}
TOKENS = {"access_token", "refresh_token", "token", "secret", "recovery_codes"}
SECRET = PASSWORDS | TOKENS
"""Fields whose values nobody may find anywhere, wherever they stand in a body."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks for traces comes last, when there can be some."""
    items.sort(key=lambda item: item.path.name == "test_traces.py")


@pytest.fixture(scope="session")
def system(secrets: set[str]) -> Iterator[LocalSystem]:
    """Rate limits are lifted, since everybody here comes from one address, and every request is logged."""
    home = Path(tempfile.mkdtemp(prefix="parley-contract-"))
    home.chmod(0o711)  # PostgreSQL may run as another user
    system = LocalSystem(home, 2, "--profile", "bench", PARLEY_LOG_LEVEL="debug")
    try:
        yield system
    finally:
        system.down(keep="PARLEY_TEST_KEEP" in os.environ)


@pytest.fixture(scope="session")
def secrets() -> Iterator[set[str]]:
    """Every token and password that a client of Tests/EndToEnd sent or was given."""
    found: set[str] = set()
    request = Api.request

    def noted(api: Api, method: str, path: str, body: object = None, **options: Any) -> Answer:
        found.update(secrets_in(body))
        answer = request(api, method, path, body, **options)
        found.update(secrets_in(answer.body))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "request", noted)
        yield found


def secrets_in(node: Any) -> Iterator[str]:
    """The values of the secret fields of a body."""
    if isinstance(node, list):
        for item in node:
            yield from secrets_in(item)
    for key, value in node.items() if isinstance(node, dict) else []:
        values = value if isinstance(value, list) else [value]
        if key in SECRET and all(isinstance(item, str) for item in values):
            yield from values
        else:
            yield from secrets_in(value)
