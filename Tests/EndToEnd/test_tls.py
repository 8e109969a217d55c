"""TLS by configuration: https with certificates on both ends between services, and PostgreSQL by verify-full."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGHUP
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from certificates import Authority, Certificate
from parley_client import User, eventually
from parley_system import REPOSITORY, SERVICES, LocalSystem

DATABASE = "parley_tls"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Instance:
    """One running process of a service, with its three listeners."""

    service: str
    settings: dict[str, str]
    log: Path
    public: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    internal: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    health: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "PATH": "/usr/bin:/bin",
            "PARLEY_LISTEN": self.public,
            "PARLEY_INTERNAL_LISTEN": self.internal,
            "PARLEY_HEALTH_LISTEN": self.health,
        }
        return own | self.settings

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end, which must be soon."""
        program = str(REPOSITORY / ".build" / "debug" / self.service)
        return subprocess.run(
            (program, *command), env=self.environment, capture_output=True, text=True, timeout=20, check=False
        )

    def start(self) -> None:
        program = str(REPOSITORY / ".build" / "debug" / self.service)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen((program,), env=self.environment, stdout=log, stderr=log)

    def is_ready(self) -> bool:
        return requests.get(f"http://{self.health}/readyz", timeout=2).status_code == 200

    def dependencies(self) -> dict[str, str]:
        answer = requests.get(f"http://{self.health}/readyz", timeout=2).json()
        return {name: state["status"] for name, state in answer["dependencies"].items()}

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


class SecuredSystem:
    """Services with TLS on every link between them and to PostgreSQL, beside the system under test: in a database and a
    Redis database of their own, so that neither notices the other."""

    def __init__(self, local: LocalSystem, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        self.authority = Authority(folder, "authority")
        self.stranger = Authority(folder, "stranger")
        self.database = local.database_url
        self._redis = (local.home / "secret" / "redis_url").read_text().strip()
        self._secret = str(local.home / "secret" / "deployment")
        self.started: list[Instance] = []

    @property
    def database_url(self) -> str:
        parts = urlsplit(self.database)
        trusted = f"sslmode=verify-full&sslrootcert={self.authority.certificate}"
        return parts._replace(path="/" + DATABASE, query=trusted).geturl()

    def instance(self, service: str, certificate: Certificate, **settings: str) -> Instance:
        """One that shows this certificate and believes the authority, unless the settings say otherwise."""
        common = {
            "PARLEY_DEPLOYMENT_SECRET_FILE": self._secret,
            "PARLEY_TLS_CERTIFICATE_FILE": str(certificate.certificate),
            "PARLEY_TLS_KEY_FILE": str(certificate.key),
            "PARLEY_TLS_AUTHORITY_FILE": str(self.authority.certificate),
            "PARLEY_LIMITS": "bench",
        }
        made = Instance(service, common | settings, self.folder / f"{service}-{len(self.started)}.log")
        self.started.append(made)
        return made

    def start(self) -> None:
        with_database = {"PARLEY_DATABASE_URL": self.database_url}
        auth, message, presence, *_ = (self.authority.issue(name) for name in SERVICES)
        self.auth = self.instance("auth-service", auth, **with_database)
        self.auth_url = {"PARLEY_AUTH_URLS": f"https://{self.auth.internal}"}
        self.message = self.instance("message-service", message, **with_database, **self.auth_url)
        self.presence = self.instance("presence-service", presence, PARLEY_REDIS_URL=self._redis + "/1")
        self.urls = self.auth_url | {
            "PARLEY_MESSAGE_URLS": f"https://{self.message.internal}",
            "PARLEY_PRESENCE_URLS": f"https://{self.presence.internal}",
        }
        self.gateways = [self.instance("realtime-gateway", self.authority.issue(f"gateway{n}"), **self.urls) for n in (1, 2)]
        for owner in (self.auth, self.message):
            migrated = owner.run("migrate")
            assert migrated.returncode == 0, migrated.stderr
        for instance in self.started:
            instance.start()
        for instance in self.started:
            eventually(instance.is_ready, f"{instance.service} is ready by TLS", 20)


@contextmanager
def secured_postgres(local: LocalSystem, authority: Authority) -> Iterator[None]:
    """Gives PostgreSQL a certificate of the authority for as long; connections without TLS go on beside it."""
    made = authority.issue("postgres")
    owner = (local.home / "pg" / "PG_VERSION").stat()
    os.chown(made.key, owner.st_uid, owner.st_gid)
    configuration = local.home / "pg" / "postgresql.conf"
    before = configuration.read_text()
    try:
        with configuration.open("a") as file:
            file.write(f"\nssl = on\nssl_cert_file = '{made.certificate}'\nssl_key_file = '{made.key}'\n")
        os.kill(local.pid("postgres"), SIGHUP)
        wait_for_tls(local, authority)
        yield
    finally:
        configuration.write_text(before)
        os.kill(local.pid("postgres"), SIGHUP)


def wait_for_tls(local: LocalSystem, authority: Authority) -> None:
    host, port = urlsplit(local.database_url).hostname, urlsplit(local.database_url).port
    trying = f"host={host} port={port} dbname=postgres user=nobody sslmode=verify-full sslrootcert={authority.certificate}"

    def speaks() -> bool:
        try:
            psycopg.connect(trying, connect_timeout=5)
        except psycopg.OperationalError as error:
            return "SSL" not in str(error) and "certificate" not in str(error)
        return True

    eventually(speaks, "PostgreSQL speaks TLS")


@pytest.fixture(scope="module")
def secured(local: LocalSystem) -> Iterator[SecuredSystem]:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"parley-tls-{os.getpid()}"
    folder.mkdir()
    system = SecuredSystem(local, folder)
    with ExitStack() as stack:
        stack.enter_context(secured_postgres(local, system.authority))
        database = stack.enter_context(local.database())
        database.execute(f"CREATE DATABASE {DATABASE}".encode())
        stack.callback(database.execute, f"DROP DATABASE {DATABASE} WITH (FORCE)".encode())
        stack.callback(lambda: [instance.stop() for instance in system.started])
        system.start()
        yield system


def test_two_people_talk_across_gateways_with_tls_on_every_link(secured: SecuredSystem) -> None:
    people = [User.register(f"http://{secured.auth.public}", name) for name in ("ada", "bob")]
    ada, bob = people
    for person in people:
        person.api.url = f"http://{secured.message.public}"
    chat = ada.open_chat(bob)
    at_ada, at_bob = (
        person.connect(f"http://{gateway.public}") for person, gateway in zip(people, secured.gateways, strict=True)
    )
    try:
        for number in range(20):
            at_ada.say(chat, f"secured {number}")
            at_bob.wait("message", body=f"secured {number}")
        metrics = requests.get(f"http://{secured.gateways[1].health}/metrics", timeout=5).text
        assert "parley_gateway_delivered_by_sweep_total 0" in metrics, "all of them came by the event"
    finally:
        for person in people:
            person.close()
    with psycopg.connect(secured.database, autocommit=True) as database:
        rows = database.execute(
            "SELECT ssl, count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = %s GROUP BY ssl",
            (DATABASE,),
        ).fetchall()
    assert [ssl for ssl, _ in rows] == [True]


@pytest.mark.parametrize("shown", ["nothing", "a stranger's certificate", "an expired certificate"])
def test_who_has_no_certificate_of_the_authority_does_not_get_a_word(secured: SecuredSystem, shown: str) -> None:
    certificate = {
        "nothing": None,
        "a stranger's certificate": secured.stranger.issue("caller"),
        "an expired certificate": secured.authority.issue("late-caller", days=-1),
    }[shown]
    files = None if certificate is None else (str(certificate.certificate), str(certificate.key))
    for instance in (secured.auth, secured.message, secured.presence, secured.gateways[0]):
        with pytest.raises((requests.exceptions.SSLError, requests.exceptions.ConnectionError)):
            requests.get(
                f"https://{instance.internal}/healthz",
                cert=files,
                verify=str(secured.authority.certificate),
                timeout=5,
            )
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"http://{instance.internal}/healthz", timeout=5)


