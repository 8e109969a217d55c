"""A small Parley client for tests and the demo: REST by requests, sockets by websockets, every wait has a deadline.

It shows all that it receives, repeats included: what a test wants to see. docs/protocol.md says what a real one adds.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

Frame = dict[str, Any]
Json = dict[str, Any]
T = TypeVar("T")

WAIT = 5.0
"""Seconds a wait lasts unless it says otherwise: many times what anything takes when nothing is broken."""


def new_id() -> str:
    """A client id for a message."""
    return str(uuid.uuid4())


def chat_hash(one: str, other: str) -> str:
    """The id of the direct chat of two users (docs/protocol.md, "The chat hash")."""
    low, high = sorted((one, other))
    return hashlib.sha256(f"parley:direct:{low}:{high}".encode()).digest()[:16].hex()


def eventually(probe: Callable[[], T], what: str, within: float = WAIT, every: float = 0.05) -> T:
    """Asks `probe` until it gives something true; fails after `within` seconds. An error of `requests` is "not yet"."""
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            if answer := probe():
                return answer
            last = answer
        except requests.RequestException as error:
            last = error
        if time.monotonic() >= deadline:
            raise TimeoutError(f"not within {within} s: {what} (last: {last!r})")
        time.sleep(every)


@dataclass(frozen=True)
class Answer:
    """What a REST request was answered with."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str | None:
        """The error code, if it is an error of the documented shape."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error.get("code") if isinstance(error, dict) else None


class Api:
    """The REST interface at one origin, for one access token or none."""

    def __init__(self, url: str, token: str | None = None, timeout: float = 15.0) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.timeout = timeout
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = os.environ.get("SSL_CERT_FILE", True)  # as the sockets do

    def download(self, path: str, *, stream: bool = False) -> requests.Response:
        """What GET answers, as it comes."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self._http.get(self.url + path, headers=headers, stream=stream, timeout=60)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        reply = self._http.request(method, self.url + path, data=data, headers=sent, timeout=self.timeout)
        try:
            parsed = reply.json() if reply.content else None
        except ValueError:
            parsed = reply.text
        return Answer(reply.status_code, parsed, reply.headers)

    def expect(self, status: int, method: str, path: str, body: object = None) -> Any:
        """The body of a request that must be answered with `status`."""
        answer = self.request(method, path, body)
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body

    def get(self, path: str) -> Any:
        return self.expect(200, "GET", path)

    def close(self) -> None:
        self._http.close()


@dataclass
class User:
    """A registered user with one session."""

    id: str
    username: str
    password: str
    session: str
    refresh_token: str
    api: Api
    sockets: list[Socket] = field(default_factory=list)

    @property
    def token(self) -> str:
        assert self.api.token is not None
        return self.api.token

    @staticmethod
    def register(url: str, name: str = "user", password: str = "correct horse 27 staple") -> User:
        """Registers a user whose name begins with `name` and is taken by nobody."""
        username = f"{name}-{uuid.uuid4().hex[:12]}"
        api = Api(url)
        signed_in = api.expect(201, "POST", "/api/v1/auth/register", {"username": username, "password": password})
        return User._of(signed_in, password, api)

    def login(self, device: str = "second") -> User:
        """The same person on another device: another session."""
        api = Api(self.api.url)
        given = {"username": self.username, "password": self.password, "device": device}
        return User._of(api.expect(200, "POST", "/api/v1/auth/login", given), self.password, api)

    def refresh(self) -> None:
        """Takes a new pair of tokens."""
        answer = Api(self.api.url).expect(200, "POST", "/api/v1/auth/refresh", {"refresh_token": self.refresh_token})
        self.refresh_token = answer["refresh_token"]
        self.api.token = answer["access_token"]

    @staticmethod
    def _of(signed_in: Json, password: str, api: Api) -> User:
        api.token = signed_in["access_token"]
        user = signed_in["user"]
        return User(user["id"], user["username"], password, signed_in["session_id"], signed_in["refresh_token"], api)

    def connect(self, url: str) -> Socket:
        """A socket that has been welcomed, at the gateway or edge `url`."""
        socket = Socket(url)
        self.sockets.append(socket)
        socket.hello(self.token)
        return socket

    def open_chat(self, other: User) -> str:
        return str(self.api.expect(200, "PUT", f"/api/v1/chats/with/{other.id}")["chat"])

    def chat(self, chat: str) -> Json:
        return dict(self.api.get(f"/api/v1/chats/{chat}"))

    def history(self, chat: str, query: str = "") -> list[Json]:
        return list(self.api.get(f"/api/v1/chats/{chat}/messages{query}")["messages"])

    def whole_history(self, chat: str) -> list[Json]:
        """Every message from the first to `last_seq`, page by page."""
        messages: list[Json] = []
        while True:
            last = messages[-1]["seq"] if messages else 0
            page = self.api.get(f"/api/v1/chats/{chat}/messages?after={last}&limit=200")
            messages += page["messages"]
            if not page["messages"] or messages[-1]["seq"] >= page["last_seq"]:
                return messages

    def sync(self, since: str | None = None) -> tuple[dict[str, Json], str]:
        """Runs sync to its end: the changed chats by hash, and the next cursor."""
        chats: dict[str, Json] = {}
        while True:
            query = "" if since is None else "?since=" + quote(since, safe="")
            answer = self.api.get("/api/v1/sync" + query)
            chats |= {chat["chat"]: chat for chat in answer["chats"]}
            since = str(answer["next"])
            if not answer["more"]:
                return chats, since

    def close(self) -> None:
        for socket in self.sockets:
            socket.close()
        self.api.close()


def tls_for_two_threads() -> ssl.SSLContext:
    """TLS 1.2. In 1.3 the server's tickets come after the handshake, when one thread of the WebSocket library reads and
    another writes already; Python lets both at OpenSSL at once, and some connections get stuck."""
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


