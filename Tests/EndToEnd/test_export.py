"""An export is all that its owner may see, whole and readable, and nothing else."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from html.parser import HTMLParser
from typing import Any

from conftest import MakeUser, Talk
from parley_client import Api, User
from parley_system import LocalSystem

EVIL = '</p><script>alert("x")</script><img src=https://evil.example/x onerror=\'alert(1)\'>&amp;'


PATH = "/api/v1/export"


def export(user: User) -> zipfile.ZipFile:
    answer = user.api.download(PATH)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


class Tags(HTMLParser):
    """The elements of a page, its links, and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_export_holds_the_profile_and_every_chat_for_programs_and_for_people(talk: Talk) -> None:
    talk.at_ada.say(talk.chat, "hello")
    talk.at_bob.say(talk.chat, "tag\n\ttwo lines 😀")
    notes = talk.ada.open_chat(talk.ada)
    talk.at_ada.say(notes, "a note")
    archive = export(talk.ada)
    files = [f"chats/{chat}.{form}" for chat in (talk.chat, notes) for form in ("json", "html")]
    assert sorted(archive.namelist()) == sorted(["profile.json", "index.html", *files])
    assert read(archive, "profile.json")["user"]["username"] == talk.ada.username
    chat = read(archive, f"chats/{talk.chat}.json")
    assert chat["messages"] == talk.ada.whole_history(talk.chat)
    assert chat["chat"] == talk.ada.chat(talk.chat)
    assert {person["username"] for person in chat["people"]} == {talk.ada.username, talk.bob.username}
    page = Tags(archive.read(f"chats/{talk.chat}.html"))
    assert "tag\n\ttwo lines 😀" in page.text and talk.bob.username in page.text
    assert sorted(Tags(archive.read("index.html")).links) == sorted(file for file in files if file.endswith("html"))


def test_a_page_of_an_export_runs_nothing_and_asks_for_nothing(talk: Talk) -> None:
    talk.ada.api.expect(200, "PATCH", "/api/v1/users/me", {"display_name": "<script>alert(1)</script>"})
    talk.bob.api.expect(200, "PATCH", "/api/v1/users/me", {"display_name": "\"><svg onload='alert(1)'>"})
    talk.at_bob.say(talk.chat, EVIL)
    archive = export(talk.ada)
    for name in archive.namelist():
        if not name.endswith(".html"):
            continue
        page = Tags(archive.read(name))
        harmless = {"html", "head", "meta", "title", "style", "body", "h1", "bdi", "ol", "ul", "li", "b", "i", "a", "p", "time"}
        assert page.tags <= harmless
        assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "id", "dir", "href"}
        assert all(re.fullmatch(r"chats/[0-9a-f]{32}\.html", link) for link in page.links)
        assert b"default-src 'none'" in archive.read(name)
    assert EVIL in Tags(archive.read(f"chats/{talk.chat}.html")).text


def test_an_export_holds_nothing_that_was_hidden_and_nothing_of_others(talk: Talk, register: MakeUser) -> None:
    eve = register("eve")
    other = talk.bob.open_chat(eve)
    talk.at_bob.say(other, "a secret of others")
    talk.ada.api.expect(204, "PUT", f"/api/v1/blocks/{talk.bob.id}")
    talk.at_bob.say(talk.chat, "a hidden secret")
    archive = export(talk.ada)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"secret" not in everything and other.encode() not in everything
    assert read(archive, f"chats/{talk.chat}.json")["messages"][0]["hidden"] is True
    assert [block["user_id"] for block in read(archive, "profile.json")["blocks"]] == [talk.bob.id]
    assert b"a hidden secret" in export(talk.bob).read(f"chats/{talk.chat}.json")


def test_many_messages_are_exported_in_bounded_memory_one_export_at_a_time(
    talk: Talk, local: LocalSystem
) -> None:
    count = 30_000
    talk.at_ada.say(talk.chat, "the first")
    with local.database() as database:
        statement = """
            INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
            SELECT %s, seq, %s, gen_random_uuid(), repeat('word ', 20) || seq, now(), 0 FROM generate_series(2, %s) AS seq
            """
        database.execute(statement, [talk.chat, talk.bob.id, count])
        database.execute("UPDATE chat.chats SET last_seq = %s WHERE hash = %s", [count, talk.chat])
    service = "message-service-1"
    before = local.metric(service, "process_resident_memory_bytes")
    most, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            most.append(local.metric(service, "process_resident_memory_bytes"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with talk.ada.api.download(PATH, stream=True) as answer:
            assert answer.status_code == 200
            second = talk.ada.api.download(PATH)
            assert second.status_code == 429 and int(second.headers["Retry-After"]) > 0
            archive = zipfile.ZipFile(io.BytesIO(answer.raw.read()))
    finally:
        done.set()
        watcher.join()
    seqs = [
        message["seq"]
        for name in sorted(archive.namelist(), key=lambda name: (len(name), name))
        if name.startswith(f"chats/{talk.chat}") and name.endswith(".json")
        for message in read(archive, name)["messages"]
    ]
    assert seqs == list(range(1, count + 1))
    assert max(most) - before < 64 << 20, f"{before} → {max(most)}"
    with talk.ada.api.download(PATH, stream=True) as again:
        assert again.status_code == 200


def test_an_export_needs_a_token(register: MakeUser, system_url: str) -> None:
    answer = Api(system_url).download(PATH)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "unauthenticated"
    assert register("ada").api.request("POST", PATH).status == 405
