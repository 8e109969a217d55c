"""PostgreSQL: there, durable, migrated, on time, with room."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator

import sql
from findings import Finding, check, fail, ok, skip, warn
from installation import SOURCES, Installation

VERSION_MIN, VERSION_TRIED = 13, 15
CLOCK_WARN, CLOCK_FAIL = 1.0, 5.0
CONNECTIONS_FREE_MIN = 10
TRANSACTION_SECONDS_MAX = 600
MIGRATIONS = {"auth": "auth-service", "chat": "message-service"}


@check("database.reachable")
def reachable(installation: Installation) -> Iterator[Finding]:
    if not installation.database_url:
        yield skip("PostgreSQL", "its address is not known", "--database-url-file FILE, or PARLEY_DATABASE_URL")
        return
    begin = time.monotonic()
    try:
        number, standby = sql.row(
            installation.database_url, "SELECT current_setting('server_version_num'), pg_is_in_recovery()"
        )
    except sql.NoAnswer as reason:
        yield fail("PostgreSQL", str(reason), installation.start_command("postgres"))
        return
    version, took = int(number) // 10000, time.monotonic() - begin
    if standby == "t":
        mend = "name the primary, or all of them with target_session_attrs=read-write; or promote it"
        yield fail("PostgreSQL", "is a standby: nothing can be written", mend)
    elif version < VERSION_MIN:
        yield fail("PostgreSQL", f"version {version} is too old", f"{VERSION_MIN} or newer")
    elif version < VERSION_TRIED:
        yield warn("PostgreSQL", f"version {version} works, but was not tried", f"{VERSION_TRIED} or newer")
    else:
        yield ok("PostgreSQL", f"version {version}, answers psql in {took * 1000:.0f} ms")


def answers(installation: Installation) -> bool:
    try:
        return bool(installation.database_url and sql.rows(installation.database_url, "SELECT 1"))
    except sql.NoAnswer:
        return False


@check("database.durable")
def durable(installation: Installation) -> Iterator[Finding]:
    if not answers(installation):
        return
    statement = """
        SELECT name, setting FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums')"""
    settings = dict(sql.rows(installation.database_url or "", statement))
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if settings[name] == "off"]
    if off:
        mend = "ALTER SYSTEM SET … = on, then pg_reload_conf(); look for ALTER DATABASE and ALTER ROLE … SET too"
        yield fail("PostgreSQL", f"off: {', '.join(off)}; what was acknowledged may be lost, services refuse it", mend)
    else:
        yield ok("PostgreSQL", "fsync, full_page_writes and synchronous_commit are on")
    if settings["data_checksums"] != "on":
        yield warn("PostgreSQL", "no data checksums: a bad disk goes unnoticed", "pg_checksums --enable, stopped")


@check("database.migrations")
def migrations(installation: Installation) -> Iterator[Finding]:
    if not answers(installation):
        return
    for schema, service in MIGRATIONS.items():
        known = {file.stem for file in SOURCES.glob(f"{service}/Sources/*/Migrations/*.sql")}
        if not known:
            yield skip(service, "the migrations of this version are not here to compare with")
            continue
        try:
            lines = sql.rows(installation.database_url or "", f"SELECT name FROM {schema}.schema_migrations")
        except sql.NoAnswer as reason:
            yield fail(service, f"no table of its migrations: {reason}", f"{service} migrate")
            continue
        applied = {line[0] for line in lines}
        if missing := sorted(known - applied):
            yield fail(service, f"not applied: {', '.join(missing)}", f"{service} migrate")
        elif newer := sorted(applied - known):
            text = f"of a newer version: {', '.join(newer)}"
            yield warn(service, text, "finish the upgrade, or the way back (docs/operations.md)")
        else:
            yield ok(service, f"all {len(known)} migrations are applied")


@check("database.history")
def history(installation: Installation) -> Iterator[Finding]:
    """Whether a dump was restored by hand: its numbers of transactions are of another cluster."""
    if not answers(installation):
        return
    statement = """
        SELECT (SELECT count(*) FROM auth.history), (SELECT count(*) FROM chat.history),
            (SELECT coalesce(max(xid), 0) FROM chat.messages), pg_snapshot_xmax(pg_current_snapshot())"""
    try:
        auth, chat, newest, now = (int(value) for value in sql.row(installation.database_url or "", statement))
    except sql.NoAnswer:
        return  # database.migrations says it
    if (auth, chat) != (1, 1):
        mend = "INSERT INTO chat.history DEFAULT VALUES, and the same for auth.history"
        yield fail("PostgreSQL", "auth.history and chat.history have to have one row each", mend)
    elif newest >= now:
        mend = "docs/operations.md, Why a restore is more than pg_restore; or restore by ./parley restore"
        yield fail("PostgreSQL", "messages of another cluster: they look new to every sweep, for ever", mend)
    else:
        yield ok("PostgreSQL", "its messages are of its own history")


@check("database.clock")
def clock(installation: Installation) -> Iterator[Finding]:
    if not answers(installation):
        return
    begin = time.time()
    there = float(sql.row(installation.database_url or "", "SELECT extract(epoch FROM clock_timestamp())")[0])
    # psql itself takes some of the time, and it is not known which part of it came before the answer.
    offset = max(begin - there, there - time.time(), 0.0)
    text = f"its clock differs from this machine's by {offset:.1f} s"
    if offset > CLOCK_WARN:
        say = fail if offset > CLOCK_FAIL else warn
        yield say("PostgreSQL", text, "run chrony or systemd-timesyncd on both machines")
    else:
        yield ok("PostgreSQL", "its clock agrees with this machine's")


@check("database.load")
def load(installation: Installation) -> Iterator[Finding]:
    if not answers(installation):
        return
    statement = """
        SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
            (SELECT coalesce(max(extract(epoch FROM now() - xact_start))::int, 0) FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND application_name <> 'pg_dump')"""
    free, oldest = (int(value) for value in sql.row(installation.database_url or "", statement))
    if free < CONNECTIONS_FREE_MIN:
        mend = "raise max_connections: message-service takes 9 an instance, auth-service 3"
        yield fail("PostgreSQL", f"{free} connections are left", mend)
    else:
        yield ok("PostgreSQL", f"{free} connections are left")
    if oldest > TRANSACTION_SECONDS_MAX:
        mend = "find it in pg_stat_activity; idle_in_transaction_session_timeout ends such"
        yield warn("PostgreSQL", f"a transaction has been open for {oldest // 60} minutes: dead rows stay", mend)


@check("database.disk")
def disk(installation: Installation) -> Iterator[Finding]:
    if installation.data is None:
        if installation.database_url:
            yield skip("disk", "where PostgreSQL keeps its data is not known here", "--data FOLDER, on its machine")
        return
    try:
        size = shutil.disk_usage(installation.data)
    except OSError as error:
        yield fail("disk", f"{installation.data}: {error.strerror}", "correct --data")
        return
    free = 100 * size.free / size.total
    text = f"{free:.0f} % ({size.free / 1e9:.1f} GB) are free at {installation.data}"
    least = installation.options.disk_free
    mend = "grow it, or free it: old backups, logs, replication slots nobody reads (pg_replication_slots)"
    if free < least:
        yield fail("disk", text, mend)
    elif free < 2 * least:
        yield warn("disk", text, mend)
    else:
        yield ok("disk", text)


def password_of(url: str) -> str | None:
    match = re.fullmatch(r"[a-z]+://[^:/@]*:([^@/]*)@.*", url)
    return match[1] if match else None