class Socket:
    """One WebSocket. A background thread collects every frame; `wait` looks at all of them from the first."""

    def __init__(self, url: str, **options: Any) -> None:
        self.frames: list[Frame] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self._changed = threading.Condition()
        self._open = ExitStack()
        if websocket_url(url).startswith("wss:"):
            options.setdefault("ssl", tls_for_two_threads())
        opening = connect(websocket_url(url), compression=None, ping_interval=None, proxy=None, **options)
        self._ws: ClientConnection = self._open.enter_context(opening)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # Sending

    def frame(self, type: str, **fields: Any) -> None:
        """Sends a frame."""
        self.text(json.dumps({"type": type, **fields}))

    def text(self, text: str | bytes) -> None:
        """Sends any bytes as one text message."""
        self._ws.send(text, text=True)

    def binary(self, data: bytes) -> None:
        self._ws.send(data)

    def hello(self, token: str, device: str = "test") -> Frame:
        """Says hello and waits for the (next) welcome."""
        welcomes = len(self.all("welcome"))
        self.frame("hello", protocol=1, token=token, device=device)
        self.until(lambda: len(self.all("welcome")) > welcomes, "welcome")
        return self.all("welcome")[-1]

    def send(self, chat: str, body: str, id: str | None = None) -> str:
        """Sends a message without waiting; returns its id."""
        id = id or new_id()
        self.frame("send", id=id, chat=chat, body=body)
        return id

    def say(self, chat: str, body: str, id: str | None = None, within: float = WAIT) -> Frame:
        """Sends a message and waits for its ack."""
        return self.wait("ack", within, id=self.send(chat, body, id))

    def ask(self, chat: str, body: str, id: str, within: float = 10) -> Frame:
        """Sends a message and waits for its ack or error."""
        answered = len(self.replies(id))
        self.send(chat, body, id)
        self.until(lambda: len(self.replies(id)) > answered, f"an answer to {id}", within)
        return self.replies(id)[-1]

    def insist(self, chat: str, body: str, id: str | None = None, within: float = 30) -> Frame:
        """Sends a message as a real client does: the same frame again after every retryable error."""
        id = id or new_id()
        deadline = time.monotonic() + within
        while True:
            reply = self.ask(chat, body, id, deadline - time.monotonic())
            if reply["type"] == "ack":
                return reply
            assert reply["retryable"], reply
            time.sleep(min(reply.get("retry_after_ms", 200), 1000) / 1000)

    def refused(self, code: str, type: str, id: str, **fields: Any) -> Frame:
        """Sends a frame that must be answered by an error with `code`."""
        self.frame(type, id=id, **fields)
        return self.wait("error", id=id, code=code)

    # Receiving

    def all(self, type: str, **fields: Any) -> list[Frame]:
        """The frames so far of that type with those values."""
        with self._changed:
            return [frame for frame in self.frames if _matches(frame, {"type": type, **fields})]

    def replies(self, id: str) -> list[Frame]:
        """The acks and errors so far for the frame `id`."""
        with self._changed:
            return [frame for frame in self.frames if frame.get("id") == id and frame["type"] in ("ack", "error")]

    def wait(self, type: str, within: float = WAIT, **fields: Any) -> Frame:
        """The first frame, past or coming, of that type with those values."""
        self.until(lambda: bool(self.all(type, **fields)), f"{type} with {fields}", within)
        return self.all(type, **fields)[0]

    def until(self, done: Callable[[], bool], what: str, within: float = WAIT) -> None:
        """Waits until `done()`, looked at after every frame."""
        with self._changed:
            if self._changed.wait_for(lambda: done() or self.close_code is not None, max(within, 0)) and done():
                return
            seen = [_short(frame) for frame in self.frames[-6:]]
        ended = f"; closed with {self.close_code} {self.close_reason}" if self.close_code else ""
        raise TimeoutError(f"not within {within:.1f} s: {what}{ended}; last frames: {seen}")

    def sees(self, chat: str, body: str, within: float = WAIT) -> Frame:
        """Waits for the live message with that body."""
        return self.wait("message", within, chat=chat, body=body)

    def closed(self, within: float = WAIT) -> int:
        """Waits for the end of the connection: its close code, 1006 if it ended without one."""
        with self._changed:
            if self._changed.wait_for(lambda: self.close_code is not None, within):
                assert self.close_code is not None
                return self.close_code
        raise TimeoutError(f"not closed within {within} s; last frames: {self.frames[-6:]}")

    def fence(self) -> None:
        """Returns when the gateway has answered everything sent before on this socket."""
        id = new_id()
        self.frame("ping", id=id)
        self.wait("pong", id=id)

    @property
    def is_open(self) -> bool:
        return self.close_code is None

    def close(self) -> None:
        self._open.close()
        self._reader.join(WAIT)

    def _read(self) -> None:
        code, reason = 1006, ""
        try:
            for text in self._ws:
                with self._changed:
                    self.frames.append(json.loads(text))
                    self._changed.notify_all()
            code = self._ws.close_code or 1006
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                code, reason = closed.rcvd.code, closed.rcvd.reason
        except OSError:
            pass
        with self._changed:
            self.close_code, self.close_reason = code, reason
            self._changed.notify_all()


def websocket_url(url: str) -> str:
    """`/ws` of an origin given as http or https."""
    return "ws" + url.removeprefix("http").rstrip("/") + "/ws"


def _matches(frame: Frame, wanted: Json) -> bool:
    return all(key in frame and frame[key] == value for key, value in wanted.items())


def _short(frame: Frame) -> str:
    text = json.dumps(frame, ensure_ascii=False)
    return text if len(text) < 200 else text[:200] + "…"
