"""A system of deploy/compose.yaml under test: its containers stopped, killed, frozen and started again."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from docker_project import INTERNAL, PUBLIC, STOP_SECONDS, Container, DockerFailed, DockerProject
from parley_system import SERVICES
from rest import UNREACHED, request
from system import CommandFailed, FaultySystem

ACTIONS = {
    "start": ("start",),
    "stop": ("stop", "--time", str(STOP_SECONDS)),
    "restart": ("restart", "--time", str(STOP_SECONDS)),
    "kill": ("kill",),
    "pause": ("pause",),
    "resume": ("unpause",),
}
READY_WITHIN = 15.0


class ComposeSystem(FaultySystem):
    """Found running, by the name of its project. An instance that is started again may have another address."""

    def __init__(self, project: str) -> None:
        self.project = DockerProject(project)
        self.gateways: list[str] = []
        self._look()
        if "edge" not in self._containers:
            raise CommandFailed(f"no project '{project}' of deploy/compose.yaml runs here")
        self.url = f"https://localhost:{self._containers['edge'].published(8443)}"
        self.door = self.url
        self._trust_edge()

    def _look(self) -> None:
        self._containers = {
            name: one for name, one in self.project.containers().items() if one.service != "prometheus"
        }
        self._addresses = {
            name: one.address() or getattr(self, "_addresses", {}).get(name, "") for name, one in self._containers.items()
        }
        # The very list that the workload holds.
        self.gateways[:] = [self.public(name) for name in self.of_kind("gateway")]

    def _trust_edge(self) -> None:
        file = Path(tempfile.mkdtemp(prefix="parley-edge-")) / "root.crt"
        self.project.save_root_certificate(file)
        os.environ["SSL_CERT_FILE"] = str(file)

    # Names and places

    @property
    def names(self) -> list[str]:
        return list(self._containers)

    @property
    def services(self) -> list[str]:
        return [name for name in self.names if name.startswith(SERVICES)]

    def _service(self, name: str) -> str:
        return self._containers[name].service

    def internal(self, name: str) -> str:
        return f"http://{self._addresses[name]}:{INTERNAL[self._service(name)]}"

    def public(self, name: str) -> str:
        return f"http://{self._addresses[name]}:{PUBLIC[self._service(name)]}"

    @property
    def database_url(self) -> str:
        """With the address that PostgreSQL has in its network: names are known in there only."""
        url = self._any("auth-service").secret("database_url")
        name = urlsplit(url).hostname or ""
        return url.replace(f"@{name}:", f"@{self._containers['postgres'].address('stores')}:")

    def _any(self, service: str) -> Container:
        return next(one for one in self._containers.values() if one.service == service)

    # Actions

    async def act(self, action: str, *names: str) -> None:
        await asyncio.gather(*(self._docker(*ACTIONS[action], self._containers[name].id) for name in names))
        await asyncio.to_thread(self._look)
        if action in ("start", "restart"):
            await asyncio.gather(*(self._wait_until_ready(name) for name in names))

    async def _docker(self, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "docker", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        if process.returncode != 0:
            raise CommandFailed(f"docker {' '.join(arguments)}: {said.decode().strip()}")

    async def _wait_until_ready(self, name: str) -> bool:
        """Started is enough for `act`: what it depends on may be down on purpose."""
        end = time.monotonic() + READY_WITHIN
        while name in self.services:
            try:
                if (await request(self.internal(name), "GET", "/readyz", timeout=2)).status == 200:
                    return True
            except UNREACHED:
                pass
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.1)
        return True

    async def run(self, *arguments: str, within: float = 60) -> str:
        """Only `restart`: every instance of every service and the edge, each ready before the next goes."""
        if arguments != ("restart",):
            raise CommandFailed(f"in containers there is no {' '.join(arguments)}")
        async with asyncio.timeout(within):
            for name in [*self.services, "edge"]:
                await self.act("restart", name)
                if not await self._wait_until_ready(name):
                    raise CommandFailed(f"{name} is not ready after its restart")
        return ""


__all__ = ["ComposeSystem", "DockerFailed"]
