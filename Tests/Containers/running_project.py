"""A project of deploy/compose.yaml for tests: started here with names, ports, secrets and networks of its own."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from docker_project import DockerFailed, DockerProject, docker
from parley_client import eventually
from parley_system import REPOSITORY, SERVICES

SCALE = {"realtime-gateway": 3, "auth-service": 2, "message-service": 2, "presence-service": 2}
START_WITHIN = 300


class RunningProject(DockerProject):
    """`url` is the edge's, by TLS; `folder` holds its secrets and its root certificate."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.folder = folder
        http, https, prometheus = free_ports(3)
        self.url, self.plain_url = f"https://localhost:{https}", f"http://localhost:{http}"
        self.prometheus_url = f"http://127.0.0.1:{prometheus}"
        self.certificate = folder / "root.crt"
        self._environment = {
            "COMPOSE_FILE": str(REPOSITORY / "deploy" / "compose.yaml"),
            "COMPOSE_PROJECT_NAME": name,
            "PARLEY_SECRETS": str(folder / "secrets"),
            "PARLEY_HTTP_PORT": str(http),
            "PARLEY_HTTPS_PORT": str(https),
            "PARLEY_PROMETHEUS_PORT": str(prometheus),
            "PARLEY_SUBNET": f"10.213.{random.randint(100, 199)}.0/24",
            "PARLEY_LIMITS": "bench",  # all people of the tests come from one address
        }

    def compose(self, *arguments: str, within: float = START_WITHIN) -> str:
        result = subprocess.run(
            [*compose_command(), *arguments],
            env=os.environ | self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=within,
            text=True,
        )
        if result.returncode != 0:
            raise DockerFailed(f"compose {' '.join(arguments)}: {result.returncode}\n{result.stdout}")
        return result.stdout

    def start(self) -> None:
        subprocess.run([REPOSITORY / "deploy" / "make-secrets", self.folder / "secrets"], check=True)
        scale = [option for name, count in SCALE.items() for option in ("--scale", f"{name}={count}")]
        self.compose("up", "--detach", "--no-build", *scale)
        eventually(lambda: self._saved_certificate(), "the edge has made its authority", 60)
        os.environ["SSL_CERT_FILE"] = str(self.certificate)
        eventually(self.serves, "everything is healthy and serves", START_WITHIN)

    def _saved_certificate(self) -> bool:
        try:
            self.save_root_certificate(self.certificate)
        except DockerFailed:
            return False
        return True

    def serves(self) -> bool:
        probes = {"/.well-known/jwks.json": 200, "/api/v1/sync": 401, "/ws": 426}
        return self.unhealthy() == [] and all(
            requests.get(self.url + path, verify=str(self.certificate), timeout=5).status_code == status
            for path, status in probes.items()
        )

    def unhealthy(self) -> list[str]:
        return [
            one.name for one in self.containers().values() if one.state.get("Health", {}).get("Status") != "healthy"
        ]

    def of(self, service: str) -> list[str]:
        return [one.name for one in self.containers().values() if one.service == service]

    def gateway_urls(self) -> list[str]:
        everything = self.containers()
        return [f"http://{everything[name].address()}:8103" for name in self.of("realtime-gateway")]


def compose_command() -> list[str]:
    """Compose v2 if it is here, else docker-compose 1.29.

    - Raises: ``DockerFailed``.
    """
    try:
        docker("compose", "version")
        return ["docker", "compose"]
    except DockerFailed:
        if shutil.which("docker-compose") is None:
            raise DockerFailed("there is neither `docker compose` nor docker-compose here") from None
        return ["docker-compose"]


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_together:
        probes = [open_together.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextmanager
def running(folder: Path) -> Iterator[RunningProject]:
    project = RunningProject(f"parley-test-{os.getpid()}", folder)
    try:
        project.start()
        yield project
    except BaseException:
        print(project.compose("logs", "--no-color", "--tail", "30"))
        raise
    finally:
        project.compose("down", "--volumes", "--timeout", "12")


__all__ = ["SCALE", "SERVICES", "RunningProject", "running"]
