"""The page opens without a network, and a new version comes only when the person agrees."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from edges import edge_serving
from people import People
from system import System


@pytest.fixture
def own_files(system: System, tmp_path: Path) -> Path:
    """A copy of what the edge serves."""
    copy = tmp_path / "dist"
    shutil.copytree(system.environment("edge")["PARLEY_WEB_ROOT"], copy)
    for file in copy.rglob("*.gz"):
        file.unlink()
    return copy


@pytest.fixture
def own_edge(system: System, own_files: Path, tmp_path: Path) -> Iterator[str]:
    with edge_serving(system, own_files, tmp_path) as url:
        yield url


def release(files: Path, version: str) -> None:
    """As a new build does: another page, and a worker that names the shell's new version."""
    page, worker = files / "index.html", files / "worker.js"
    page.write_text(page.read_text().replace("</head>", f'<meta name="version" content="{version}"></head>'))
    changed, count = re.subn(r"shell-[0-9a-f]+", f"shell-{version}", worker.read_text())
    assert count == 1
    worker.write_text(changed)


def test_a_new_version_waits_until_it_is_wanted(people: People, own_edge: str, own_files: Path) -> None:
    ada = people.sign_up("Ada", url=own_edge)
    ada.ready_for_reload()
    prompt = ada.page.get_by_text("A new version of Parley is ready.")
    new = ada.page.locator("meta[name=version][content=abc]")
    release(own_files, "abc")
    ada.page.reload()
    prompt.wait_for()
    expect(new).to_have_count(0)
    ada.page.reload()  # still the old one, and it still says so
    prompt.wait_for()
    expect(new).to_have_count(0)
    ada.page.get_by_role("button", name="Use it now").click()
    expect(new).to_have_count(1)
    ada.is_signed_in()
    expect(prompt).to_have_count(0)
    assert ada.page.evaluate("caches.keys()") == ["shell-abc"]


def test_all_tabs_change_to_the_new_version_together(people: People, own_edge: str, own_files: Path) -> None:
    ada = people.sign_up("Ada", url=own_edge)
    ada.ready_for_reload()
    tab = ada.another_tab()
    release(own_files, "abc")
    ada.page.reload()
    ada.page.get_by_role("button", name="Use it now").click()
    for one in (ada, tab):
        expect(one.page.locator("meta[name=version][content=abc]")).to_have_count(1)
        one.is_signed_in()


def test_the_page_opens_without_a_network(people: People) -> None:
    ada, bob = people.in_conversation()
    ada.ready_for_reload("hello")
    address = ada.page.url
    ada.page.close()
    ada.context.set_offline(True)
    page = ada.context.new_page()
    page.goto(address)
    page.locator(".bubble", has_text="hello").wait_for()
    page.wait_for_selector(".banner[data-state=offline]")
    page.goto(ada.url + "/#/")
    page.locator("nav bdi", has_text="Bob").wait_for()


def test_a_browser_that_was_never_here_gets_the_page_by_one_round_of_requests(people: People) -> None:
    """The page names all it needs: nothing is found out only when a script runs."""
    visitor = people.visitor()
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url.removeprefix(visitor.url)))
    visitor.page.goto(visitor.url)
    visitor.page.wait_for_selector("#username")
    named = re.findall(r'(?:href|src)="([^"]+)"', visitor.page.content())
    assert {one for one in asked if one.startswith("/assets/")} <= set(named)
    assert not [one for one in asked if one.startswith("http")], "everything comes from the one origin"
