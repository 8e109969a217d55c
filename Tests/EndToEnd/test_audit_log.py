"""What happens to an account is one line of auth-service's log and one row, and neither holds a secret."""

from __future__ import annotations

import json

from conftest import MakeUser
from parley_client import Api, Json, eventually
from parley_system import LocalSystem


def lines(local: LocalSystem) -> list[Json]:
    """The entries of the audit log among the lines of the service's log."""
    found = [json.loads(line) for line in local.log("auth-service-1").splitlines() if '"message":"audit"' in line]
    assert all(set(entry) >= {"time", "level", "logger", "event"} for entry in found)
    return found


def test_a_day_of_an_account_is_in_the_log_and_in_the_table(register: MakeUser, local: LocalSystem) -> None:
    ada = register("ada")
    phone = ada.login("Ada's phone")
    login = {"username": ada.username, "password": "a wrong one: s3cr3t", "device": "dev\u202egnp"}
    assert Api(local.url).request("POST", "/api/v1/auth/login", login).status == 401
    change = {"current_password": ada.password, "new_password": "another staple 28 horse"}
    ada.api.expect(204, "POST", "/api/v1/auth/password", change)
    ada.api.expect(204, "POST", "/api/v1/auth/logout")
    wanted = [
        ("registered", ada.session, None),
        ("signed_in", phone.session, None),
        ("sign_in_failed", None, "wrong password"),
        ("password_changed", ada.session, None),
        ("session_ended", phone.session, f"new password, by session {ada.session}"),
        ("session_ended", ada.session, "signed out"),
    ]

    def told() -> list[Json]:
        return [entry for entry in lines(local) if entry.get("user") == ada.id]

    eventually(lambda: len(told()) == len(wanted), "all of it is in the log")
    assert [(entry["event"], entry.get("session"), entry.get("detail")) for entry in told()] == wanted
    assert told()[1]["device"] == "Ada's phone" and told()[2]["device"] == "dev\\u{202e}gnp"
    assert all(entry["address"] for entry in told())
    with local.database() as database:
        rows = database.execute(
            "SELECT event, session_id::text, detail FROM auth.audit_log WHERE user_id = %s ORDER BY id", [ada.id]
        ).fetchall()
        table = str(database.execute("SELECT * FROM auth.audit_log WHERE at > now() - interval '1 hour'").fetchall())
    assert rows == wanted
    log = local.log("auth-service-1")
    for secret in ("s3cr3t", ada.password, change["new_password"], ada.token, ada.refresh_token, phone.refresh_token):
        assert secret not in table and secret not in log


def test_a_password_typed_as_the_name_is_nowhere(local: LocalSystem) -> None:
    typed = "hunter2-typed-into-the-wrong-field"
    for name in (typed[:30], typed):
        login = {"username": name, "password": "x"}
        assert Api(local.url).request("POST", "/api/v1/auth/login", login).status == 401
    with local.database() as database:
        table = str(database.execute("SELECT * FROM auth.audit_log WHERE at > now() - interval '1 hour'").fetchall())
    assert typed[:12] not in table and typed[:12] not in local.log("auth-service-1")
