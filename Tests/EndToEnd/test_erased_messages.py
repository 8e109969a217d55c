"""Who deletes their account may take what they wrote with them: also where a service is killed over it."""

from __future__ import annotations

import pytest

from conftest import MakeUser, Talk
from parley_client import Json, User, eventually
from parley_system import LocalSystem

SOON = 15.0
"""Seconds within which the erasing has begun and, of a few messages, ended."""


def delete_account(user: User, messages: str) -> None:
    body = {"current_password": user.password, "messages": messages}
    user.api.expect(204, "POST", "/api/v1/users/me/delete", body)


def erased(message: Json) -> Json:
    return message | {"body": "", "erased": True}


def test_erased_messages_keep_their_place_and_lose_their_text(talk: Talk) -> None:
    for number in range(3):
        talk.at_ada.say(talk.chat, f"a secret {number}")
        talk.at_bob.say(talk.chat, f"answer {number}")
    before = talk.bob.whole_history(talk.chat)
    cursor = talk.bob.sync()[1]
    delete_account(talk.ada, "erase")
    expected = [erased(message) if message["from"] == talk.ada.id else message for message in before]
    eventually(lambda: talk.bob.whole_history(talk.chat) == expected, "all of it is erased", SOON)
    changed, _ = talk.bob.sync(cursor)
    assert list(changed) == [talk.chat], "sync tells of the chat"
    assert changed[talk.chat]["last_seq"] == 6
    assert talk.at_bob.say(talk.chat, "are you there?")["seq"] == 7


def test_kept_messages_stay_and_the_blocks_of_the_account_go(talk: Talk, local: LocalSystem) -> None:
    talk.at_ada.say(talk.chat, "to remember me by")
    talk.ada.api.expect(204, "PUT", f"/api/v1/blocks/{talk.bob.id}")
    delete_account(talk.ada, "keep")

    def blocks() -> int:
        with local.database() as database:
            query = "SELECT count(*) FROM chat.blocks WHERE user_id = %s AND ended_at IS NULL"
            row = database.execute(query, [talk.ada.id]).fetchone()
            return int(str(row[0])) if row else -1

    eventually(lambda: blocks() == 0, "the blocks are gone", SOON)
    assert [message["body"] for message in talk.bob.whole_history(talk.chat)] == ["to remember me by"]


def test_nobody_begins_a_chat_with_a_deleted_account_nor_blocks_it(register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    delete_account(ada, "erase")
    for path in (f"chats/with/{ada.id}", f"blocks/{ada.id}"):
        assert bob.api.request("PUT", f"/api/v1/{path}").status == 404


@pytest.mark.faults
def test_kill_9_in_the_middle_of_the_erasing_leaves_nothing_unerased(register: MakeUser, local: LocalSystem) -> None:
    """A row that somebody else holds stops the erasing half-way; there the service is killed."""
    ada, url = register("ada"), local.gateways[0]
    socket = ada.connect(url)
    others = [register("other") for _ in range(6)]
    chats = sorted(ada.open_chat(other) for other in others)
    for chat in chats:
        for number in range(5):
            socket.say(chat, f"a secret {number}")
    readers = {chat: next(other for other in others if ada.open_chat(other) == chat) for chat in chats}

    def left(chat: str) -> int:
        return sum(message["body"] != "" for message in readers[chat].whole_history(chat))

    with local.database() as database, database.transaction():
        database.execute("SELECT 1 FROM chat.messages WHERE chat = %s AND seq = 3 FOR UPDATE", [chats[3]])
        delete_account(ada, "erase")
        eventually(lambda: left(chats[2]) == 0, "the first half is erased", SOON)
        assert left(chats[3]) == left(chats[5]) == 5
        local.process("kill", "message-service-1")
    local.process("start", "message-service-1")
    eventually(lambda: not any(map(left, chats)), "all of it is erased", SOON)
    for chat, reader in readers.items():
        assert [message["seq"] for message in reader.whole_history(chat)] == [1, 2, 3, 4, 5]
