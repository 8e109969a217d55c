"""A whole Parley system for the tests: its processes, its REST interface and its database."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from person import PASSWORD, Person
from waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
GATEWAYS = ("realtime-gateway-1", "realtime-gateway-2")


class System:
    """A running system with two gateways, known by its home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = (home / "run" / "url").read_text().strip()

    # Its processes

    def process(self, action: str, *names: str) -> None:
        for name in names:
            parley("process", action, name, home=self.home)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Runs the body while these processes are dead, killed without a word."""
        self.process("kill", *names)
        try:
            yield
        finally:
            self.process("start", *names)

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Runs the body while these processes stand still: their sockets stay open and say nothing."""
        self.process("pause", *names)
        try:
            yield
        finally:
            self.process("resume", *names)

    def serves(self) -> bool:
        """Whether every process is ready, and the edge has noticed."""
        probes = {"/.well-known/jwks.json": 200, "/api/v1/sync": 401, "/ws": 426}
        return all(self._status(path) == status for path, status in probes.items()) and self._all_ready()

    def _all_ready(self) -> bool:
        command = [ROOT / "parley", "status", "--home", self.home]
        status = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        if status.returncode != 0:
            print(status.stdout, status.stderr)  # pytest shows it should nothing get better
        return status.returncode == 0

    def _status(self, path: str) -> int:
        try:
            return urllib.request.urlopen(self.url + path, timeout=5).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def environment(self, name: str) -> dict[str, str]:
        """What a process was started with."""
        lines = (self.home / "run" / f"{name}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    # Its REST interface

    def rest(self, method: str, path: str, body: object = None, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def token_of(self, person: Person) -> tuple[str, str]:
        """An access token of a session of its own, and the user's id."""
        answer = self.rest("POST", "/api/v1/auth/login", {"username": person.username, "password": PASSWORD})
        return answer["access_token"], answer["user"]["id"]

    def chat_between(self, one: Person, other: Person) -> str:
        """Opens their chat; gives its hash."""
        token, _ = self.token_of(one)
        _, peer = self.token_of(other)
        return self.rest("PUT", f"/api/v1/chats/with/{peer}", token=token)["chat"]

    # Its database

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        url = (self.home / "secret" / "database_url").read_text().strip()
        return psycopg.connect(url, connect_timeout=5)

    @contextmanager
    def excluded(self, person: Person, peer: Person) -> Iterator[None]:
        """Runs the body while the person is no member of the chat with their peer: whatever they send there is refused."""
        chat, user = self.chat_between(person, peer), self.token_of(person)[1]
        place = "chat = %s AND user_id = %s"
        with self.database() as database:
            members = database.execute(f"SELECT * FROM chat.members WHERE {place}", (chat, user)).fetchall()
            database.execute(f"DELETE FROM chat.members WHERE {place}", (chat, user))
        try:
            yield
        finally:
            with self.database() as database:
                values = ", ".join(["%s"] * len(members[0]))
                database.execute(f"INSERT INTO chat.members VALUES ({values})".encode(), members[0])

    def fill(self, chat: str, writer: Person, count: int, read: int | None = None,
             text: Callable[[int], str] | None = None, days_ago: int = 0) -> None:
        """Puts messages of one writer into an empty chat, one a minute until now or so many days ago, as if they had been
        sent: 10,000 of them in a second. The other member has received them and read all, or the first `read`.
        """
        _, user = self.token_of(writer)
        bodies = [(text or line)(number) for number in range(1, count + 1)]
        with self.database() as database:
            database.execute(
                """INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
                   SELECT %s, n, %s, gen_random_uuid(), body,
                       date_trunc('milliseconds', clock_timestamp()) - (%s - n) * interval '1 minute'
                           - %s * interval '1 day', pg_current_xact_id()::text::bigint
                   FROM unnest(%s::text[]) WITH ORDINALITY AS given (body, n)""", (chat, user, count, days_ago, bodies))
            database.execute(
                """UPDATE chat.chats SET last_seq = %s, last_message_at = date_trunc('milliseconds', clock_timestamp()),
                       changed_xid = pg_current_xact_id()::text::bigint WHERE hash = %s""", (count, chat))
            database.execute(
                """UPDATE chat.members SET delivered_seq = %s, read_seq = CASE WHEN user_id = %s THEN %s ELSE %s END,
                       changed_xid = pg_current_xact_id()::text::bigint WHERE chat = %s""",
                (count, user, count, count if read is None else read, chat))


def line(number: int) -> str:
    """Texts of different lengths: "line 3 and on it goes and on it goes"."""
    return f"line {number}" + " and on it goes" * (number % 7)


def parley(*arguments: str, home: Path) -> None:
    command = [str(ROOT / "parley"), *arguments, "--home", str(home)]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=120, text=True)
    assert result.returncode == 0, f"{' '.join(command)}: {result.returncode}\n{result.stdout}"


@contextmanager
def running_system() -> Iterator[System]:
    """The system that PARLEY_TEST_HOME names, which is left running; or one of its own, gone afterwards.

    Rate limits are lifted, since all the people of all the tests come from one address.
    """
    if running := os.environ.get("PARLEY_TEST_HOME"):
        yield System(Path(running))
        return
    home = Path(tempfile.mkdtemp(prefix="parley-web-"))
    home.chmod(0o711)  # PostgreSQL may run as another user
    try:
        parley("up", "--no-build", "--debug", "--detach", "--port", "0", "--gateways", "2", "--profile", "bench", home=home)
        system = System(home)
        eventually(system.serves, "everything serves", 20)
        yield system
    finally:
        parley("down", *(() if "PARLEY_TEST_KEEP" in os.environ else ("--delete",)), home=home)
