"""Secrets that others can read or guess, and backups that are too old."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path

from check_database import password_of
from findings import Finding, check, fail, ok, skip, warn
from installation import Installation

SECRET_BYTES_MIN, DISTINCT_MIN, PASSWORD_MIN = 32, 8, 12
COMMON = {"postgres", "password", "parley", "secret", "admin", "changeme", "123456"}
NEW_SECRET = "openssl rand -hex 32, into all services at once (docs/operations.md, Keys)"


@check("secret.files")
def files(installation: Installation) -> Iterator[Finding]:
    if not installation.secret_files:
        yield skip("secrets", "no files are known", "--secret-file FILE")
    for file in installation.secret_files:
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
        except OSError as error:
            yield fail(file.name, f"{file}: {error.strerror}", "correct --secret-file, or run the doctor as its owner")
            continue
        if mode & 0o007:
            yield fail(file.name, f"{file} can be read by everybody ({mode:o})", f"chmod 600 {file}")
        elif mode & 0o070:
            yield warn(file.name, f"{file} can be read by its group ({mode:o})", f"chmod 600 {file}")
        else:
            yield ok(file.name, f"mode {mode:o}")


@check("secret.strength")
def strength(installation: Installation) -> Iterator[Finding]:
    for file in installation.secret_files:
        if "deployment" not in file.name:
            continue
        try:
            secret = file.read_text(errors="replace").strip()
        except OSError as error:
            yield skip(file.name, f"{file}: {error.strerror}", "run the doctor as its owner")
            continue
        if len(secret.encode()) < SECRET_BYTES_MIN:
            yield fail(file.name, f"has {len(secret.encode())} bytes, and needs {SECRET_BYTES_MIN}", NEW_SECRET)
        elif len(set(secret)) < DISTINCT_MIN or "change" in secret.lower():
            yield fail(file.name, "is a placeholder: whoever guesses it is every service", NEW_SECRET)
        else:
            yield ok(file.name, f"{len(secret.encode())} bytes that look random")
    password = password_of(installation.database_url or "")
    if password is None:
        return
    if password.lower() in COMMON or len(password) < PASSWORD_MIN:
        yield fail("PostgreSQL", "its password can be guessed", "ALTER ROLE … PASSWORD, then PARLEY_DATABASE_URL")
    else:
        yield ok("PostgreSQL", "its password is not a common one")


@check("backup")
def backup(installation: Installation) -> Iterator[Finding]:
    folder = installation.backups
    if folder is not None and str(folder) == "none":
        yield skip("backup", "made by something the doctor does not know")
        return
    if folder is None:
        yield skip("backup", "where backups are is not known", "--backups FOLDER, or --backups none")
        return
    dumps = sorted(folder.glob("*.dump"), key=lambda file: file.stat().st_mtime) if folder.is_dir() else []
    mend = f"./parley backup, every night; if something else makes them: --backups FOLDER, or none"
    if not dumps:
        yield fail("backup", f"there is none in {folder}", mend)
        return
    yield newest(dumps[-1], installation.options.backup_hours, mend)


def newest(file: Path, hours_max: float, mend: str) -> Finding:
    hours = (time.time() - file.stat().st_mtime) / 3600
    with file.open("rb") as content:
        whole = content.read(5) == b"PGDMP"
    if not whole:
        return fail("backup", f"{file} is no dump of pg_dump", mend)
    if hours > hours_max:
        return fail("backup", f"the newest, {file.name}, is {hours:.0f} hours old", mend)
    return ok("backup", f"{file.name}, {hours:.0f} hours old, {file.stat().st_size / 1e6:.1f} MB")
