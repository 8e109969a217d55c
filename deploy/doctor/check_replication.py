"""A second copy: standbys and the archive of the write-ahead log."""

from __future__ import annotations

from collections.abc import Iterator

import sql
from check_database import answers
from findings import Finding, check, fail, ok, skip, warn
from installation import Installation

LAG_BYTES_MAX = 64 << 20
ARCHIVE_SECONDS_MAX = 900


@check("database.standby")
def standby(installation: Installation) -> Iterator[Finding]:
    if not answers(installation):
        return
    url = installation.database_url or ""
    wanted, is_standby = sql.row(url, "SELECT current_setting('synchronous_standby_names'), pg_is_in_recovery()")
    if is_standby == "t":
        return  # database.reachable says it
    statement = """
        SELECT coalesce(application_name, ''), coalesce(state, ''), coalesce(sync_state, ''),
            coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint, -1)
        FROM pg_stat_replication"""
    standbys = sql.rows(url, statement)
    if not standbys and not wanted:
        mend = "docs/operations.md, A standby; without one a lost disk loses what the archive does not have"
        yield warn("PostgreSQL", "no standby", mend)
        return
    if standbys and not any(state for _, state, _, _ in standbys):
        yield skip("PostgreSQL", f"{len(standbys)} standby(s); their state is hidden", "GRANT pg_monitor TO this role")
        return
    for name, state, _, lag in standbys:
        if state != "streaming" or int(lag) > LAG_BYTES_MAX:
            text = f"standby {name} is {state} and {int(lag) >> 20} MiB behind"
            yield fail("PostgreSQL", text, "look at its log and its link")
    synchronous = [name for name, state, sync, _ in standbys if sync in ("sync", "quorum") and state == "streaming"]
    if wanted and not synchronous:
        mend = "mend the standby; or, knowing what it costs, empty synchronous_standby_names and reload"
        yield fail("PostgreSQL", f"no synchronous standby ({wanted}): every commit waits", mend)
    elif not wanted:
        mend = "synchronous_standby_names = 'ANY 1 (…)': then what was acknowledged survives the machine"
        yield warn("PostgreSQL", f"{len(standbys)} standby(s), none synchronous", mend)
    else:
        yield ok("PostgreSQL", f"synchronous: {', '.join(synchronous)}")


@check("database.archive")
def archive(installation: Installation) -> Iterator[Finding]:
    if not answers(installation):
        return
    statement = """
        SELECT current_setting('archive_mode'), failed_count,
            coalesce(extract(epoch FROM now() - last_archived_time)::bigint, -1),
            coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
            coalesce(last_failed_wal, '')
        FROM pg_stat_archiver"""
    mode, failures, age, failing, wal = sql.row(installation.database_url or "", statement)
    if mode == "off":
        mend = "docs/operations.md, Continuous archiving; without it a lost disk loses everything since the last backup"
        yield warn("PostgreSQL", "the write-ahead log is not archived", mend)
    elif failing == "t":
        mend = "run its archive_command by hand; until it works the disk fills up"
        yield fail("PostgreSQL", f"archiving fails since {wal} ({failures} times)", mend)
    elif int(age) > ARCHIVE_SECONDS_MAX:
        mend = "archive_timeout = 60s, so that it is sent at rest too"
        yield warn("PostgreSQL", f"the last segment was archived {int(age) // 60} minutes ago", mend)
    else:
        yield ok("PostgreSQL", f"archived {age} s ago" if int(age) >= 0 else "archiving is on; nothing was sent yet")
