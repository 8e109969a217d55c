"""The example of docs/protocol.md and the demo run against a real system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from parley_system import LocalSystem, System

FOLDER = Path(__file__).parent


def run(script: str, *arguments: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, str(FOLDER / script), *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_the_example_client_sees_every_kind_of_frame(system: System, doors: tuple[str, str]) -> None:
    output = run("example_client.py", system.url, *doors)
    assert output.splitlines()[-1] == "everything arrived as docs/protocol.md says"


def test_the_demo_proves_its_conversation(local: LocalSystem) -> None:
    output = run("demo.py", PARLEY_URL=local.url, PARLEY_DATABASE_URL=local.database_url)
    assert "stored once and in order" in output
