"""The services: are they there, ready, of one version, on time, and allowed enough descriptors?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fetch import Reply, Unreachable, fetch
from findings import Finding, check, fail, ok, skip, warn
from installation import KINDS, Installation, Service

CLOCK_WARN, CLOCK_FAIL = 2.5, 5.0
# One descriptor a connection in the gateway; elsewhere a few hundred are in use.
DESCRIPTORS = {"realtime-gateway": 4096}
DESCRIPTORS_ELSEWHERE = 1024

WHY = {
    "postgres": "see the checks of the database",
    "redis": "see the checks of Redis; messages go on meanwhile, presence is unknown",
    "migrations": "run `migrate` of this service's new version",
    "signing_keys": "auth-service has to be reachable at PARLEY_AUTH_URLS, with the same deployment secret",
    "first_sweep": "message-service has to be reachable at PARLEY_MESSAGE_URLS, with the same deployment secret",
    "way_to_messages": "this gateway's link to message-service is cut; its clients go elsewhere meanwhile",
}


@cache
def health(internal: str) -> Reply | Unreachable:
    try:
        return fetch(internal + "/healthz")
    except Unreachable as reason:
        return reason


def answering(installation: Installation) -> list[tuple[Service, Reply]]:
    answers = [(service, health(service.internal)) for service in installation.services]
    return [(service, answer) for service, answer in answers if isinstance(answer, Reply)]


@check("service.reachable")
def reachable(installation: Installation) -> Iterator[Finding]:
    if not installation.services:
        yield skip("services", "no addresses are known", "--service auth-service=http://host:9101 and so on")
    for service in installation.services:
        answer = health(service.internal)
        if isinstance(answer, Unreachable):
            mend = installation.start_command(service.name)
            yield fail(service.name, f"{service.internal} does not answer: {answer}", mend)
        elif answer.status != 200:
            mend = installation.start_command(service.name)
            yield fail(service.name, f"{service.internal}/healthz says {answer.status}: another program?", mend)
        else:
            yield ok(service.name, f"answers at {service.internal} in {answer.took * 1000:.0f} ms")
    missing = [kind for kind in KINDS if kind not in {service.kind for service in installation.services}]
    if installation.services and missing:
        yield skip(", ".join(missing), "no address is known", f"--service {missing[0]}=http://host:port")


@check("service.ready")
def ready(installation: Installation) -> Iterator[Finding]:
    for service, _ in answering(installation):
        try:
            report = fetch(service.internal + "/readyz").json()
            dependencies = report["dependencies"].items()
        except (Unreachable, ValueError, KeyError, AttributeError) as error:
            yield fail(service.name, f"/readyz cannot be read: {error}", installation.start_command(service.name))
            continue
        down = [name for name, state in dependencies if state["status"] != "up"]
        needed = [name for name, state in dependencies if state["status"] != "up" and state["required"]]
        mend = "; ".join(WHY.get(name, f"see {name}") for name in needed or down)
        if needed or report["status"] != "ready":
            yield fail(service.name, f"{report['status']}: without {', '.join(needed) or 'nothing'}", mend)
        elif down:
            yield warn(service.name, f"ready, but without {', '.join(down)}", mend)
        else:
            yield ok(service.name, "ready")


@check("service.version")
def version(installation: Installation) -> Iterator[Finding]:
    versions: dict[str, list[str]] = {}
    for service, answer in answering(installation):
        try:
            versions.setdefault(str(answer.json().get("version", "unknown")), []).append(service.name)
        except (ValueError, AttributeError):
            versions.setdefault("unknown", []).append(service.name)
    if len(versions) > 1:
        text = "; ".join(f"{', '.join(names)}: {number}" for number, names in sorted(versions.items()))
        yield warn("services", f"several versions: {text}", "finish the upgrade (docs/operations.md, Upgrade)")
    elif versions:
        yield ok("services", f"all of version {next(iter(versions))}")


@check("service.clock")
def clock(installation: Installation) -> Iterator[Finding]:
    for service, answer in answering(installation):
        offset = answer.clock_offset
        if offset is None:
            yield skip(service.name, "says no Date")
        elif abs(offset) > CLOCK_WARN:
            say = fail if abs(offset) > CLOCK_FAIL else warn
            ahead = "ahead of" if offset > 0 else "behind"
            text = f"its clock is {abs(offset):.0f} s {ahead} this machine's"
            mend = "run chrony or systemd-timesyncd on both machines"
            yield say(service.name, f"{text}: it refuses good tokens, or believes ended ones", mend)
        else:
            yield ok(service.name, "its clock agrees with this machine's")


@check("service.settings")
def settings(installation: Installation) -> Iterator[Finding]:
    """Settings that are for tests only, where the environment can be seen."""
    for service in installation.services:
        if not service.environment:
            continue
        bad = [
            f"{key}={value}"
            for key, value in service.environment.items()
            if (key, value) in {("PARLEY_LIMITS", "bench"), ("PARLEY_SWEEP", "off"), ("PARLEY_FAULT_DROP_EVENTS", "on")}
            or (key, value) == ("PARLEY_ENVIRONMENT", "development")
        ]
        if bad:
            yield fail(service.name, f"runs with {', '.join(bad)}, which is for tests", "start it without")
        else:
            yield ok(service.name, "no settings that are for tests only")


@check("service.descriptors")
def descriptors(installation: Installation) -> Iterator[Finding]:
    for service, _ in answering(installation):
        known = _of_process(service.pid) if service.pid else _of_metrics(service.internal)
        if known is None:
            yield skip(service.name, "its descriptors cannot be seen from here", "run the doctor on its machine")
            continue
        used, limit = known
        least = DESCRIPTORS.get(service.kind, DESCRIPTORS_ELSEWHERE)
        mend = f"LimitNOFILE= of systemd, --ulimit nofile= of docker, or `ulimit -n`: at least {max(least, 65536)}"
        if limit < least:
            yield fail(service.name, f"may open {limit} descriptors; it needs {least} or more", mend)
        elif used > limit * 0.8:
            yield fail(service.name, f"{used} of {limit} descriptors are open", mend)
        else:
            yield ok(service.name, f"{used} of {limit} descriptors are open")


def _of_process(pid: int) -> tuple[int, int] | None:
    try:
        used = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        return None
    soft = next(line.split()[3] for line in lines if line.startswith("Max open files"))
    return used, int(soft) if soft.isdigit() else 1 << 30


def _of_metrics(internal: str) -> tuple[int, int] | None:
    try:
        lines = fetch(internal + "/metrics").body.decode(errors="replace").splitlines()
        values = dict(line.split(" ")[:2] for line in lines if line.startswith("process_") and " " in line)
        return int(float(values["process_open_fds"])), int(float(values["process_max_fds"]))
    except (Unreachable, KeyError, ValueError):
        return None
