"""A passkey signs in without name and password, and is the second factor of a password."""

from __future__ import annotations

from typing import Any

import pytest

from authenticator import Passkey
from conftest import MakeUser
from parley_client import Answer, Api, User
from parley_system import LocalSystem

FACTORS = "/api/v1/auth/factors"


def enrol(user: User, passkey: Passkey) -> dict[str, Any]:
    asked = user.api.expect(200, "POST", f"{FACTORS}/passkeys/options", {"current_password": user.password})
    assert asked["options"]["rp"]["id"] == passkey.domain and asked["options"]["user"]["name"] == user.username
    assert {option["alg"] for option in asked["options"]["pubKeyCredParams"]} == {-7, -8}
    credential = passkey.create(asked["options"]["challenge"])
    body = {"challenge": asked["challenge"], "name": "phone", "credential": credential}
    return dict(user.api.expect(201, "POST", f"{FACTORS}/passkeys", body))


def ask(url: str) -> dict[str, Any]:
    return dict(Api(url).expect(200, "POST", "/api/v1/auth/passkeys/options", {}))


def sign_in(url: str, asked: dict[str, Any], credential: dict[str, Any], **more: object) -> Answer:
    body = {"challenge": asked["challenge"], "credential": credential, **more}
    return Api(url).request("POST", "/api/v1/auth/passkeys/login", body)


def test_a_passkey_signs_in_without_name_and_password(register: MakeUser, system_url: str) -> None:
    ada, phone = register("ada"), Passkey(system_url)
    made = enrol(ada, phone)
    asked = ask(system_url)
    assert asked["options"]["userVerification"] == "required" and asked["options"]["allowCredentials"] == []
    credential = phone.get(asked["options"]["challenge"])
    answer = sign_in(system_url, asked, credential, device="phone")
    assert answer.status == 200 and answer.body["user"]["id"] == ada.id
    # A signature is good once.
    assert sign_in(system_url, asked, credential).status == 401
    listed = ada.api.get(FACTORS)["passkeys"]
    assert [(key["id"], key["name"]) for key in listed] == [(made["id"], "phone")] and "last_used_at" in listed[0]


def test_sign_ins_by_passkey_are_counted_by_how_they_end(register: MakeUser, system_url: str, local: LocalSystem) -> None:
    def counts() -> list[float]:
        metric = "parley_passkey_sign_ins_total"
        services = [name for name in local.services if name.startswith("auth-service")]
        ends = [f'{metric}{{outcome="{end}"}}' for end in ("success", "refused")]
        return [sum(local.metric(name, end) for name in services) for end in ends]

    ada, phone = register("ada"), Passkey(system_url)
    enrol(ada, phone)
    asked = ask(system_url)
    credential = phone.get(asked["options"]["challenge"])
    before = counts()
    assert [sign_in(system_url, asked, credential).status for _ in range(2)] == [200, 401]
    assert counts() == [count + 1 for count in before]


def test_a_passkey_is_the_second_factor_of_a_password(register: MakeUser, system_url: str) -> None:
    ada, phone = register("ada"), Passkey(system_url)
    enrol(ada, phone)
    login = {"username": ada.username, "password": ada.password}
    answer = Api(system_url).request("POST", "/api/v1/auth/login", login)
    assert answer.code == "factor_required"
    challenge = answer.body["challenge"]
    assert challenge["methods"] == ["passkey"]
    credential = phone.get(challenge["passkey"]["challenge"])
    assert challenge["passkey"]["allowCredentials"] == [{"type": "public-key", "id": credential["id"]}]
    shown = {"challenge": challenge["token"], "credential": credential}
    assert Api(system_url).request("POST", "/api/v1/auth/login/factor", shown).status == 200
    assert Api(system_url).request("POST", "/api/v1/auth/login/factor", shown).status == 401


def test_a_passkey_is_removed_with_the_password_only(register: MakeUser, system_url: str) -> None:
    ada, bob, phone = register("ada"), register("bob"), Passkey(system_url)
    path = f"{FACTORS}/passkeys/{enrol(ada, phone)['id']}/remove"
    assert ada.api.request("POST", path, {"current_password": "wrong one"}).code == "forbidden"
    assert bob.api.request("POST", path, {"current_password": bob.password}).code == "not_found"
    ada.api.expect(204, "POST", path, {"current_password": ada.password})
    ada.login()
    asked = ask(system_url)
    assert sign_in(system_url, asked, phone.get(asked["options"]["challenge"])).code == "unauthenticated"


@pytest.mark.parametrize("what", ["origin", "domain", "flags", "seed", "challenge"])
def test_what_is_not_right_opens_nothing(register: MakeUser, system_url: str, what: str) -> None:
    ada, phone = register("ada"), Passkey(system_url)
    enrol(ada, phone)
    wrong = {"origin": "https://evil.test", "domain": "evil.test", "flags": 0x01, "seed": bytes(32)}
    if what in wrong:
        setattr(phone, what, wrong[what])
    asked = ask(system_url)
    challenge = ask(system_url)["challenge"] if what == "challenge" else asked["challenge"]
    answer = sign_in(system_url, asked, phone.get(challenge))
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize("credential", [None, {}, [], "x", {"id": "x", "type": "public-key", "response": {}}])
def test_a_malformed_credential_is_a_bad_request(system_url: str, credential: object) -> None:
    body = {"challenge": ask(system_url)["challenge"], "credential": credential}
    assert Api(system_url).request("POST", "/api/v1/auth/passkeys/login", body).code == "bad_request"
