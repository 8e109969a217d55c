"""Fixtures: one system with two gateways that all tests here share, and the people who leave traces in it.

Clients and the system itself are those of Tests/EndToEnd, which `./parley test contract` puts on the path.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley_system import LocalSystem


@pytest.fixture(scope="session")
def system() -> Iterator[LocalSystem]:
    """Rate limits are lifted, since everybody here comes from one address, and every request is logged."""
    home = Path(tempfile.mkdtemp(prefix="parley-contract-"))
    home.chmod(0o711)  # PostgreSQL may run as another user
    system = LocalSystem(home, 2, "--profile", "bench", PARLEY_LOG_LEVEL="debug")
    try:
        yield system
    finally:
        system.down(keep="PARLEY_TEST_KEEP" in os.environ)
