"""A Parley client in sixty lines, written from docs/protocol.md alone: `python example_client.py ORIGIN [WS1 [WS2]]`.

Registers two people at ORIGIN, connects them to WS1 and WS2 (two gateways; by default both through ORIGIN), and shows
every kind of frame. Needs only `pip install websockets`.
"""

import json
import sys
import urllib.request
import uuid
from typing import Any

from websockets.sync.client import ClientConnection, connect


def rest(origin: str, method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(origin + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


def register(origin: str, name: str) -> dict[str, Any]:
    username = f"{name}-{uuid.uuid4().hex[:8]}"
    return rest(origin, "POST", "/api/v1/auth/register", {"username": username, "password": "tea at 5 with jam"})


def say(ws: ClientConnection, type: str, **fields: Any) -> None:
    ws.send(json.dumps({"type": type, **fields}))


def expect(ws: ClientConnection, type: str, **fields: Any) -> dict[str, Any]:
    """Reads on to the next frame of that type with those values, and prints it."""
    while True:
        frame = dict(json.loads(ws.recv(timeout=10)))
        if frame["type"] == type and all(frame.get(key) == value for key, value in fields.items()):
            print("←", json.dumps(frame))
            return frame


def main(origin: str, ada_at: str, bob_at: str) -> None:
    ada, bob = register(origin, "ada"), register(origin, "bob")
    ada_id, bob_id = ada["user"]["id"], bob["user"]["id"]
    chat = rest(origin, "PUT", f"/api/v1/chats/with/{bob_id}", token=ada["access_token"])["chat"]
    with connect(f"ws{ada_at[4:]}/ws") as at_ada, connect(f"ws{bob_at[4:]}/ws") as at_bob:
        for ws, person in ((at_ada, ada), (at_bob, bob)):
            say(ws, "hello", protocol=1, token=person["access_token"], device="example")
            expect(ws, "welcome", user=person["user"]["id"])
            rest(origin, "GET", "/api/v1/sync", token=person["access_token"])
        say(at_bob, "typing", chat=chat, active=True)
        expect(at_ada, "typing", chat=chat, user=bob_id, active=True)
        for ws, other, sender, body in ((at_bob, at_ada, bob_id, "hello"), (at_ada, at_bob, ada_id, "hello yourself")):
            id = str(uuid.uuid4())
            say(ws, "send", id=id, chat=chat, body=body)
            ack = expect(ws, "ack", id=id, chat=chat)
            expect(other, "message", chat=chat, seq=ack["seq"], id=id, **{"from": sender}, body=body)
        say(at_bob, "cursor", chat=chat, delivered=2, read=2)
        expect(at_ada, "cursor", chat=chat, user=bob_id, delivered=2, read=2)
        say(at_ada, "watch", users=[bob_id])
        expect(at_ada, "presence", user=bob_id, state="online")
        say(at_ada, "ping", id=7)
        expect(at_ada, "pong", id=7, status="ok")
    page = rest(origin, "GET", f"/api/v1/chats/{chat}/messages?after=0", token=bob["access_token"])
    assert [message["body"] for message in page["messages"]] == ["hello", "hello yourself"]
    print("everything arrived as docs/protocol.md says")


if __name__ == "__main__":
    urls = sys.argv[1:]
    main(urls[0], urls[1] if len(urls) > 1 else urls[0], urls[-1])
