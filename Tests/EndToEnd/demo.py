"""`./parley demo`: two people talk through the edge, and history and PostgreSQL prove what was said.

PARLEY_URL is the origin of a running system; PARLEY_DATABASE_URL its PostgreSQL (without it that proof is left out).
"""

from __future__ import annotations

import os
import sys
import time

import psycopg

from parley_client import Frame, Json, Socket, User

CONVERSATION = [
    ("ada", "Hello Bob! Is this thing on? 👋"),
    ("bob", "It is. Four services, one socket each for us."),
    ("ada", "And if I send the same message twice?"),
    ("bob", "Then it is stored once: it has an id, and I have seen it before."),
    ("ada", "What if my laptop sleeps?"),
    ("bob", "You sync when you wake. Nothing is missing, and nothing twice."),
    ("ada", "Sold. 🦜"),
]
COLOURS = {"ada": "\033[36m", "bob": "\033[33m"}
DIM, BOLD, GREEN, RESET = "\033[2m", "\033[1m", "\033[32m", "\033[0m"
Row = tuple[int, str, str, str]
"""seq, sender, id, body"""


def main() -> int:
    url = os.environ.get("PARLEY_URL")
    if not url:
        print("PARLEY_URL is not set: which system?", file=sys.stderr)
        return 2
    people = {name: User.register(url, name) for name in ("ada", "bob")}
    print(f"{paint(BOLD, 'Two people on')} {url}")
    for name, user in people.items():
        print(paint(DIM, f"  {name} is {user.username}, {user.id}"))
    chat = people["ada"].open_chat(people["bob"])
    print(paint(DIM, f"  their chat is {chat}\n"))
    said = converse(people, chat, url)
    print()
    prove("history (REST, as Ada reads it)", from_history(people["ada"], chat), said)
    prove("history (REST, as Bob reads it)", from_history(people["bob"], chat), said)
    prove_database(chat, said)
    for user in people.values():
        user.close()
    print(paint(GREEN, f"\nAll {len(said)} messages are stored once and in order."))
    return 0


def converse(people: dict[str, User], chat: str, url: str) -> list[Row]:
    """Says everything, each line twice with the same id; returns what was acknowledged."""
    sockets = {name: user.connect(url) for name, user in people.items()}
    said: list[Row] = []
    for name, body in CONVERSATION:
        other = next(key for key in people if key != name)
        sockets[name].frame("typing", chat=chat, active=True)
        sockets[other].wait("typing", chat=chat, user=people[name].id, active=True)
        said.append(exchange(sockets[name], sockets[other], chat, name, people[name].id, body))
    return said


def exchange(here: Socket, there: Socket, chat: str, name: str, sender: str, body: str) -> Row:
    begin = time.monotonic()
    ack = here.say(chat, body)
    message = there.wait("message", id=ack["id"])
    took = (time.monotonic() - begin) * 1000
    repeat(here, chat, body, ack)
    assert (message["from"], message["body"], message["seq"]) == (sender, body, ack["seq"]), message
    seq = ack["seq"]
    print(f"  {paint(COLOURS[name], f'{name} ▸')} {body}  {paint(DIM, f'#{seq} · {took:.1f} ms')}")
    return (seq, sender, ack["id"], body)


def repeat(here: Socket, chat: str, body: str, ack: Frame) -> None:
    """Sends the same message again, as a client does that lost the answer: the answer must be the same."""
    here.send(chat, body, ack["id"])
    here.until(lambda: len(here.all("ack", id=ack["id"])) == 2, "the ack of the repeat")
    assert here.all("ack", id=ack["id"])[1] == ack


def from_history(user: User, chat: str) -> list[Row]:
    return [as_row(message) for message in user.whole_history(chat)]


def as_row(message: Json) -> Row:
    return (message["seq"], message["from"], message["id"], message["body"])


def prove_database(chat: str, said: list[Row]) -> None:
    database = os.environ.get("PARLEY_DATABASE_URL")
    if not database:
        print(paint(DIM, "  – PostgreSQL: PARLEY_DATABASE_URL is not set, so it is not asked"))
        return
    query = "SELECT seq, sender::text, client_id::text, body FROM chat.messages WHERE chat = %s::uuid ORDER BY seq"
    with psycopg.connect(database, connect_timeout=5) as connection:
        rows = connection.execute(query, (chat,)).fetchall()
    prove("PostgreSQL (chat.messages)", [(int(seq), sender, id, body) for seq, sender, id, body in rows], said)


def prove(where: str, found: list[Row], said: list[Row]) -> None:
    """Ends the demo with an error unless `found` is exactly what was said, as seq 1, 2, 3, …"""
    if found != said or [row[0] for row in found] != list(range(1, len(said) + 1)):
        sys.exit(f"  ✗ {where}: {found}\n    instead of {said}")
    print(f"  {paint(GREEN, '✓')} {where}: {len(found)} messages, each once, in order")


def paint(colour: str, text: str) -> str:
    return f"{colour}{text}{RESET}" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


if __name__ == "__main__":
    sys.exit(main())
