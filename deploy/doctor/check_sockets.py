"""`/ws` through the edge: does it open, is anything held back on the way, does an idle connection live?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fetch import Unreachable, fetch
from findings import Finding, check, fail, ok, skip, warn
from installation import Installation
from websocket import Closed, WebSocket

PINGS = 5
SLOW_WARN, SLOW_FAIL = 0.15, 0.5
# Without an account the gateway ends a connection after 10 s; with one, a client pings every 20 s.
IDLE_STRANGER, IDLE_SIGNED_IN = 6.0, 25.0

BUFFERS = "switch buffering off for /ws (nginx: proxy_buffering off, proxy_http_version 1.1)"
CUTS = "let /ws be idle for 60 s at least, 300 s better (nginx: proxy_read_timeout, HAProxy: timeout tunnel, ELB: idle)"


def token(installation: Installation) -> str | None:
    """An access token of the account in the file: the user name on its first line, the password on its second."""
    if not installation.options.account:
        return None
    name, password = Path(installation.options.account).read_text().split("\n")[:2]
    given = {"username": name, "password": password, "device": "doctor"}
    answer = fetch(f"{installation.url}/api/v1/auth/login", given)
    if answer.status != 200:
        raise Unreachable(f"the account {name} cannot sign in: {answer.status}")
    return str(answer.json()["access_token"])


@check("ws.latency")
def latency(installation: Installation) -> Iterator[Finding]:
    if not installation.url:
        yield skip("/ws", "the edge's address is not known", "--url https://chat.example")
        return
    try:
        connection = WebSocket(installation.url)
    except Unreachable as reason:
        mend = "the proxy has to pass Upgrade and Connection on (nginx: proxy_set_header Upgrade $http_upgrade)"
        yield fail("/ws", f"does not open: {reason}", mend)
        return
    try:
        times = sorted(connection.round_trip() for _ in range(PINGS))
    except TimeoutError:
        yield fail("/ws", "opens, but a frame of two bytes is not answered within 3 s: it is held back", BUFFERS)
        return
    except (Closed, OSError) as error:
        yield fail("/ws", f"opens, and ends at once: {error}", "read the log of realtime-gateway")
        return
    finally:
        connection.close()
    median = times[len(times) // 2]
    text = f"a frame there and back takes {median * 1000:.0f} ms (at most {times[-1] * 1000:.0f})"
    if median > SLOW_FAIL:
        yield fail("/ws", f"{text}: it is held back", BUFFERS)
    elif median > SLOW_WARN:
        yield warn("/ws", text, BUFFERS)
    else:
        yield ok("/ws", text)


@check("ws.idle")
def idle(installation: Installation) -> Iterator[Finding]:
    if not installation.url:
        return
    try:
        access = token(installation)
        connection = WebSocket(installation.url)
    except Unreachable as reason:
        if installation.options.account:
            yield fail("/ws", str(reason), "correct --account")
        return  # ws.latency says it
    wanted = installation.options.idle or (IDLE_SIGNED_IN if access else IDLE_STRANGER)
    try:
        if access:
            connection.hello(access)
        lived = connection.idle(wanted)
        if lived < wanted:
            yield fail("/ws", f"an idle connection was cut after {lived:.1f} s", CUTS)
            return
        connection.round_trip()
    except (Closed, OSError) as error:
        yield fail("/ws", f"a connection that was idle for {wanted:.0f} s is dead: {error or 'no answer'}", CUTS)
    else:
        more = "" if access else "; --account FILE looks for longer"
        yield ok("/ws", f"lives while idle for {wanted:.0f} s{more}")
    finally:
        connection.close()
