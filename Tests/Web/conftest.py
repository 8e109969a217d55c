"""The browser tests run in Debian's Chromium against a real system, which they start themselves.

PARLEY_TEST_HOME names the home folder of a system that runs already, best with `--profile bench`; it is used instead and
left running.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from people import People
from person import chromium
from system import System, running_system
from waiting import eventually


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What breaks processes comes last."""
    items.sort(key=lambda item: item.get_closest_marker("faults") is not None)


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    with running_system() as system:
        yield system


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def people(system: System, browser: Browser) -> Iterator[People]:
    """Makes people whom no other test knows; afterwards their pages must have had no error."""
    people = People(system, browser)
    yield people
    people.close()


@pytest.fixture(autouse=True)
def healthy(request: pytest.FixtureRequest, system: System) -> Iterator[None]:
    """Nobody begins on what another test broke."""
    yield
    if request.node.get_closest_marker("faults"):
        eventually(system.serves, "everything serves again", 20)
