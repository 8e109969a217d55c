"""Who asks, for whose thing, by which route or frame: everything of which expected.txt has the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from conftest import BODY
from describe import Json
from parley_client import User, new_id
from parley_system import LocalSystem

UNKNOWN_ID = "01936f2e-8c1a-7b3e-9d42-5f60a1b2c3d4"
UNKNOWN_CHAT = "0123456789abcdef0123456789abcdef"
CALLERS = ("nobody", "stranger", "member", "ended", "expired", "wrong kind")
FRIENDLY = ("stranger", "member")
"""Callers whose token is good."""


@dataclass
class Cast:
    """The member talks with a friend; two others talk with one another; the stranger talks with nobody. All but the
    member and the stranger are connected."""

    url: str
    member: User
    friend: User
    stranger: User
    other: User
    expired: User
    chats: dict[str, str]
    ended: User = field(init=False)

    def __post_init__(self) -> None:
        self.ended = self.member.login()
        self.ended.api.expect(204, "POST", "/api/v1/auth/logout")

    @staticmethod
    def of(system: LocalSystem) -> Cast:
        names = ("member", "friend", "stranger", "other", "another")
        member, friend, stranger, other, another = (
            User.register(system.url, name, f"the horse of {name} 27") for name in names
        )
        chats = {"own": member.open_chat(friend), "other's": other.open_chat(another), "unknown": UNKNOWN_CHAT}
        for writers, chat in (((member, friend), chats["own"]), ((other, another), chats["other's"])):
            for writer in writers:
                writer.api.expect(200, "POST", f"/api/v1/chats/{chat}/messages", {"id": new_id(), "body": BODY})
        for user, gateway in ((friend, system.gateways[0]), (other, system.gateways[1])):
            user.connect(gateway)
        with system.changed("auth-service-1", PARLEY_ACCESS_TOKEN_SECONDS="5"):
            expired = member.login()
        return Cast(system.url, member, friend, stranger, other, expired, chats)

    def token(self, caller: str) -> str | None:
        """A token of a caller; those that are good are of a session that nobody else uses."""
        match caller:
            case "nobody":
                return None
            case "stranger":
                return self.stranger.login().token
            case "member":
                return self.member.login().token
            case "ended":
                return self.ended.token
            case "expired":
                return self.expired.token
            case _:
                return self.member.refresh_token

@dataclass(frozen=True)
class Ask:
    """One request or frame, for somebody's thing: a row of expected.txt."""

    what: str
    whose: str = "-"
    path: Callable[[], str] | None = None
    body: Callable[[], Json] | None = None

    @property
    def row(self) -> str:
        return f"{self.what:<52}{self.whose:<12}"


def requests(cast: Cast) -> Iterator[Ask]:
    """Every route of openapi.yaml; what ends a session or an account is last."""
    yield from open_requests(cast)
    for path in ("auth/sessions", "users/me", "chats", "sync", "blocks", "export"):
        yield Ask(f"GET /api/v1/{path}")
    yield Ask("PATCH /api/v1/users/me", body=lambda: {"display_name": "Somebody"})
    yield from factor_requests()
    yield Ask("GET /api/v1/users", "query", path=lambda: "/api/v1/users?query=member")
    people = {"self": cast.member.id, "somebody": cast.other.id, "unknown": UNKNOWN_ID}
    for whose, user in people.items():
        yield Ask("GET /api/v1/users", whose, path=lambda user=user: f"/api/v1/users?ids={user}")
    for whose, user in people.items():
        yield Ask("PUT /api/v1/chats/with/{user_id}", whose, path=lambda user=user: f"/api/v1/chats/with/{user}")
    for method in ("PUT", "DELETE"):
        for whose, user in people.items():
            yield Ask(f"{method} /api/v1/blocks/{{user_id}}", whose, path=lambda user=user: f"/api/v1/blocks/{user}")
    yield from chat_requests(cast)
    sessions = {"own": lambda: cast.member.login().session, "other's": lambda: cast.other.session}
    for whose, session in (sessions | {"unknown": lambda: UNKNOWN_ID}).items():
        path = lambda session=session: f"/api/v1/auth/sessions/{session()}"  # noqa: E731
        yield Ask("DELETE /api/v1/auth/sessions/{id}", whose, path=path)
    yield Ask("DELETE /api/v1/auth/sessions")
    yield Ask("POST /api/v1/auth/logout")
    guess = {"current_password": "the horse of nobody 27", "messages": "keep"}
    yield Ask("POST /api/v1/users/me/delete", body=lambda: guess)
    same = {"current_password": cast.member.password, "new_password": cast.member.password}
    yield Ask("POST /api/v1/auth/password", body=lambda: same)


