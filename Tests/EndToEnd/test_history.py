"""History pages: forwards, backwards and around a place, with limits that hold."""

from __future__ import annotations

import pytest

from conftest import MakeUser
from parley_client import User

TOTAL = 23


@pytest.fixture(scope="module")
def told(system_module_url: tuple[str, str]) -> tuple[User, str]:
    """A person and a chat of 23 messages."""
    url, door = system_module_url
    ada, bob = User.register(url, "ada"), User.register(url, "bob")
    chat = ada.open_chat(bob)
    socket = ada.connect(door)
    for number in range(1, TOTAL + 1):
        socket.say(chat, f"message {number}")
    socket.close()
    return ada, chat


def seqs(user: User, chat: str, query: str) -> list[int]:
    return [message["seq"] for message in user.history(chat, query)]


def test_without_a_place_the_newest_page_comes(told: tuple[User, str]) -> None:
    user, chat = told
    assert seqs(user, chat, "?limit=5") == [19, 20, 21, 22, 23]
    assert seqs(user, chat, "") == list(range(1, TOTAL + 1))
    assert user.api.get(f"/api/v1/chats/{chat}/messages?limit=5")["last_seq"] == TOTAL


def test_before_pages_backwards_to_the_first_message(told: tuple[User, str]) -> None:
    user, chat = told
    found: list[int] = []
    while not found or found[0] > 1:
        place = f"before={found[0]}&" if found else ""
        page = seqs(user, chat, f"?{place}limit=7")
        assert page == sorted(page) and 0 < len(page) <= 7
        found = page + found
    assert found == list(range(1, TOTAL + 1))
    assert seqs(user, chat, "?before=1") == []


def test_after_pages_forwards_to_the_last_message(told: tuple[User, str]) -> None:
    user, chat = told
    found: list[int] = []
    while not found or found[-1] < TOTAL:
        page = seqs(user, chat, f"?after={found[-1] if found else 0}&limit=7")
        assert 0 < len(page) <= 7
        found += page
    assert found == list(range(1, TOTAL + 1))
    assert seqs(user, chat, f"?after={TOTAL}") == []


def test_around_holds_the_place_and_both_sides(told: tuple[User, str]) -> None:
    user, chat = told
    page = seqs(user, chat, "?around=12&limit=7")
    assert 12 in page and min(page) < 12 < max(page)
    assert page == list(range(page[0], page[-1] + 1)) and len(page) <= 7
    assert 1 in seqs(user, chat, "?around=1&limit=5")
    assert TOTAL in seqs(user, chat, f"?around={TOTAL}&limit=5")


def test_places_beyond_the_ends_are_empty_or_whole_pages_and_never_errors(told: tuple[User, str]) -> None:
    user, chat = told
    assert seqs(user, chat, "?before=9007199254740991&limit=3") == [21, 22, 23]
    assert seqs(user, chat, "?after=9007199254740991&limit=3") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=201",
        "limit=9223372036854775808",
        "limit=ten",
        "limit=1.5",
        "limit=",
        "before=-1",
        "before=x",
        "after=-1",
        "after=1e3",
        "after=9223372036854775808",
        "around=-5",
        "before=5&after=3",
        "around=5&before=9",
    ],
)
def test_a_bad_place_or_limit_is_a_bad_request(told: tuple[User, str], query: str) -> None:
    user, chat = told
    answer = user.api.request("GET", f"/api/v1/chats/{chat}/messages?{query}")
    assert (answer.status, answer.code) == (400, "bad_request")


def test_messages_have_the_documented_fields(told: tuple[User, str]) -> None:
    user, chat = told
    message = user.history(chat, "?limit=1")[0]
    assert set(message) == {"chat", "seq", "id", "from", "body", "sent_at"}
    assert (message["chat"], message["from"], message["body"]) == (chat, user.id, "message 23")


def test_times_never_run_backwards_in_a_chat(told: tuple[User, str]) -> None:
    user, chat = told
    times = [message["sent_at"] for message in user.history(chat)]
    assert times == sorted(times)


def test_a_full_page_of_the_largest_messages_can_be_paged(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    chat = ada.open_chat(ada)
    socket = ada.connect(system_url)
    for number in range(60):
        socket.send(chat, f"{number:04}" + "🦜" * 1999)
    socket.until(lambda: len(socket.all("ack")) == 60, "60 acks", 15)
    assert [message["seq"] for message in ada.whole_history(chat)] == list(range(1, 61))


def test_the_chat_list_is_paged_newest_activity_first(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    socket = ada.connect(system_url)
    chats = [ada.open_chat(register("friend")) for _ in range(5)]
    for chat in chats:
        socket.say(chat, "hi")
    socket.say(chats[1], "again")
    expected = [chats[1], chats[4], chats[3], chats[2], chats[0]]
    listed: list[str] = []
    query = "?limit=2"
    while query:
        page = ada.api.get("/api/v1/chats" + query)
        assert len(page["chats"]) <= 2
        listed += [chat["chat"] for chat in page["chats"]]
        query = f"?limit=2&before={page['next']}" if page["next"] else ""
    assert listed == expected


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "9223372036854775808"])
def test_a_bad_limit_of_the_chat_list_is_a_bad_request(register: MakeUser, limit: str) -> None:
    answer = register("ada").api.request("GET", f"/api/v1/chats?limit={limit}")
    assert (answer.status, answer.code) == (400, "bad_request")
