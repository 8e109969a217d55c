"""Expand before contract: this version runs on the tables of the next one, so that it can be gone back to."""

from __future__ import annotations

import psycopg
import pytest

from conftest import run
from parley_client import User, eventually
from parley_system import LocalSystem

# What the next version might expand: every kind of change that the rule allows.
EXPANSIONS = {
    "auth": """
        ALTER TABLE auth.users ADD COLUMN photo bytea;
        ALTER TABLE auth.sessions ADD COLUMN platform text NOT NULL DEFAULT 'web';
        CREATE INDEX users_created_at ON auth.users (created_at);
        CREATE TABLE auth.invitations (id uuid PRIMARY KEY, user_id uuid REFERENCES auth.users);
    """,
    "chat": """
        ALTER TABLE chat.messages ADD COLUMN edited_at timestamptz;
        ALTER TABLE chat.messages ADD COLUMN format text NOT NULL DEFAULT 'plain';
        ALTER TABLE chat.chats ADD COLUMN title text CHECK (length(title) < 100);
        ALTER TABLE chat.members ADD COLUMN muted boolean NOT NULL DEFAULT false;
        CREATE INDEX messages_sender ON chat.messages (sender);
        CREATE TABLE chat.reactions (chat uuid, seq bigint, user_id uuid, PRIMARY KEY (chat, seq, user_id));
    """,
}
NEXT = "V9999_of_the_next_version"


@pytest.fixture
def expanded(own_system: LocalSystem) -> LocalSystem:
    """A system whose tables the next version has migrated, while this one was serving."""
    with psycopg.connect(own_system.database_url) as database:
        for schema, statements in EXPANSIONS.items():
            database.execute(statements)  # type: ignore[arg-type]
            name = f"{schema}.schema_migrations"
            database.execute(f"INSERT INTO {name} (name, checksum) VALUES (%s, 'x')", [NEXT])  # type: ignore[arg-type]
    return own_system


def everything_works(system: LocalSystem) -> None:
    ada, bob = User.register(system.url, "ada"), User.register(system.url, "bob")
    chat = ada.open_chat(bob)
    at_ada, at_bob = ada.connect(system.url), bob.connect(system.url)
    assert [at_ada.say(chat, f"{number}")["seq"] for number in range(3)] == [1, 2, 3]
    at_bob.sees(chat, "2")
    at_bob.frame("cursor", chat=chat, delivered=3, read=3)
    at_ada.wait("cursor", chat=chat, read=3)
    _, cursor = ada.sync()
    at_bob.say(chat, "answer")
    known, _ = ada.sync(cursor)
    assert known[chat]["last_seq"] == 4 and len(ada.history(chat)) == 4
    ada.refresh()
    ada.login().close()
    assert ada.api.get(f"/api/v1/users?query={bob.username}")["users"]
    ada.close()
    bob.close()


def test_this_version_serves_on_the_next_versions_tables(expanded: LocalSystem) -> None:
    everything_works(expanded)  # those that were running when the tables changed
    for name in ("auth-service-1", "message-service-1"):
        expanded.process("restart", name)
        assert NEXT in expanded.log(name), "it says that the tables are of a newer version"
    everything_works(expanded)  # those that went back to this version


def test_migrate_of_this_version_leaves_the_next_ones_alone(expanded: LocalSystem) -> None:
    assert run("restart", "--home", str(expanded.home)).returncode == 0
    with expanded.database() as database:
        query = "SELECT count(*) FROM chat.schema_migrations WHERE name = %s"
        assert database.execute(query, [NEXT]).fetchone() == (1,)


def test_a_service_is_not_ready_without_its_migrations(own_system: LocalSystem) -> None:
    with own_system.database() as database:
        database.execute("DELETE FROM chat.schema_migrations WHERE name = 'V0003_history'")
        assert run("process", "restart", "message-service-1", "--home", str(own_system.home)).returncode == 0
        assert not own_system.is_ready("message-service-1")
        assert "V0003_history" in own_system.log("message-service-1")
        database.execute("INSERT INTO chat.schema_migrations (name) VALUES ('V0003_history')")
        eventually(lambda: own_system.is_ready("message-service-1"), "ready once they are applied")
