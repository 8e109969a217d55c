"""Everything of one's own is a file on one's own disk, by one click."""

from __future__ import annotations

import json
import zipfile

from playwright.sync_api import expect

from people import People


def test_the_archive_has_what_one_wrote(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.write("and this came back")
    ada.sees("and this came back")
    ada.go("settings")
    with ada.page.expect_download() as download:
        ada.page.get_by_role("button", name="Download my data").click()
    assert download.value.suggested_filename == f"parley-{ada.username}.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        profile = json.loads(archive.read("profile.json"))
        (chat,) = [json.loads(archive.read(name)) for name in archive.namelist() if name.startswith("chats/") and name.endswith(".json")]
    assert profile["user"]["username"] == ada.username
    assert [message["body"] for message in chat["messages"]] == ["hello", "and this came back"]


def test_it_is_offered_before_an_account_is_deleted(people: People) -> None:
    ada = people.sign_up("Ada")
    ada.go("settings")
    ada.page.get_by_role("button", name="Delete my account…").click()
    with ada.page.expect_download():
        ada.page.get_by_role("button", name="Download my data").last.click()


def test_an_archive_that_was_cut_off_is_not_saved(people: People) -> None:
    ada = people.sign_up("Ada")
    ada.go("settings")
    ada.page.route("**/api/v1/export", lambda route: route.fulfill(body=b"PK\x03\x04 and no end", content_type="application/zip"))
    button = ada.page.get_by_role("button", name="Download my data")
    saved: list[object] = []
    ada.page.on("download", lambda download: saved.append(download))
    button.click()
    expect(ada.page.get_by_role("alert").filter(has_text="did not work")).to_be_visible()
    assert saved == []
    ada.page.unroute("**/api/v1/export")
    with ada.page.expect_download():
        button.click()
