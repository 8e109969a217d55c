"""Who deletes the account is gone everywhere, and nobody is taken for them afterwards."""

from __future__ import annotations

import pytest

from conftest import MakeUser
from parley_client import Answer, Api, User, eventually
from test_ended_sessions import ENDED, WITHIN, assert_over

DELETE = "/api/v1/users/me/delete"


def delete(user: User, messages: str = "keep") -> None:
    user.api.expect(204, "POST", DELETE, {"current_password": user.password, "messages": messages})


def login(url: str, username: str, password: str) -> Answer:
    return Api(url).request("POST", "/api/v1/auth/login", {"username": username, "password": password})


def test_all_sockets_and_tokens_of_a_deleted_user_are_over(
    register: MakeUser, doors: tuple[str, str], system_url: str
) -> None:
    ada = register("ada")
    phone = ada.login("phone")
    here, at_phone = ada.connect(doors[0]), phone.connect(doors[1])
    delete(ada)
    assert here.closed(WITHIN) == at_phone.closed(WITHIN) == ENDED
    assert_over(ada, system_url)
    assert_over(phone, system_url)


def test_a_deleted_user_looks_like_one_that_never_was(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    delete(ada)
    gone, never = login(system_url, ada.username, ada.password), login(system_url, "nobody-at-all", ada.password)
    assert (gone.status, gone.body) == (never.status, never.body) == (401, gone.body)
    assert bob.api.get(f"/api/v1/users?query={ada.username}")["users"] == []
    again = {"username": ada.username.upper(), "password": ada.password}
    assert Api(system_url).request("POST", "/api/v1/auth/register", again).code == "conflict"
    assert bob.api.request("PUT", f"/api/v1/chats/with/{ada.id}").code == "not_found"


def test_others_keep_the_chat_and_see_a_deleted_user_in_it(register: MakeUser, system_url: str) -> None:
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    ada.connect(system_url).say(chat, "good bye")
    delete(ada, "keep")
    assert [message["body"] for message in bob.history(chat)] == ["good bye"]
    shown = {"id": ada.id, "username": "", "display_name": "Deleted user", "deleted": True}
    assert bob.api.get(f"/api/v1/users?ids={ada.id}")["users"] == [shown]
    assert eventually(lambda: bob.chat(chat)["last_seq"] == 1, "the chat is there")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"current_password": "wrong password 1", "messages": "keep"}, 403),
        ({"current_password": "correct horse 27 staple"}, 400),
        ({"current_password": "correct horse 27 staple", "messages": "burn"}, 400),
        ({"current_password": "correct horse 27 staple", "messages": True}, 400),
        ({"messages": "erase"}, 400),
    ],
)
def test_a_refused_deletion_deletes_nothing(register: MakeUser, body: dict[str, object], status: int) -> None:
    ada = register("ada")
    assert ada.api.request("POST", DELETE, body).status == status
    ada.api.get("/api/v1/users/me")
    ada.login()


def test_a_deletion_needs_a_token_and_a_post(register: MakeUser, system_url: str) -> None:
    ada = register("ada")
    body = {"current_password": ada.password, "messages": "keep"}
    assert Api(system_url).request("POST", DELETE, body).status == 401
    assert ada.api.request("DELETE", DELETE).status == 405
    ada.login()
