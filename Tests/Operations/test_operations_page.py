"""docs/operations.md names every key of every service, with the default that `--help` says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from parley_system import REPOSITORY, SERVICES

PAGE = (REPOSITORY / "docs" / "operations.md").read_text()
BINARIES = Path(os.environ.get("PARLEY_BINARIES", REPOSITORY / ".build" / "debug"))
KEY = re.compile(r"^  (PARLEY_[A-Z_]+) \[(.*)\]$", re.MULTILINE)


def documented() -> dict[tuple[str, str], str]:
    """(key, service) → default, of the table in the page. An empty first cell means: the key of the row above."""
    found: dict[tuple[str, str], str] = {}
    key = ""
    for line in PAGE.split("## Configuration")[1].split("\n## ")[0].splitlines():
        cells = [cell.strip().strip("`") for cell in line.split("|")[1:-1]]
        if len(cells) != 4 or not (cells[0].startswith("PARLEY_") or (cells[0] == "" and key)):
            continue
        key = cells[0] or key
        services = SERVICES if cells[1] == "all" else cells[1].split(", ")
        for service in services:
            found[key, service] = cells[2]
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_key_is_in_the_page_with_its_default(service: str) -> None:
    text = subprocess.run([str(BINARIES / service), "--help"], capture_output=True, text=True, check=True).stdout
    said = {key: default.replace("(empty)", "empty") for key, default in KEY.findall(text)}
    assert len(said) > 5
    assert {key: default for (key, of), default in documented().items() if of == service} == said


def test_every_migration_rule_names_what_exists() -> None:
    for path in re.findall(r"`(Tests/[^`]+\.py)`", PAGE):
        assert (REPOSITORY / path).is_file(), path


def test_every_check_the_page_names_exists() -> None:
    doctor = subprocess.run(
        ["python3", str(REPOSITORY / "deploy" / "doctor"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    for name in re.findall(r"`((?:service|edge|keys|ws|database|secret|machine)\.[a-z]+)`", PAGE):
        assert name in doctor, name
