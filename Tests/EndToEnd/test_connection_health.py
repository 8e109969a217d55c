"""Ping and pong tell a client that its socket lives, and what works behind it."""

from __future__ import annotations

import pytest

from conftest import MakeUser
from parley_client import new_id
from parley_system import System

UP = {"auth": "up", "message": "up", "presence": "up"}


@pytest.mark.parametrize("id", [7, 0, -1, 2**53 - 1, "seven", "", "x" * 64, new_id()])
def test_a_ping_is_answered_with_its_id_and_the_state_of_the_services(
    register: MakeUser, system_url: str, id: object
) -> None:
    socket = register("ada").connect(system_url)
    socket.frame("ping", id=id)
    pong = socket.wait("pong", id=id)
    assert set(pong) == {"type", "id", "server_time", "status", "services"}
    assert (pong["status"], pong["services"]) == ("ok", UP)


def test_a_ping_without_id_is_answered_without_one(register: MakeUser, system_url: str) -> None:
    socket = register("ada").connect(system_url)
    socket.frame("ping")
    assert "id" not in socket.wait("pong")


def test_the_welcome_names_the_gateway_that_holds_the_socket(register: MakeUser, system: System) -> None:
    ada = register("ada")
    named = [[ada.connect(url).all("welcome")[0]["gateway"] for _ in range(2)] for url in system.gateways]
    assert all(first == second for first, second in named)
    assert len({first for first, _ in named}) == len(system.gateways)