def factor_requests() -> Iterator[Ask]:
    """Second factors: what changes them needs the password."""
    yield Ask("GET /api/v1/auth/factors")
    for path in ("totp", "totp/remove", "recovery-codes"):
        yield Ask(f"POST /api/v1/auth/factors/{path}", body=lambda: {"current_password": "the horse of nobody 27"})
    yield Ask("POST /api/v1/auth/factors/totp/confirm", body=lambda: {"code": "000000"})
    wrong = {"current_password": "the horse of nobody 27"}
    yield Ask("POST /api/v1/auth/factors/passkeys/options", body=lambda: wrong)
    made = credential(attestationObject="AQID")
    yield Ask("POST /api/v1/auth/factors/passkeys", body=lambda: {"challenge": "A", "name": "x", "credential": made})
    to = f"/api/v1/auth/factors/passkeys/{UNKNOWN_ID}/remove"
    yield Ask("POST /api/v1/auth/factors/passkeys/{id}/remove", path=lambda: to, body=lambda: wrong)


def credential(**response: str) -> Json:
    """What a browser could give, and proves nothing."""
    return {"id": "AQID", "type": "public-key", "response": {"clientDataJSON": "e30"} | response}


def chat_requests(cast: Cast) -> Iterator[Ask]:
    """Routes of one chat."""
    new: dict[str, Callable[[], Json] | None] = {"GET": None, "POST": lambda: {"id": new_id(), "body": BODY}}
    for what in ("GET /api/v1/chats/{chat}", "GET /api/v1/chats/{chat}/messages", "POST /api/v1/chats/{chat}/messages"):
        method, path = what.split(" ")
        for whose, chat in cast.chats.items():
            yield Ask(what, whose, path=lambda to=path.replace("{chat}", chat): to, body=new[method])


def open_requests(cast: Cast) -> Iterator[Ask]:
    """Routes that ask for no access token."""
    yield Ask("GET /.well-known/jwks.json")
    yield Ask("GET /api/v1/openapi.json")
    new = {"password": cast.member.password}
    yield Ask("POST /api/v1/auth/register", body=lambda: new | {"username": "new-" + new_id()[:8]})
    given = {"username": cast.member.username, "password": cast.member.password}
    yield Ask("POST /api/v1/auth/login", "own", body=lambda: given)
    yield Ask("POST /api/v1/auth/login", "other's", body=lambda: given | {"username": cast.other.username})
    yield Ask("POST /api/v1/auth/login", "unknown", body=lambda: given | {"username": "nobody-" + new_id()[:8]})
    yield Ask("POST /api/v1/auth/login/factor", body=lambda: {"challenge": "A" * 43, "code": "000000"})
    yield Ask("POST /api/v1/auth/passkeys/options", body=lambda: {})
    shown = credential(authenticatorData="AQID", signature="AQID")
    yield Ask("POST /api/v1/auth/passkeys/login", body=lambda: {"challenge": "A", "credential": shown})
    tokens = {
        "refresh": lambda: cast.member.login().refresh_token,
        "access": lambda: cast.member.token,
        "ended": lambda: cast.ended.refresh_token,
    }
    for whose, token in tokens.items():
        yield Ask("POST /api/v1/auth/refresh", whose, body=lambda token=token: {"refresh_token": token()})


def frames(cast: Cast) -> Iterator[Ask]:
    """Every frame of asyncapi.yaml that a client sends."""
    for what, fields in {"send": {"body": BODY}, "cursor": {"read": 1}, "typing": {"active": False}}.items():
        for whose, chat in cast.chats.items():
            yield Ask(what, whose, body=lambda frame={"chat": chat} | fields: frame)
    people = {"friend": cast.friend.id, "somebody": cast.other.id, "unknown": UNKNOWN_ID}
    for whose, user in people.items():
        yield Ask("watch", whose, body=lambda user=user: {"users": [user]})
    yield Ask("ping")
    yield Ask("hello")
