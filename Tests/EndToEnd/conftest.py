"""Fixtures: one system with two gateways for nearly all tests, and people in it whom no other test knows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from parley_client import Socket, User
from parley_system import LocalSystem, System

MakeUser = Callable[..., User]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What breaks processes comes last."""
    items.sort(key=lambda item: item.get_closest_marker("faults") is not None)


@dataclass
class Talk:
    """Two people with a chat, both connected."""

    ada: User
    bob: User
    chat: str
    at_ada: Socket
    at_bob: Socket


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The system under test: PARLEY_TEST_URL, or two gateways started here (PARLEY_TEST_GATEWAYS changes the number).

    Rate limits are lifted, since all the people of all the tests come from one address. Every request is logged, so that
    what the logs hold of it can be looked at.
    """
    if url := os.environ.get("PARLEY_TEST_URL"):
        yield System(url, os.environ.get("PARLEY_TEST_GATEWAY_URLS", url).split(","))
        return
    gateways = int(os.environ.get("PARLEY_TEST_GATEWAYS", "2"))
    yield from _running(gateways, "--profile", "bench", PARLEY_LOG_LEVEL="debug")


@pytest.fixture(scope="session")
def local(system: System) -> LocalSystem:
    """The system under test, where a test needs to reach its processes."""
    if not isinstance(system, LocalSystem):
        pytest.skip("needs a system started by the tests")
    return system


@pytest.fixture(scope="session")
def strict_system() -> Iterator[LocalSystem]:
    """One gateway, rate limits as shipped, access tokens of 6 seconds."""
    if os.environ.get("PARLEY_TEST_URL"):
        pytest.skip("needs a system started by the tests")
    yield from _running(1, PARLEY_ACCESS_TOKEN_SECONDS="6")


@pytest.fixture(scope="module")
def doubled_system() -> Iterator[LocalSystem]:
    """Two of every service, rate limits lifted."""
    if os.environ.get("PARLEY_TEST_URL"):
        pytest.skip("needs a system started by the tests")
    yield from _running(2, "--instances", "2", "--profile", "bench")


def _running(gateways: int, *options: str, **environment: str) -> Iterator[LocalSystem]:
    home = Path(tempfile.mkdtemp(prefix="parley-e2e-"))
    home.chmod(0o711)  # PostgreSQL may run as another user
    system = LocalSystem(home, gateways, *options, **environment)
    try:
        yield system
    finally:
        system.down(keep="PARLEY_TEST_KEEP" in os.environ)


@pytest.fixture(params=["same gateway", "two gateways"])
def doors(request: pytest.FixtureRequest, system: System) -> tuple[str, str]:
    """Where the two sides of a test connect: to one gateway, and to different ones."""
    if request.param == "same gateway":
        return system.gateways[0], system.gateways[0]
    request.getfixturevalue("two_gateways")
    return system.gateways[0], system.gateways[1]


@pytest.fixture
def two_gateways(system: System) -> None:
    """Leaves a test out where there is only one."""
    if len(system.gateways) < 2:
        pytest.skip("needs two gateways")


@pytest.fixture
def far_doors(system: System) -> tuple[str, str]:
    """Two different gateways, if there are two."""
    return system.gateways[0], system.gateways[-1]


@pytest.fixture
def register(system: System) -> Iterator[MakeUser]:
    """Makes people of the system under test; their sockets are closed afterwards."""
    made: list[User] = []

    def make(name: str = "user", url: str | None = None) -> User:
        made.append(User.register(url or system.url, name))
        return made[-1]

    yield make
    for user in made:
        user.close()


@pytest.fixture
def talk(register: MakeUser, doors: tuple[str, str]) -> Talk:
    """Two people talking, once through one gateway and once through two."""
    return start_talk(register, doors)


@pytest.fixture
def far_talk(register: MakeUser, far_doors: tuple[str, str]) -> Talk:
    """Two people talking through two gateways, if there are two."""
    return start_talk(register, far_doors)


def start_talk(register: MakeUser, doors: tuple[str, str]) -> Talk:
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    return Talk(ada, bob, chat, ada.connect(doors[0]), bob.connect(doors[1]))


@pytest.fixture
def system_url(system: System) -> str:
    """The one origin of the edge."""
    return system.url


@pytest.fixture(scope="module")
def system_module_url(system: System) -> tuple[str, str]:
    """The edge and a gateway, for fixtures that live as long as a file."""
    return system.url, system.gateways[0]
