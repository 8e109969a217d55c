"""Somebody at a page: what they do there, and what they see."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from waiting import eventually

PASSWORD = "correct horse battery"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}

# Without these Chromium looks for the network that a test machine need not have.
FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-domain-reliability", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

numbers = itertools.count(1)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


def new_username(name: str) -> str:
    """One that nobody has, on whatever system the tests run."""
    letters = re.sub("[^a-z0-9]", "", name.lower()) or "somebody"
    return f"{letters[:12]}{os.getpid()}{next(numbers)}"


class Person:
    """One tab of somebody's browser. The page may neither throw an error nor ask for what its policy forbids."""

    def __init__(self, context: BrowserContext, url: str, name: str, username: str, complaints: list[str] | None = None) -> None:
        self.context, self.url, self.name, self.username = context, url, name, username
        self.complaints: list[str] = [] if complaints is None else complaints
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self._heard(message.text))

    def _heard(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.complaints.append(text)

    def another_tab(self) -> Person:
        """The same browser, another tab of it."""
        tab = Person(self.context, self.url, self.name, self.username, self.complaints)
        tab.page.goto(self.url)
        tab.is_signed_in()
        return tab

    # Coming and going

    def sign_up(self) -> None:
        page = self.page
        page.goto(self.url)
        page.get_by_role("button", name="Create an account").click()
        page.fill("#username", self.username)
        page.fill("#display_name", self.name)
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Create account").click()
        self.is_signed_in()

    def sign_in(self, password: str = PASSWORD) -> None:
        page = self.page
        page.goto(self.url)
        page.fill("#username", self.username)
        page.fill("#password", password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    def is_signed_in(self) -> None:
        self.page.wait_for_selector("nav[aria-label=Chats]", state="attached")

    def go(self, route: str) -> None:
        """To "", "find", "settings" or "chat/…"."""
        self.page.goto(f"{self.url}/#/{route}")

    # Chats

    def find(self, other: Person) -> None:
        self.go("find")
        self.page.fill("#query", other.username)
        self.page.get_by_role("button", name=f"@{other.username}").click()
        self.page.wait_for_selector("#composer")

    def row_of(self, name: str) -> Locator:
        """Somebody in the list of chats."""
        return self.page.locator("nav[aria-label=Chats] a[href^='#/chat/']").filter(
            has=self.page.get_by_text(name, exact=True))

    def open_chat_with(self, other: Person) -> None:
        self.row_of(other.name).click()
        self.page.wait_for_selector("#composer")

    @property
    def chat(self) -> str:
        """The hash of the chat that is open."""
        return self.page.url.rsplit("/", 1)[1]

    def write(self, text: str) -> None:
        self.page.fill("#composer", text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def write_seen_typing(self, text: str, by: Person) -> None:
        """Letter by letter: the other side sees that somebody types, then the message, and no typing any more."""
        self.page.type("#composer", text[:-2])
        by.peer_is("typing")
        self.page.type("#composer", text[-2:])
        self.page.press("#composer", "Enter")
        by.sees(text)
        by.peer_is("online")

    @property
    def texts(self) -> Locator:
        """The texts of the messages that the page holds, in order, pending ones too."""
        return self.page.locator(".bubble > [dir=auto]")

    def bodies(self) -> list[str]:
        return self.texts.all_inner_texts()

    def message(self, text: str) -> Locator:
        return self.page.locator(".message", has=self.page.get_by_text(text, exact=True))

    def sees(self, text: str, timeout: float = 10_000) -> None:
        self.message(text).first.wait_for(timeout=timeout)

    def tick(self, text: str, state: str) -> None:
        expect(self.message(text).locator("[data-tick]")).to_have_attribute("data-tick", state)

    def peer_is(self, state: str, timeout: float = 10_000) -> None:
        self.page.wait_for_selector(f"[data-peer-state={state}]", timeout=timeout)

    def all_sent(self, timeout: float = 10_000) -> None:
        self.page.wait_for_selector("[data-pending]", state="detached", timeout=timeout)

    # The connection

    def banner(self, *states: str, timeout: float = 5_000) -> Locator:
        """Waits for the banner in one of these states."""
        banner = self.page.locator(", ".join(f".banner[data-state={state}]" for state in states))
        banner.wait_for(timeout=timeout)
        return banner

    def no_banner(self, timeout: float = 5_000) -> None:
        self.page.wait_for_selector(".banner[data-state]", state="detached", timeout=timeout)

    # What the browser keeps

    def stored(self, store: str) -> list[dict[str, Any]]:
        """All of the `outbox` or the `snapshot` in IndexedDB."""
        return self.page.evaluate("""(name) => new Promise((resolve, reject) => {
            const opening = indexedDB.open("parley", 1);
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
                const all = opening.result.transaction(name).objectStore(name).getAll();
                all.onsuccess = () => { opening.result.close(); resolve(all.result); };
            };
        })""", store)

    def ready_for_reload(self, *texts: str, pending: int = 0) -> None:
        """Waits until a page that is loaded now would have the shell, these messages and so many pending ones."""
        def kept() -> bool:
            snapshot = str(self.stored("snapshot"))
            return (all(repr(text) in snapshot for text in texts) and len(self.stored("outbox")) == pending
                    and self.page.evaluate("navigator.serviceWorker.controller !== null"))

        eventually(kept, "the browser keeps what was shown")
