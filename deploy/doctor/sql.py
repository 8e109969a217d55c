"""PostgreSQL by psql, which every operator has."""

from __future__ import annotations

import os
import re
import subprocess
from urllib.parse import unquote

SEPARATOR = "\x1f"


class NoAnswer(Exception):
    """The text says why."""


def rows(url: str, statement: str) -> list[list[str]]:
    """The rows of a statement, every value as text and NULL as nothing. The password goes by environment."""
    environment = os.environ | {"PGCONNECT_TIMEOUT": "3", "PGOPTIONS": "-c statement_timeout=5000"}
    if match := re.fullmatch(r"([a-z]+://[^:/@]*):([^@/]*)@(.*)", url):
        url = f"{match[1]}@{match[3]}"
        environment["PGPASSWORD"] = unquote(match[2])
    command = ["psql", "-XAtq", "-F", SEPARATOR, "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=15, text=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise NoAnswer("psql is not here (apt-get install postgresql-client)") from None
    except subprocess.TimeoutExpired:
        raise NoAnswer("no answer within 15 s") from None
    if done.returncode != 0:
        raise NoAnswer(" ".join(done.stderr.split()) or f"psql ended with {done.returncode}")
    return [line.split(SEPARATOR) for line in done.stdout.splitlines()]


def row(url: str, statement: str) -> list[str]:
    return rows(url, statement)[0]
