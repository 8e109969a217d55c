"""After all else here: no log and no table holds a token or a password, and a message's text is in its table only.

A message's text is recognised by a word that every message of these tests has in it.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import BODY
from parley_client import User
from parley_system import LocalSystem

TABLE = re.compile(r"^COPY (\S+) \(")


@pytest.fixture(scope="module", autouse=True)
def a_talk(system: LocalSystem) -> User:
    """Something to find, where only these tests run."""
    ada, bob = User.register(system.url, "traced"), User.register(system.url, "bob")
    at_ada = ada.connect(system.url)
    at_ada.say(ada.open_chat(bob), BODY)
    ada.api.request("POST", "/api/v1/auth/login", {"username": ada.username, "password": "wrong " + ada.password})
    ada.refresh()
    ada.close()
    return ada


@pytest.fixture(scope="module")
def tables(system: LocalSystem) -> dict[str, str]:
    """The rows of every table, as pg_dump writes them."""
    program = shutil.which("pg_dump") or str(max(Path("/usr/lib/postgresql").glob("*/bin/pg_dump")))
    command = [program, "--data-only", "--dbname", system.database_url]
    dump = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode(errors="replace")
    rows: dict[str, list[str]] = {}
    table = "outside of tables"
    for line in dump.splitlines():
        if start := TABLE.match(line):
            table = start[1]
        rows.setdefault(table, []).append(line)
    return {table: "\n".join(lines) for table, lines in rows.items()}


def test_the_search_sees_what_is_there(
    system: LocalSystem, tables: dict[str, str], secrets: set[str], a_talk: User
) -> None:
    assert {a_talk.token, a_talk.refresh_token, a_talk.password} <= secrets
    assert a_talk.username in tables["auth.users"]
    assert "/api/v1/auth/login" in system.log("auth-service-1")
    assert any(BODY in rows for table, rows in tables.items() if table.startswith("chat.messages"))


def test_no_log_holds_a_secret_or_a_message(system: LocalSystem, secrets: set[str]) -> None:
    logs = sorted((system.home / "log").iterdir())
    assert len(logs) > 8
    for log in logs:
        assert found(log.read_text(errors="replace"), secrets | {BODY}) == [], log.name


def test_no_log_tells_of_a_fault(system: LocalSystem) -> None:
    """Whatever these tests sent: an answer `internal` leaves this line."""
    for log in sorted((system.home / "log").glob("*-service-*.log")) + sorted((system.home / "log").glob("realtime-*")):
        assert '"message":"request failed"' not in log.read_text(errors="replace"), log.name


def test_no_table_holds_a_secret(tables: dict[str, str], secrets: set[str]) -> None:
    for table, rows in tables.items():
        assert found(rows, secrets) == [], table


def test_messages_are_in_their_table_only(tables: dict[str, str]) -> None:
    for table, rows in tables.items():
        assert table.startswith("chat.messages") or found(rows, {BODY}) == [], table


def test_redis_holds_no_secret_and_no_message(system: LocalSystem, secrets: set[str]) -> None:
    values = "\n".join(redis_values(system))
    assert "parley" in values
    assert found(values, secrets | {BODY}) == []


def found(text: str, words: set[str]) -> list[str]:
    """Those of the words that the text holds, as they are or as the hexadecimal digits of bytes."""
    return [word for word in words if word in text or word.encode().hex() in text]


def redis_values(system: LocalSystem) -> Iterator[str]:
    """Every key of Redis with all that it holds, serialised."""
    host, port = (system.home / "secret" / "redis_url").read_text().strip().removeprefix("redis://").split(":")
    with socket.create_connection((host, int(port)), 5) as connection, connection.makefile("rb") as answers:

        def ask(*words: bytes) -> bytes | list[bytes]:
            lines = [b"*%d" % len(words)]
            for word in words:
                lines += [b"$%d" % len(word), word]
            connection.sendall(b"\r\n".join(lines) + b"\r\n")
            return read()

        def read() -> bytes | list[bytes]:
            line = answers.readline()
            kind, count = line[:1], int(line[1:])
            if kind == b"*":
                return [bytes(read()) for _ in range(count)]
            return answers.read(count + 2)[:-2] if count >= 0 else b""

        for key in ask(b"KEYS", b"*"):
            yield key.decode(errors="replace") + " " + bytes(ask(b"DUMP", key)).decode(errors="replace")
