"""The edge: is everything behind it, nothing else, and its certificate good for a while?"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import sql
from fetch import PATIENCE, Unreachable, fetch, trust
from findings import Finding, check, fail, ok, skip, warn
from installation import Installation

# What answers with which status when all is well, and what is wrong where it does not.
WAYS = {
    "/": (200, "the web client is not served", "PARLEY_WEB_ROOT has to be the built client (Web/dist)"),
    "/.well-known/jwks.json": (200, "auth-service is not behind it", "look at PARLEY_AUTH_UPSTREAMS"),
    "/api/v1/sync": (401, "message-service is not behind it", "look at PARLEY_MESSAGE_UPSTREAMS"),
    "/ws": (426, "realtime-gateway is not behind it", "look at PARLEY_GATEWAY_UPSTREAMS"),
}
INSIDE = ("/metrics", "/readyz", "/internal/v1/tips")
LOOPBACK = ("localhost", "::1")
KEY_DAYS = 400


@check("edge.reachable")
def reachable(installation: Installation) -> Iterator[Finding]:
    if not installation.url:
        yield skip("edge", "its address is not known", "--url https://chat.example")
        return
    for path, (status, wrong, mend) in WAYS.items():
        try:
            answer = fetch(installation.url + path)
        except Unreachable as reason:
            yield fail("edge", f"{installation.url} does not answer: {reason}", installation.start_command("edge"))
            return
        if answer.status != status:
            yield fail("edge", f"{path} is {answer.status} instead of {status}: {wrong}", f"{mend}; is it ready?")
        else:
            yield ok("edge", f"{path} in {answer.took * 1000:.0f} ms")


@check("edge.inside")
def inside(installation: Installation) -> Iterator[Finding]:
    """What belongs to internal listeners must not be seen outside."""
    if not installation.url:
        return
    seen = []
    for path in INSIDE:
        try:
            answer = fetch(installation.url + path)
        except Unreachable:
            return
        # A client that serves its page for any path gives no secret away.
        if answer.status != 404 and "html" not in answer.headers.get("Content-Type", ""):
            seen.append(f"{path} ({answer.status})")
    if seen:
        mend = "route only the public listeners, as deploy/Caddyfile does"
        yield fail("edge", f"internal routes are seen outside: {', '.join(seen)}", mend)
    else:
        yield ok("edge", "no internal route is seen outside")


@check("edge.certificate")
def certificate(installation: Installation) -> Iterator[Finding]:
    if not installation.url:
        return
    parts = urlsplit(installation.url)
    host, port = parts.hostname or "", parts.port or 443
    if parts.scheme != "https":
        if host in LOOPBACK or host.startswith("127."):
            yield ok("edge", "plain http, on this machine only")
        else:
            mend = "give the edge a name: PARLEY_EDGE_ADDRESS=chat.example"
            yield fail("edge", "plain http: passwords and messages can be read on the way", mend)
        return
    mend = "renew it; Caddy does so by itself if port 80 or 443 can be reached from outside"
    try:
        with socket.create_connection((host, port), PATIENCE) as plain:
            with trust(installation.options.ca).wrap_socket(plain, server_hostname=host) as secure:
                ends = ssl.cert_time_to_seconds(str((secure.getpeercert() or {}).get("notAfter")))
    except ssl.SSLCertVerificationError as error:
        mend += "; a CA of your own: --ca FILE"
        yield fail("edge", f"its certificate is refused: {error.verify_message}", mend)
    except (OSError, ValueError) as error:
        yield fail("edge", f"no TLS: {error}", "look at the edge's log")
    else:
        days = (ends - time.time()) / 86400
        text = f"its certificate is good for {days:.0f} days"
        yield warn("edge", text, mend) if days < installation.options.certificate_days else ok("edge", text)


@check("keys.published")
def published(installation: Installation) -> Iterator[Finding]:
    origins = [("edge", installation.url)] if installation.url else []
    origins += [(service.name, service.internal) for service in installation.services if service.kind == "auth-service"]
    for name, origin in origins:
        try:
            answer = fetch(f"{origin}/.well-known/jwks.json")
            keys = answer.json()["keys"]
        except (Unreachable, ValueError, KeyError, TypeError):
            yield fail(name, "/.well-known/jwks.json cannot be read: nobody can sign in", "see service.ready")
            continue
        good = [key for key in keys if key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and key.get("x")]
        if not good:
            mend = "auth-service makes one by itself if it can write to PostgreSQL; read its log"
            yield fail(name, "no signing key is published: every access token is refused", mend)
        else:
            yield ok(name, f"{len(good)} signing key(s)")


@check("keys.age")
def age(installation: Installation) -> Iterator[Finding]:
    if not installation.database_url:
        return
    try:
        statement = """
            SELECT count(*), coalesce(current_date - max(created_at)::date, 0)
            FROM auth.signing_keys WHERE retired_at IS NULL"""
        count, days = (int(value) for value in sql.row(installation.database_url, statement))
    except sql.NoAnswer as reason:
        if not re.search("does not exist|permission denied", str(reason)):
            return  # database.reachable says it
        yield fail("signing keys", f"cannot be read: {reason}", "auth-service migrate")
        return
    if count == 0:
        yield fail("signing keys", "none is in use", "start auth-service: it makes one by itself")
    elif days > KEY_DAYS:
        mend = "auth-service keys rotate; with PARLEY_KEY_DAYS it does so by itself (docs/operations.md)"
        yield warn("signing keys", f"the one in use is {days} days old", mend)
    else:
        yield ok("signing keys", f"the one in use is {days} days old")
