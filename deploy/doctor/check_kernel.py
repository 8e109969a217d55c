"""The kernel's limits on this machine, if services run here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from findings import Finding, check, ok, warn
from installation import Installation

# Name, least value, and what is short of it otherwise.
LIMITS = {
    "net/core/somaxconn": (4096, "connections that arrive at once are refused (the services ask for 4096)"),
    "net/ipv4/tcp_max_syn_backlog": (1024, "connections that arrive at once are dropped"),
    "fs/file-max": (100_000, "all processes together may open few files"),
}


@check("machine.kernel")
def kernel(installation: Installation) -> Iterator[Finding]:
    if not any(service.pid for service in installation.services):
        return
    for name, (least, what) in LIMITS.items():
        try:
            value = int((Path("/proc/sys") / name).read_text().split()[0])
        except (OSError, ValueError, IndexError):
            continue
        key = name.replace("/", ".")
        if value < least:
            yield warn("this machine", f"{key} = {value}: {what}", f"sysctl -w {key}={least}")
        else:
            yield ok("this machine", f"{key} = {value}")
