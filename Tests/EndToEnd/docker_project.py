"""A system in containers: what deploy/compose.yaml started, found by the labels that Compose gives its containers."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley_system import SERVICES

PUBLIC = {"auth-service": 8101, "message-service": 8102, "realtime-gateway": 8103}
INTERNAL = {"auth-service": 9101, "message-service": 9102, "realtime-gateway": 9103, "presence-service": 9104}
JOBS = ("auth-migrate", "message-migrate")
STOP_SECONDS = 12
"""`stop_grace_period` of the services."""
ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"


class DockerFailed(Exception):
    pass


def docker(*arguments: str, within: float = 120) -> str:
    """- Raises: ``DockerFailed`` with what was said."""
    result = subprocess.run(["docker", *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=within)
    if result.returncode != 0:
        raise DockerFailed(f"docker {' '.join(arguments)}: {result.stderr.decode(errors='replace').strip()}")
    return result.stdout.decode(errors="replace")


def engine_missing() -> str | None:
    """Why no containers can be run here, if so."""
    if shutil.which("docker") is None:
        return "there is no docker here"
    try:
        docker("info", "--format", "{{.ServerVersion}}", within=20)
    except (DockerFailed, subprocess.TimeoutExpired) as error:
        return f"no docker engine answers ({error})"
    return None


@dataclass(frozen=True)
class Container:
    """`name` is as in a local run: `realtime-gateway-2`, `postgres`."""

    name: str
    service: str
    id: str
    told: dict[str, Any]
    """What `docker inspect` says."""

    @property
    def state(self) -> dict[str, Any]:
        return dict(self.told["State"])

    def address(self, network: str = "services") -> str:
        """Its address in one network of the project; empty while it does not run."""
        for name, place in self.told["NetworkSettings"]["Networks"].items():
            if name.endswith("_" + network):
                return str(place["IPAddress"])
        return ""

    def published(self, port: int) -> int:
        return int(self.told["NetworkSettings"]["Ports"][f"{port}/tcp"][0]["HostPort"])

    def secret(self, name: str) -> str:
        """A secret that it is shown, read from the file out here."""
        for mount in self.told["Mounts"]:
            if mount["Destination"] == f"/run/secrets/{name}":
                return Path(mount["Source"]).read_text().strip()
        raise DockerFailed(f"{self.name} is not shown a secret {name}")


class DockerProject:
    """The containers of one Compose project, as they are at each look."""

    def __init__(self, name: str) -> None:
        self.name = name

    def containers(self) -> dict[str, Container]:
        """All but the jobs, in the order in which a rolling restart takes them."""
        ids = docker(
            "ps", "--all", "--quiet", "--no-trunc", "--filter", f"label=com.docker.compose.project={self.name}",
            "--filter", "label=com.docker.compose.oneoff=False",
        ).split()  # fmt: skip
        if not ids:
            return {}
        found = [self._container(told) for told in json.loads(docker("inspect", *ids))]
        found.sort(key=lambda one: (one.service not in SERVICES, one.name))
        return {one.name: one for one in found if one.service not in JOBS}

    @staticmethod
    def _container(told: dict[str, Any]) -> Container:
        labels = told["Config"]["Labels"]
        service = labels["com.docker.compose.service"]
        name = f"{service}-{labels['com.docker.compose.container-number']}" if service in SERVICES else service
        return Container(name, service, told["Id"], told)

    def save_root_certificate(self, file: Path) -> None:
        """That of the edge's own authority, for SSL_CERT_FILE."""
        file.write_text(docker("exec", self.containers()["edge"].id, "cat", ROOT_CERTIFICATE))
