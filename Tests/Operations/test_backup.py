"""A backup brings back every row, whole or not at all, and clients notice that history was set back."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import psycopg
import pytest

from conftest import must, run, start
from parley_client import Socket, User
from parley_system import LocalSystem

# Numbers of transactions, which mean nothing in another cluster: a restore makes them 0. And how far message-service has
# read the deletions, which goes on as soon as it runs.
FORGOTTEN = "- 'xid' - 'changed_xid' - 'ended_xid' - 'cursor'"
UNLOGGED = "sign_in_throttle"


def checksums(url: str) -> dict[str, tuple[int, str]]:
    """Of every table: the number of rows, and a checksum of all of them."""
    with psycopg.connect(url, autocommit=True) as database:
        tables = database.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('auth', 'chat') "
            "AND tablename <> %s ORDER BY 1",
            [UNLOGGED],
        ).fetchall()
        assert len(tables) > 10
        return {name: one_checksum(database, name) for (name,) in tables}


def one_checksum(database: psycopg.Connection[tuple[object, ...]], table: str) -> tuple[int, str]:
    row = f"(to_jsonb(t) {FORGOTTEN})::text"
    rows = database.execute(
        f"SELECT count(*), md5(coalesce(string_agg({row}, '' ORDER BY {row}), '')) FROM {table} AS t"  # type: ignore
    ).fetchone()
    assert rows is not None
    return int(str(rows[0])), str(rows[1])


def epoch(user: User) -> str:
    return str(user.api.get("/api/v1/sync")["epoch"])


def fill(system: LocalSystem) -> tuple[User, User, str]:
    """Two who talk, some more who do not, a message of every kind of text, an ended session."""
    ada, bob, eve = (User.register(system.url, name) for name in ("ada", "bob", "eve"))
    chat = ada.open_chat(bob)
    eve.open_chat(ada)
    ada.api.expect(204, "PUT", f"/api/v1/blocks/{eve.id}")
    second = ada.login()
    second.api.expect(204, "POST", "/api/v1/auth/logout", {})
    second.close()
    at_ada = ada.connect(system.url)
    for number in range(20):
        at_ada.say(chat, f"{number} 'quoted' \\ backslash\ttab\nline $$ 😀")
    at_ada.frame("cursor", chat=chat, delivered=20, read=20)
    at_ada.fence()
    return ada, bob, chat


def dense(user: User, chat: str) -> int:
    numbers = [message["seq"] for message in user.whole_history(chat)]
    assert numbers == list(range(1, len(numbers) + 1))
    return len(numbers)


def test_a_restore_into_the_same_cluster_is_another_history(own_system: LocalSystem) -> None:
    system = own_system
    ada, bob, chat = fill(system)
    before = epoch(ada)
    file = must("backup", "--home", str(system.home)).strip()
    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
    saved = checksums(system.database_url)

    at_bob = bob.connect(system.url)
    for number in range(3):
        at_bob.say(chat, f"too late {number}")
    known, cursor = ada.sync()
    assert known[chat]["last_seq"] == 23
    assert ada.sync(cursor)[0] == {}

    refused = run("restore", file, "--home", str(system.home))
    assert refused.returncode == 1 and "not empty" in refused.stderr
    assert dense(ada, chat) == 23, "a refused restore changes nothing"

    must("restore", "--replace", file, "--home", str(system.home))
    assert checksums(system.database_url) == saved

    # The same tokens are good, the cursor is not believed, and what follows has the next number.
    known, cursor = ada.sync(cursor)
    assert known[chat]["last_seq"] == 20 and epoch(ada) != before
    assert ada.sync(cursor)[0] == {}, "rows of the backup are not new for ever"
    at_ada = Socket(system.url)
    assert at_ada.hello(ada.token)["history_epoch"] == epoch(ada)
    assert at_ada.say(chat, "goes on")["seq"] == 21
    assert list(bob.sync(cursor)[0]) == [chat]
    assert dense(bob, chat) == 21
    at_ada.close()


def test_a_restore_on_another_machine(own_system: LocalSystem, new_home: Path) -> None:
    ada, bob, chat = fill(own_system)
    burn_transactions(own_system.database_url)
    at_ada = ada.connect(own_system.url)
    at_ada.say(chat, "by a transaction of a high number")
    file = must("backup", "--with-secret", "--home", str(own_system.home), str(own_system.home / "x.dump")).strip()
    saved, before = checksums(own_system.database_url), epoch(ada)
    assert stat.S_IMODE(Path(file + ".secret").stat().st_mode) == 0o600

    must("restore", file, "--home", str(new_home))
    copy = start(new_home)
    try:
        assert {name: sums for name, sums in checksums(copy.database_url).items()} == saved
        moved = User(ada.id, ada.username, ada.password, ada.session, ada.refresh_token, type(ada.api)(copy.url))
        moved.api.token = ada.token
        known, cursor = moved.sync()
        assert known[chat]["last_seq"] == 21 and epoch(moved) != before
        assert moved.sync(cursor)[0] == {}, "the new cluster's transactions begin far below the old ones"
        at_moved = moved.connect(copy.url)
        assert at_moved.say(chat, "goes on there")["seq"] == 22
        assert list(moved.sync(cursor)[0]) == [chat]
        moved.refresh()
        moved.close()
    finally:
        copy.down(keep=False)


def burn_transactions(url: str) -> None:
    """Takes 20,000 numbers of transactions, as months of use do."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            """
            DO $$ BEGIN
                CREATE TEMP TABLE burned (n int);
                FOR n IN 1..20000 LOOP
                    BEGIN INSERT INTO burned VALUES (n); EXCEPTION WHEN unique_violation THEN NULL; END;
                END LOOP;
            END $$"""
        )


def test_a_torn_file_changes_nothing(system: LocalSystem, tmp_path: Path) -> None:
    ada, _, chat = fill(system)
    whole = Path(must("backup", "--home", str(system.home), str(tmp_path / "whole.dump")).strip())
    torn = tmp_path / "torn.dump"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    saved = checksums(system.database_url)
    result = run("restore", "--replace", str(torn), "--home", str(system.home))
    assert result.returncode == 1, result.stderr
    assert checksums(system.database_url) == saved
    assert dense(ada, chat) == 20, "and the services run again"


def test_what_is_no_backup_is_refused(system: LocalSystem, tmp_path: Path) -> None:
    file = tmp_path / "x.dump"
    file.write_text(json.dumps({"not": "a dump"}))
    assert run("restore", "--replace", str(file), "--home", str(system.home)).returncode == 1
    assert run("restore", "--home", str(system.home)).returncode == 2


def test_a_backup_says_loudly_that_the_secret_is_elsewhere(system: LocalSystem, tmp_path: Path) -> None:
    result = run("backup", "--home", str(system.home), str(tmp_path / "one.dump"))
    assert result.returncode == 0 and "THE DEPLOYMENT SECRET IS NOT IN THIS FILE" in result.stderr
    assert not (tmp_path / "one.dump.secret").exists()
    assert run("backup", "--home", str(system.home), str(tmp_path / "one.dump")).returncode == 1, "never overwritten"


def test_history_set_back_by_other_means_is_marked_by_hand(system: LocalSystem) -> None:
    ada = User.register(system.url, "ada")
    before = epoch(ada)
    must("restore", "--only-mark", "--home", str(system.home))
    assert epoch(ada) != before


@pytest.mark.parametrize("arguments", [["--bogus"], ["one", "two"]])
def test_arguments_that_mean_nothing_are_refused(system: LocalSystem, arguments: list[str]) -> None:
    assert run("backup", "--home", str(system.home), *arguments).returncode == 2
