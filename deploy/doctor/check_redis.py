"""Redis: there, new enough, and not throwing leases away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from fetch import PATIENCE
from findings import Finding, check, fail, ok, skip, warn
from installation import Installation

VERSION_MIN = (6, 0)


def info(url: str) -> dict[str, str]:
    """The answer of INFO. Raises OSError, or ValueError with what Redis says instead."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), PATIENCE) as connection:
        with connection.makefile("rb") as answers:
            if parts.password:
                words = ["AUTH", *([unquote(parts.username)] if parts.username else []), unquote(parts.password)]
                connection.sendall(_command(words))
                if not (line := answers.readline()).startswith(b"+"):
                    raise ValueError(line.decode(errors="replace").strip())
            connection.sendall(_command(["INFO"]))
            line = answers.readline().decode(errors="replace").strip()
            if not line.startswith("$"):
                raise ValueError(line or "it says nothing")
            text = answers.read(int(line[1:])).decode(errors="replace")
    return dict(entry.split(":", 1) for entry in text.splitlines() if ":" in entry)


def _command(words: list[str]) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


@check("redis")
def redis(installation: Installation) -> Iterator[Finding]:
    if not installation.redis_url:
        yield skip("Redis", "its address is not known", "--redis-url-file FILE, or PARLEY_REDIS_URL")
        return
    try:
        known = info(installation.redis_url)
    except (OSError, ValueError) as error:
        text = f"does not answer: {error}; messages go on, nobody is shown as online"
        yield fail("Redis", text, installation.start_command("redis"))
        return
    version = known.get("redis_version", "0.0")
    if tuple(int(part) for part in version.split(".")[:2]) < VERSION_MIN:
        yield fail("Redis", f"version {version} is too old", "6.0 or newer")
    else:
        yield ok("Redis", f"version {version}, {int(known.get('used_memory', 0)) >> 20} MiB")
    if known.get("role") != "master":
        yield fail("Redis", "is a replica: nothing can be written", "name the primary")
    yield from memory(known)
    yield from persistence(known)


def memory(known: dict[str, str]) -> Iterator[Finding]:
    policy, most = known.get("maxmemory_policy", "noeviction"), int(known.get("maxmemory", 0))
    if most and policy != "noeviction":
        mend = "maxmemory-policy noeviction, and room: 0.5 KB a connection"
        yield warn("Redis", f"maxmemory-policy {policy} drops leases when it is full: people flicker", mend)
    elif most and int(known.get("used_memory", 0)) > 0.9 * most:
        yield fail("Redis", "its memory is nearly full: presence will stop", "raise maxmemory")
    else:
        yield ok("Redis", f"maxmemory-policy {policy}")


def persistence(known: dict[str, str]) -> Iterator[Finding]:
    """Nothing in Redis has to last; but a failing snapshot makes it refuse writes as it is shipped."""
    if known.get("rdb_last_bgsave_status", "ok") != "ok" or known.get("aof_last_write_status", "ok") != "ok":
        mend = "make room on its disk; or save \"\" and appendonly no: Parley needs nothing of it to last"
        yield fail("Redis", "its last snapshot failed: it may refuse writes", mend)
    else:
        yield ok("Redis", "its snapshots work, where it makes any")
