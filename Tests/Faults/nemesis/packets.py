"""Silent cuts: packets to or from an address are dropped, without a reset and without an end.

Done by nftables, only in a network namespace of this run's own, so that nobody else's packets can be hit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nemesis.fault import Fault, Start, World

TABLE = "parley_verify"


def missing() -> str | None:
    if os.environ.get("PARLEY_VERIFY_NETWORK") != "own":
        return "needs a network namespace of its own (root and `unshare --net`)"
    if shutil.which("nft") is None:
        return "nftables is not installed"
    return None


def _nft(script: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True, timeout=5)


def _drop(address: str, port: str, ways: str) -> None:
    rules = {
        "requests": f"ip daddr {address} tcp dport {port} drop",
        "answers": f"ip saddr {address} tcp sport {port} drop",
    }
    chosen = [rule for way, rule in rules.items() if ways in ("both", way)]
    lines = ["type filter hook output priority 0;", *chosen]
    _nft(f"table inet {TABLE} {{\nchain output {{\n" + "\n".join(lines) + "\n}\n}\n")


def _address(world: World, kind: str) -> tuple[str, str]:
    """Where the processes of a kind are called: of one of them, if there are several."""
    system = world.system
    if kind in ("postgres", "edge"):
        url = system.database_url.split("@")[1].split("/")[0] if kind == "postgres" else system.url
        host, port = url.removeprefix("http://").split(":")
        return host, port
    if kind == "redis":
        host, number = system.redis_address
        return host, str(number)
    name = world.chances.choice(system.of_kind(kind))
    host, port = system.internal(name).removeprefix("http://").split(":")
    return host, port


def _cut(kind: str, ways: str) -> Start:
    @asynccontextmanager
    async def broken(world: World) -> AsyncIterator[str]:
        address, port = _address(world, kind)
        _drop(address, port, ways)
        try:
            yield f"packets dropped at {kind} ({address}:{port}): {ways}"
        finally:
            _nft(f"delete table inet {TABLE}\n")

    return broken


def faults() -> list[Fault]:
    found = []
    for kind in ("auth", "message", "presence", "gateway", "postgres", "redis", "edge"):
        for ways in ("both", "requests", "answers"):
            what = {"both": "both ways", "requests": "requests only", "answers": "answers only"}[ways]
            inside = "" if kind in ("postgres", "redis", "edge") else "one "
            found.append(
                Fault(f"silent-{kind}-{ways}", f"packets to {inside}{kind} dropped silently, {what}", "packets",
                      _cut(kind, ways), (3, 6) if kind == "edge" else (3, 18), silences=kind == "edge",
                      missing=missing)
            )  # fmt: skip
    return found
