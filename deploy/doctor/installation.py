"""What is to be looked at: found in the home of a `./parley up`, or given on the command line."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("auth-service", "message-service", "presence-service", "realtime-gateway")
SOURCES = Path(__file__).resolve().parents[2] / "Services"


@dataclass(frozen=True)
class Service:
    """One instance of a service. Its process and environment are known only if it runs on this machine."""

    name: str
    internal: str
    pid: int | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if self.name.startswith(kind))


@dataclass
class Installation:
    home: Path | None
    url: str | None
    services: list[Service]
    database_url: str | None
    redis_url: str | None
    secret_files: list[Path]
    backups: Path | None
    data: Path | None
    options: Namespace

    @property
    def is_empty(self) -> bool:
        return not (self.url or self.services or self.database_url or self.redis_url)

    def start_command(self, name: str) -> str:
        """How a process of this installation is started again."""
        if self.home is None:
            return f"start {name}, and read its log"
        return f"./parley process start {name} --home {self.home}; its log is {self.home}/log/{name}.log"


def find(options: Namespace) -> Installation:
    home = Path(options.home) if options.home and (Path(options.home) / "run").is_dir() else None
    secrets = home / "secret" if home else None
    url = options.url or _text(home / "run" / "url" if home else None) or ""
    database = _setting(options.database_url_file, "PARLEY_DATABASE_URL", "DATABASE_URL", secrets, "database_url")
    services = [_given(text) for text in options.service] or (_in_home(home) if home else [])
    data = Path(options.data) if options.data else (home / "pg" if home and (home / "pg").exists() else None)
    files = [Path(file) for file in options.secret_file]
    if secrets and secrets.is_dir() and not files:
        files = sorted(file for file in secrets.iterdir() if file.is_file())
    return Installation(
        home=home,
        url=url.rstrip("/") or None,
        services=services,
        database_url=database,
        redis_url=_setting(options.redis_url_file, "PARLEY_REDIS_URL", "REDIS_URL", secrets, "redis_url"),
        secret_files=files,
        backups=Path(options.backups) if options.backups else (home / "backup" if home else None),
        data=data,
        options=options,
    )


def _given(text: str) -> Service:
    """`realtime-gateway=http://10.0.0.7:9103`; several of a kind are told apart by their addresses."""
    name, _, url = text.partition("=")
    if not name.startswith(KINDS) or not url.startswith(("http://", "https://")):
        raise SystemExit(f"--service takes one of {', '.join(KINDS)}, then =http://host:port, not {text!r}")
    return Service(name, url.rstrip("/"))


def _in_home(home: Path) -> list[Service]:
    names = (_text(home / "run" / "processes") or "").splitlines()
    return [_process(home / "run", name) for name in names if name.startswith(KINDS)]


def _process(run: Path, name: str) -> Service:
    lines = (run / f"{name}.env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines if "=" in line)
    pid = _text(run / f"{name}.pid")
    alive = pid is not None and Path(f"/proc/{pid}/stat").exists()
    listen = environment.get("PARLEY_INTERNAL_LISTEN", "")
    return Service(name, f"http://{listen}", int(pid) if pid and alive else None, environment)


def _setting(file: str | None, key: str, other: str, folder: Path | None, name: str) -> str | None:
    """An option's file, the environment as the services read it, the home; in this order."""
    if file:
        return Path(file).read_text().strip()
    if value := os.environ.get(key) or os.environ.get(other):
        return value
    if path := os.environ.get(key + "_FILE"):
        return Path(path).read_text().strip()
    return _text(folder / name if folder else None)


def _text(file: Path | None) -> str | None:
    try:
        return file.read_text().strip() if file else None
    except OSError:
        return None
