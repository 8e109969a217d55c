"""The doctor has nothing against a good installation, and finds each fault that is planted in it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import must, run, start
from parley_client import User
from parley_system import REPOSITORY, LocalSystem
from planted import certificate, proxy, server

Found = dict[str, str]


class Diagnosis:
    def __init__(self, result: subprocess.CompletedProcess[str]) -> None:
        assert result.returncode in (0, 1), result.stdout + result.stderr
        self.code = result.returncode
        self.findings: list[Found] = json.loads(result.stdout)["findings"]

    def states(self, state: str) -> dict[str, Found]:
        return {found["check"]: found for found in self.findings if found["state"] == state}

    def must_blame(self, *checks: str, about: str = "") -> None:
        """These checks fail and no other, and each says how to mend it."""
        assert self.code == 1
        failed = self.states("fail")
        assert set(failed) == set(checks), failed
        assert all(found["mend"] for found in failed.values())
        assert about in str(failed)


@pytest.fixture(scope="session")
def backed_up(system: LocalSystem) -> LocalSystem:
    must("backup", "--home", str(system.home))
    return system


def doctor(system: LocalSystem, *options: str) -> Diagnosis:
    idle = () if "--idle" in options else ("--idle", "0.3")
    return Diagnosis(run("doctor", "--home", str(system.home), "--json", *idle, *options))


def test_nothing_is_wrong_with_a_good_installation(backed_up: LocalSystem, tmp_path: Path) -> None:
    ada = User.register(backed_up.url, "ada")
    account = tmp_path / "account"
    account.write_text(f"{ada.username}\n{ada.password}\n")
    diagnosis = doctor(backed_up, "--account", str(account), "--idle", "3")
    assert diagnosis.code == 0, diagnosis.states("fail")
    # No second machine stands behind a PostgreSQL for trying out; the disk of this one may be nearly full.
    assert set(diagnosis.states("warn")) <= {"database.standby", "database.archive", "database.disk", "machine.kernel"}
    assert diagnosis.states("skip") == {}


def test_people_get_a_table(backed_up: LocalSystem) -> None:
    result = run("doctor", "--home", str(backed_up.home), "--only", "service.reachable,redis")
    assert result.returncode == 0 and "realtime-gateway-1" in result.stdout and "0 wrong" in result.stdout


def test_it_looks_at_an_installation_elsewhere(backed_up: LocalSystem) -> None:
    home = backed_up.home
    services = [f"--service={name}={backed_up.internal(name)}" for name in backed_up.services]
    command = [sys.executable, str(REPOSITORY / "deploy" / "doctor"), "--json", "--idle", "0.3", *services]
    command += ["--url", backed_up.url, "--database-url-file", str(home / "secret" / "database_url")]
    command += ["--redis-url-file", str(home / "secret" / "redis_url")]
    diagnosis = Diagnosis(subprocess.run(command, capture_output=True, text=True, timeout=60))
    assert diagnosis.code == 0, diagnosis.states("fail")
    assert len(diagnosis.states("ok")) > 12


@pytest.mark.parametrize("name", ["message-service-1", "presence-service-1"])
def test_a_stopped_service(backed_up: LocalSystem, name: str) -> None:
    with backed_up.without(name, "stop"):
        diagnosis = doctor(backed_up, "--only", "service.reachable,service.version,redis,secret.files")
        diagnosis.must_blame("service.reachable", about=name)


def test_a_secret_that_everybody_can_read(backed_up: LocalSystem) -> None:
    file = backed_up.home / "secret" / "database_url"
    file.chmod(0o644)
    try:
        doctor(backed_up).must_blame("secret.files", about=f"chmod 600 {file}")
    finally:
        file.chmod(0o600)


@pytest.mark.parametrize("secret", ["short", "please-change-me-please-change-me", "a" * 64])
def test_a_secret_that_can_be_guessed(backed_up: LocalSystem, tmp_path: Path, secret: str) -> None:
    file = tmp_path / "deployment"
    file.write_text(secret)
    file.chmod(0o600)
    doctor(backed_up, "--secret-file", str(file)).must_blame("secret.strength")


def test_a_missing_migration(backed_up: LocalSystem) -> None:
    with backed_up.database() as database:
        row = database.execute(
            "DELETE FROM chat.schema_migrations WHERE name LIKE 'V0003%' RETURNING name, checksum"
        ).fetchone()
        try:
            doctor(backed_up).must_blame("database.migrations", about="message-service migrate")
        finally:
            database.execute("INSERT INTO chat.schema_migrations (name, checksum) VALUES (%s, %s)", row)


def test_rows_of_another_cluster(backed_up: LocalSystem) -> None:
    ada = User.register(backed_up.url, "ada")
    chat = ada.open_chat(ada)
    ada.connect(backed_up.url).say(chat, "note to self")
    ada.close()
    with backed_up.database() as database:
        database.execute("UPDATE chat.messages SET xid = 1000000000 WHERE chat = %s", [chat])
        try:
            doctor(backed_up).must_blame("database.history")
        finally:
            database.execute("UPDATE chat.messages SET xid = 0 WHERE chat = %s", [chat])


@pytest.mark.parametrize("ahead", [90.0, -90.0])
def test_a_clock_that_is_wrong(backed_up: LocalSystem, ahead: float) -> None:
    ready = b'{"status":"ready","dependencies":{}}'
    with server({"/healthz": b'{"status":"ok","version":"0.1.0"}', "/readyz": ready}, clock=ahead) as url:
        diagnosis = doctor(backed_up, f"--service=auth-service={url}", "--only", "service.clock,service.ready")
        diagnosis.must_blame("service.clock", about="ahead" if ahead > 0 else "behind")


def test_versions_that_differ(backed_up: LocalSystem) -> None:
    gateway = f"--service=realtime-gateway={backed_up.internal('realtime-gateway-1')}"
    with server({"/healthz": b'{"status":"ok","version":"9.9.9"}'}) as url:
        diagnosis = doctor(backed_up, gateway, f"--service=auth-service={url}", "--only", "service.version")
    assert "9.9.9" in diagnosis.states("warn")["service.version"]["text"]


def test_too_few_descriptors(backed_up: LocalSystem) -> None:
    pid = backed_up.pid("realtime-gateway-1")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        doctor(backed_up).must_blame("service.descriptors", about="256")
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(("days", "state"), [(-1, "fail"), (3, "warn"), (90, "ok")])
def test_a_certificate_that_has_ended_or_soon_will(
    backed_up: LocalSystem, tmp_path: Path, days: int, state: str
) -> None:
    good, key = certificate(tmp_path, days)
    with server({}, tls=(good, key)) as url:
        diagnosis = doctor(backed_up, "--url", url, "--ca", str(good), "--only", "edge.certificate")
    assert set(diagnosis.states(state)) == {"edge.certificate"}
    assert diagnosis.code == (1 if state == "fail" else 0)


def test_a_certificate_nobody_vouches_for(backed_up: LocalSystem, tmp_path: Path) -> None:
    with server({}, tls=certificate(tmp_path, 90)) as url:
        doctor(backed_up, "--url", url, "--only", "edge.certificate").must_blame("edge.certificate")


def test_a_proxy_that_cuts_idle_sockets(backed_up: LocalSystem) -> None:
    with proxy(backed_up.url, cut_after=2) as url:
        doctor(backed_up, "--url", url, "--idle", "4").must_blame("ws.idle", about="after 2")


def test_a_proxy_that_holds_answers_back(backed_up: LocalSystem) -> None:
    with proxy(backed_up.url, hold_back=0.8) as url:
        doctor(backed_up, "--url", url).must_blame("ws.latency", about="held back")


def test_internal_routes_that_are_seen_outside(backed_up: LocalSystem) -> None:
    url = backed_up.internal("message-service-1")
    doctor(backed_up, "--url", url, "--only", "edge.inside").must_blame("edge.inside", about="/metrics")


def test_no_signing_key_is_published(backed_up: LocalSystem) -> None:
    with server({"/.well-known/jwks.json": b'{"keys":[]}'}) as url:
        doctor(backed_up, "--url", url, "--only", "keys.published").must_blame("keys.published")


def test_a_disk_that_is_nearly_full(backed_up: LocalSystem) -> None:
    doctor(backed_up, "--disk-free", "100").must_blame("database.disk")


def test_no_backup_an_old_one_and_one_that_is_none(backed_up: LocalSystem, tmp_path: Path) -> None:
    doctor(backed_up, "--backups", str(tmp_path)).must_blame("backup", about="there is none")
    dump = tmp_path / "x.dump"
    dump.write_bytes(b"PGDMP and more")
    os.utime(dump, (time.time() - 30 * 3600,) * 2)
    doctor(backed_up, "--backups", str(tmp_path)).must_blame("backup", about="30 hours")
    dump.write_bytes(b"")
    doctor(backed_up, "--backups", str(tmp_path)).must_blame("backup", about="no dump")


def test_redis_is_away(backed_up: LocalSystem) -> None:
    with backed_up.without("redis", "stop"):
        only = "service.reachable,redis,database.reachable"
        doctor(backed_up, "--only", only).must_blame("redis")


def test_settings_that_are_for_tests(backed_up: LocalSystem) -> None:
    with backed_up.changed("realtime-gateway-1", PARLEY_LIMITS="bench"):
        doctor(backed_up).must_blame("service.settings", about="PARLEY_LIMITS=bench")


def test_fsync_is_off(backed_up: LocalSystem) -> None:
    with postgres_with(backed_up, "fsync=on", "fsync=off"):
        doctor(backed_up, "--only", "database.reachable,database.durable").must_blame("database.durable", about="fsync")


@contextmanager
def postgres_with(system: LocalSystem, old: str, new: str) -> Iterator[None]:
    """Restarts PostgreSQL with another setting, and afterwards all that has ended meanwhile."""
    command = system.home / "run" / "postgres.cmd"
    text = command.read_text()
    assert old in text
    try:
        command.write_text(text.replace(old, new))
        must("process", "restart", "postgres", "--home", str(system.home))
        yield
    finally:
        command.write_text(text)
        must("process", "restart", "postgres", "--home", str(system.home))
        start(system.home)
