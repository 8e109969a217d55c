"""A person may begin only so many chats with strangers in an hour: what spam costs."""

from __future__ import annotations

from conftest import MakeUser
from parley_client import User
from parley_system import LocalSystem

PER_HOUR = 20


def test_new_chats_with_strangers_are_limited_and_everything_else_goes_on(strict_system: LocalSystem) -> None:
    url = strict_system.url
    ada, writer, extra = (User.register(url, name) for name in ("ada", "writer", "extra"))
    chat = writer.open_chat(ada)
    writer.connect(url).say(chat, "hello")
    strangers = [User.register(url, f"stranger{number}") for number in range(PER_HOUR)]
    ada.refresh()  # access tokens of this system are short
    for stranger in strangers:
        ada.open_chat(stranger)
    refused = ada.api.request("PUT", f"/api/v1/chats/with/{extra.id}")
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert ada.open_chat(writer) == chat, "who has written to one"
    ada.open_chat(ada)
    ada.open_chat(strangers[0])
    extra.refresh()
    assert extra.api.get("/api/v1/chats")["chats"] == [], "nothing is left behind"
    extra.open_chat(ada)
    ada.open_chat(extra)


def test_the_bench_profile_lifts_the_limit(register: MakeUser) -> None:
    ada = register("ada")
    for _ in range(PER_HOUR + 1):
        ada.open_chat(register("stranger"))
