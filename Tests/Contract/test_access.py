"""Who may do what: every route and frame, for every kind of caller and things of every owner, as in expected.txt."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

import access
from access import CALLERS, FRIENDLY, Ask, Cast
from conftest import BODY
from describe import REPOSITORY, frames, routes
from parley_client import Answer, Api, Socket, eventually, new_id
from parley_system import LocalSystem

TABLE = REPOSITORY / "Tests/Contract/expected.txt"
SILENCE = 0.7
"""Seconds after which a frame that may be left unanswered counts as taken: many times what a refusal takes."""


@pytest.fixture(scope="module")
def cast(system: LocalSystem) -> Iterator[Cast]:
    cast = Cast.of(system)
    eventually(lambda: cast.expired.api.request("GET", "/api/v1/users/me").status == 401, "one token expires", 10)
    for user in (cast.ended, cast.expired):
        eventually(lambda: user.api.request("GET", "/api/v1/sync").status == 401, "message-service knows", 10)
    yield cast
    for user in (cast.friend, cast.other):
        user.close()


@pytest.fixture(scope="module")
def answers(cast: Cast) -> dict[tuple[str, str, str], Answer]:
    """What every request is answered with, by what is asked, for whose thing, by whom."""
    return {(ask.what, ask.whose, who): answer(ask, cast, who) for ask in access.requests(cast) for who in CALLERS}


def answer(ask: Ask, cast: Cast, caller: str) -> Answer:
    api = Api(cast.url, cast.token(caller))
    method, path = ask.what.split(" ")
    body = ask.body() if ask.body else None
    try:
        return api.request(method, ask.path() if ask.path else path, body)
    finally:
        api.close()


def outcome(answer: Answer, cast: Cast) -> str:
    """The status, and whether the answer holds something of the member that is nobody else's to see."""
    text = json.dumps(answer.body, ensure_ascii=False)
    private = (cast.chats["own"], BODY, cast.member.session)
    return f"{answer.status}{'+' if any(word in text for word in private) else ''}"


def frame_outcome(ask: Ask, cast: Cast, caller: str) -> str:
    """What a frame is answered with on a socket that said hello with the caller's token, or how that was refused."""
    socket = Socket(cast.url)
    try:
        token = cast.token(caller)
        if token is not None:
            socket.frame("hello", protocol=1, token=token, device="test")
            socket.until(lambda: bool(socket.frames) or not socket.is_open, "an answer to hello")
            if not socket.is_open:
                return str(socket.close_code)
        if ask.what == "hello":
            return "welcome" if token else after_hello_of_nobody(socket)
        return after_frame(socket, ask)
    finally:
        socket.close()


def after_frame(socket: Socket, ask: Ask) -> str:
    before, id = len(socket.frames), new_id()
    socket.frame(ask.what, id=id, **(ask.body() if ask.body else {}))
    deadline = time.monotonic() + SILENCE
    state = "taken"
    while time.monotonic() < deadline:
        for frame in socket.frames[before:]:
            match frame:
                case {"type": "error", "id": answered, "code": code} if answered == id:
                    return str(code)
                case {"type": "ack" | "pong" as type, "id": answered} if answered == id:
                    return str(type)
                case {"type": "presence"}:
                    state = str(frame["state"])
        time.sleep(0.01)
    socket.fence()
    return state


def after_hello_of_nobody(socket: Socket) -> str:
    socket.frame("hello", protocol=1, token="", device="test")
    return str(socket.closed())


def table(rows: dict[str, list[str]]) -> list[str]:
    return [(row + "".join(f"{outcome:<18}" for outcome in outcomes)).rstrip() for row, outcomes in rows.items()]


def committed(part: str) -> list[str]:
    """The rows of a part of the table, without its head."""
    body = TABLE.read_text().split(f"\n== {part} ==\n")[1].split("\n== ")[0]
    return [line for line in body.splitlines()[1:] if line.strip()]


def test_every_request_has_the_expected_outcome(answers: dict[tuple[str, str, str], Answer], cast: Cast) -> None:
    rows: dict[str, list[str]] = {}
    for (what, whose, _), answer in answers.items():
        rows.setdefault(Ask(what, whose).row, []).append(outcome(answer, cast))
    assert table(rows) == committed("routes"), "the table is now:\n" + "\n".join(table(rows))


def test_every_frame_has_the_expected_outcome(cast: Cast) -> None:
    rows = {ask.row: [frame_outcome(ask, cast, caller) for caller in CALLERS] for ask in access.frames(cast)}
    assert table(rows) == committed("frames"), "the table is now:\n" + "\n".join(table(rows))


def test_somebody_elses_thing_and_none_answer_alike(answers: dict[tuple[str, str, str], Answer]) -> None:
    compared = 0
    for (what, whose, caller), foreign in answers.items():
        if whose != "other's" or caller not in FRIENDLY:
            continue
        unknown = answers[what, "unknown", caller]
        assert (foreign.status, foreign.body) == (unknown.status, unknown.body), what
        assert head(foreign) == head(unknown), what
        compared += 1
    assert compared >= 10


def head(answer: Answer) -> dict[str, str]:
    """The fields of an answer's head that could tell something."""
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}


def test_the_table_has_every_route_and_every_frame() -> None:
    assert {row[:52].strip() for row in committed("routes")} == {f"{method} {path}" for method, path in routes()}
    assert {row[:52].strip() for row in committed("frames")} == set(frames("client"))


def test_nobody_without_a_good_token_gets_anything() -> None:
    """Of the table itself: a line that is changed by mistake must not pass for what was wanted."""
    for row in committed("routes"):
        what, outcomes = row[:52].strip(), dict(zip(CALLERS, row[64:].split(), strict=True))
        if what.split()[1].startswith(("/.well-known/", "/api/v1/openapi.json")) or what in OPEN:
            continue
        assert {outcomes[caller] for caller in CALLERS if caller not in FRIENDLY} == {"401"}, row


OPEN = {f"POST /api/v1/auth/{name}" for name in ("register", "login", "refresh", "passkeys/options")}
