"""Fixtures: what an operator has, a system started by `./parley up`, and the commands to look after it.

Clients and the system itself are those of Tests/EndToEnd, which `./parley test operations` puts on the path.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley_system import REPOSITORY, LocalSystem


@pytest.fixture(scope="session")
def system() -> Iterator[LocalSystem]:
    """A system that tests look at, and leave as they found it."""
    yield from _system()


@pytest.fixture
def own_system() -> Iterator[LocalSystem]:
    """A system that the test may ruin."""
    yield from _system()


@pytest.fixture
def new_home() -> Iterator[Path]:
    """A folder in which nothing has run yet; what runs there is stopped afterwards."""
    home = make_home()
    yield home
    run("down", "--delete", "--home", str(home))


def _system() -> Iterator[LocalSystem]:
    system = LocalSystem(make_home(), 1)
    try:
        yield system
    finally:
        system.down(keep="PARLEY_TEST_KEEP" in os.environ)


def make_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="parley-operations-"))
    home.chmod(0o711)  # PostgreSQL may run as another user
    return home


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`./parley …`, whatever comes of it."""
    return subprocess.run(
        [str(REPOSITORY / "parley"), *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        text=True,
    )


def must(*arguments: str, **environment: str) -> str:
    """`./parley …`, which has to succeed: its standard output."""
    result = run(*arguments, **environment)
    assert result.returncode == 0, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


def start(home: Path) -> LocalSystem:
    """The system of a home that has data already."""
    return LocalSystem(home, 1)