def test_a_certificate_is_no_service_token(secured: SecuredSystem) -> None:
    caller = secured.authority.issue("caller-without-token")
    answer = requests.get(
        f"https://{secured.auth.internal}/internal/v1/revocations",
        cert=(str(caller.certificate), str(caller.key)),
        verify=str(secured.authority.certificate),
        timeout=5,
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("flaw", ["another authority", "another name", "expired"])
def test_a_gateway_does_not_call_a_service_that_cannot_show_who_it_is(secured: SecuredSystem, flaw: str) -> None:
    certificate = {
        "another authority": lambda: secured.stranger.issue("message"),
        "another name": lambda: secured.authority.issue("message-elsewhere", names="DNS:elsewhere.test"),
        "expired": lambda: secured.authority.issue("message-late", days=-1),
    }[flaw]()
    wrong = secured.instance(
        "message-service", certificate, PARLEY_DATABASE_URL=secured.database_url, **secured.auth_url
    )
    urls = secured.urls | {"PARLEY_MESSAGE_URLS": f"https://{wrong.internal}"}
    gateway = secured.instance("realtime-gateway", secured.authority.issue("careful-gateway"), **urls)
    try:
        wrong.start()
        gateway.start()
        eventually(lambda: gateway.dependencies().get("auth-service") == "up", "the gateway has looked round", 15)
        assert gateway.dependencies()["message-service"] == "down"
        assert not gateway.is_ready()
    finally:
        wrong.stop()
        gateway.stop()


def test_a_service_does_not_hand_its_password_to_a_postgresql_of_another_authority(secured: SecuredSystem) -> None:
    url = secured.database_url.replace(str(secured.authority.certificate), str(secured.stranger.certificate))
    migrated = secured.instance("message-service", secured.authority.issue("misled"), PARLEY_DATABASE_URL=url).run("migrate")
    assert migrated.returncode == 1
    assert "certificate verify failed" in migrated.stderr


@pytest.mark.parametrize("missing", ["PARLEY_TLS_KEY_FILE", "PARLEY_TLS_AUTHORITY_FILE", "PARLEY_HEALTH_LISTEN"])
def test_half_of_the_settings_is_no_start(secured: SecuredSystem, missing: str) -> None:
    half = secured.instance("presence-service", secured.authority.issue("half"))
    half.settings[missing] = ""
    if missing.endswith("_FILE"):
        del half.settings[missing]
    refused = half.run()
    assert refused.returncode == 1
    assert "PARLEY_TLS" in refused.stderr
