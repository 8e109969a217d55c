"""The page opens without a network, and a new version comes only when the person agrees."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from edges import edge_serving
from people import People
from person import Person
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


def without_worker(people: People, url: str | None = None) -> Person:
    """Somebody new, at a page that has no service worker, as on plain http over a network."""
    person = people.visitor()
    person.url = url or person.url
    person.context.add_init_script("delete Navigator.prototype.serviceWorker")
    person.sign_up()
    return person


def test_what_a_first_visit_does_not_need_is_loaded_when_it_is_asked_for(people: People) -> None:
    ada = without_worker(people)
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.page.reload()
    ada.is_signed_in()
    assert not [one for one in asked if "/rest-" in one]
    ada.go("settings")
    ada.page.get_by_label("Current password").wait_for()
    assert len([one for one in asked if "/rest-" in one]) == 1


def not_loaded(person: Person) -> Locator:
    """What a part that could not be loaded says; gives its button."""
    expect(person.page.get_by_role("alert").filter(has_text="could not be loaded")).to_be_visible()
    return person.page.get_by_role("button", name="Try again")


def test_a_part_that_could_not_be_loaded_is_asked_for_again(people: People) -> None:
    ada = without_worker(people)
    ada.page.evaluate("window.same = true")
    ada.page.route("**/assets/rest-*", lambda route: route.abort())
    ada.page.evaluate("location.hash = '#/settings'")
    again = not_loaded(ada)
    ada.context.set_offline(True)
    again.click()
    not_loaded(ada)
    ada.context.set_offline(False)
    ada.page.unroute("**/assets/rest-*")
    again.click()
    ada.page.get_by_label("Current password").wait_for()
    assert ada.page.evaluate("window.same"), "without losing the page"


def build_again(files: Path) -> None:
    """As a new build does: every script has another name, and so it has in whatever loads it."""
    scripts = [file for file in (files / "assets").glob("*.js") if not file.name.startswith("theme")]
    names = {file.name: file.name.replace("-", "-NEW", 1) for file in scripts}
    for file in [*scripts, files / "index.html", files / "worker.js"]:
        text = file.read_text()
        for old, new in names.items():
            text = text.replace(old, new)
        file.unlink()
        file.with_name(names.get(file.name, file.name)).write_text(text)


def test_a_part_that_went_with_the_old_version_comes_with_the_new_one(people: People, own_edge: str, own_files: Path) -> None:
    ada = without_worker(people, own_edge)
    build_again(own_files)
    ada.page.evaluate("location.hash = '#/settings'")
    not_loaded(ada).click()
    ada.page.get_by_label("Current password").wait_for()
    expect(ada.page.locator("script[src*='/app-NEW']")).to_have_count(1)


def test_even_a_worker_that_lost_the_old_part_lets_the_new_version_in(people: People, own_edge: str, own_files: Path) -> None:
    ada = people.sign_up("Ada", url=own_edge)
    ada.ready_for_reload()
    ada.page.evaluate("""async () => {
        const cache = await caches.open((await caches.keys())[0]);
        for (const request of await cache.keys()) if (request.url.includes("/rest-")) await cache.delete(request);
    }""")
    build_again(own_files)
    ada.page.evaluate("location.hash = '#/settings'")
    not_loaded(ada).click()
    ada.page.get_by_label("Current password").wait_for()
    expect(ada.page.locator("script[src*='/app-NEW']")).to_have_count(1)


def test_the_worker_keeps_what_was_never_asked_for(people: People, own_edge: str, own_files: Path) -> None:
    """The settings of the version that runs, although the server has another by now, or cannot be reached."""
    ada = people.sign_up("Ada", url=own_edge)
    ada.ready_for_reload()
    build_again(own_files)
    ada.context.set_offline(True)
    ada.page.evaluate("location.hash = '#/settings'")
    ada.page.get_by_label("Current password").wait_for()
