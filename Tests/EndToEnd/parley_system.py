"""A whole Parley system for tests: started by `./parley up`, its processes stopped, killed, frozen and started again.

What `./parley up --home H` leaves to read: `H/run/url`, `H/run/processes`, for each process `H/run/<name>.pid`, its
environment in `H/run/<name>.env` and its command in `H/run/<name>.cmd`, and `H/secret/database_url`.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM

import psycopg
import requests

from parley_client import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = ("auth-service", "message-service", "presence-service", "realtime-gateway")


class System:
    """A system somebody else runs: only its addresses are known."""

    def __init__(self, url: str, gateways: list[str]) -> None:
        self.url = url
        self.gateways = gateways


class LocalSystem(System):
    """A system in a folder of its own, with every process within reach."""

    def __init__(self, home: Path, gateways: int, *options: str, **environment: str) -> None:
        self.home = home
        choices = ("--detach", "--no-build", "--debug", "--port", "0", "--gateways", str(gateways), *options)
        self._parley("up", *choices, environment=environment)
        names = [f"realtime-gateway-{number + 1}" for number in range(gateways)]
        super().__init__((home / "run" / "url").read_text().strip(), [self.public(name) for name in names])

    def down(self, keep: bool) -> None:
        self._parley("down", *(() if keep else ("--delete",)))

    def _parley(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        command = [str(REPOSITORY / "parley"), *arguments, "--home", str(self.home)]
        result = subprocess.run(
            command,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=90,
            text=True,
        )
        assert result.returncode == 0, f"{' '.join(command)}: {result.returncode}\n{result.stdout}"

    # What is known of its processes

    @property
    def services(self) -> list[str]:
        """The names of the processes that are Parley's own."""
        return [name for name in self._lines("processes") if name.startswith(SERVICES)]

    def internal(self, name: str) -> str:
        """The origin of a service's internal listener."""
        return "http://" + self.environment(name)["PARLEY_INTERNAL_LISTEN"]

    def public(self, name: str) -> str:
        return "http://" + self.environment(name)["PARLEY_LISTEN"]

    def environment(self, name: str) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self._lines(f"{name}.env"))

    def _lines(self, file: str) -> list[str]:
        return (self.home / "run" / file).read_text().splitlines()

    def log(self, name: str) -> str:
        return (self.home / "log" / f"{name}.log").read_text(errors="replace")

    @property
    def database_url(self) -> str:
        return (self.home / "secret" / "database_url").read_text().strip()

    def database(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.database_url, autocommit=True, connect_timeout=5)

    def pid(self, name: str) -> int:
        return int(self._lines(f"{name}.pid")[0])

    def is_ready(self, name: str) -> bool:
        return requests.get(self.internal(name) + "/readyz", timeout=2).status_code == 200

    def metric(self, name: str, metric: str) -> float:
        """One metric, with labels or summed over all of them; 0 if it is not there."""
        text = requests.get(self.internal(name) + "/metrics", timeout=5).text
        lines = [line for line in text.splitlines() if line.startswith(metric) and line[len(metric)] in " {"]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    # What can be done to them: start, stop, kill, pause, resume

    def process(self, action: str, name: str) -> None:
        """`./parley process`; after a start, the whole system serves again when this returns."""
        self._parley("process", action, name)
        if action in ("start", "restart"):
            eventually(self._serves, f"everything serves after the start of {name}", 20)

    def _serves(self) -> bool:
        """Whether every service is ready, and the edge has noticed."""
        probes = {"/.well-known/jwks.json": 200, "/api/v1/sync": 401, "/ws": 426}
        return all(map(self.is_ready, self.services)) and all(
            requests.get(self.url + path, timeout=5).status_code == status for path, status in probes.items()
        )

    def flush_redis(self) -> None:
        """Makes Redis forget everything."""
        host, port = (self.home / "secret" / "redis_url").read_text().strip().removeprefix("redis://").split(":")
        with socket.create_connection((host, int(port)), 5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(5) == b"+OK\r\n"

    @contextmanager
    def without(self, name: str, how: str = "kill") -> Iterator[None]:
        """Runs the body while the process is away: killed without a word, or stopped (`how`)."""
        self.process(how, name)
        try:
            yield
        finally:
            self.process("start", name)

    @contextmanager
    def changed(self, name: str, **environment: str) -> Iterator[None]:
        """Runs the body while the process runs with changes of its environment."""
        file = self.home / "run" / f"{name}.env"
        original = file.read_text()
        lines = [f"{key}={value}" for key, value in (self.environment(name) | environment).items()]
        try:
            file.write_text("\n".join(lines) + "\n")
            self.process("restart", name)
            yield
        finally:
            file.write_text(original)
            self.process("restart", name)

    def command(self, name: str, *arguments: str, succeeds: bool = True) -> str:
        """Runs a command of a service's program with the environment of one of its processes; what it prints."""
        program = self._lines(f"{name}.cmd")[0]
        done = subprocess.run(
            [program, *arguments], env=self.environment(name), capture_output=True, text=True, timeout=30
        )
        assert (done.returncode == 0) == succeeds, done.stderr
        return done.stdout if succeeds else done.stderr

    def exit_code_on_sigterm(self, name: str, within: float) -> int:
        """Runs a stopped service as a child of the tests until it is ready, and ends it: so its exit code is seen."""
        with (self.home / "log" / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                self._lines(f"{name}.cmd"),
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            eventually(lambda: self.is_ready(name), f"{name} is ready", 20)
            child.send_signal(SIGTERM)
            return child.wait(within)
        finally:
            child.kill()
