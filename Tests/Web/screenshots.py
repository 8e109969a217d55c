"""Pictures of every screen at three widths, light and dark, for people to look at.

    .venv-web/bin/python Tests/Web/screenshots.py FOLDER

On a system of its own with the debug build, or on that of PARLEY_TEST_HOME. `./parley test web` makes .venv-web.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, WebSocketRoute

from people import People
from person import Person, chromium
from system import System, running_system

WIDTHS = {360: 740, 768: 1024, 1280: 800}
SCHEMES = ("light", "dark")

DEGRADED = {"type": "status", "server_time": "2026-01-01T12:00:00.000Z", "status": "degraded",
            "services": {"auth": "up", "message": "up", "presence": "down"}}

STORIES = ["The bakery on the corner has the good bread again.", "I took two, one is for you.", "Did you see the heron?",
           "It stood there for an hour, like a statue.", "Mei says the museum is free on Sunday.", "Shall we go?",
           "The old photographs are on the second floor.", "And there is cake, of course 🍰"]


class Album:
    """The screens of one width and theme."""

    def __init__(self, folder: Path, people: People, width: int, scheme: str) -> None:
        self.folder, self.people, self.width, self.scheme = folder, people, width, scheme
        self.options: dict[str, Any] = {
            "viewport": {"width": width, "height": WIDTHS[width]}, "color_scheme": scheme,
            "is_mobile": width < 768, "has_touch": width < 768, "locale": "en-GB",
        }

    def take(self, person: Person, name: str) -> None:
        person.page.wait_for_timeout(300)  # until what was just drawn stands still
        person.page.screenshot(path=self.folder / f"{name}-{self.width}-{self.scheme}.png")

    def make(self) -> None:
        self.doors()
        ada = self.people.sign_up("Ada Lovelace", **self.options)
        self.take(ada, "list-empty")
        bob, mei, omar, ben = (self.people.sign_up(name) for name in ("Bob Müller", "Mei Tanaka", "عمر خالد", "Ben Okafor"))
        ada.find(bob)
        self.take(ada, "chat-empty")
        ada.go("")
        self.conversations(ada, bob, mei, omar)
        self.everything_else(ada)
        self.further_up(ada, ben)
        self.trouble(ada, bob)
        for person in (ada, bob, mei, omar, ben):
            person.context.close()

    def doors(self) -> None:
        visitor = self.people.visitor(**self.options)
        visitor.page.goto(self.people.system.url)
        visitor.page.wait_for_selector("#username")
        self.take(visitor, "sign-in")
        visitor.page.get_by_role("button", name="Create an account").click()
        self.take(visitor, "sign-up")
        visitor.context.close()

    def conversations(self, ada: Person, bob: Person, mei: Person, omar: Person) -> None:
        system = self.people.system
        before = ["Back home! The train was late, as ever 🚆", "How was the concert?"]
        system.fill(system.chat_between(ada, bob), bob, 2, text=lambda number: before[number - 1], days_ago=1)
        omar.find(ada)
        omar.write("مرحبا! كيف حالك؟")
        mei.find(ada)
        for text in ("The slides are at https://example.org/offsite?day=2", "And bring the blue folder, please 📘"):
            mei.write(text)
        for one in (omar, mei):
            one.all_sent()
        bob.page.reload()
        bob.open_chat_with(ada)
        ada.open_chat_with(bob)
        ada.write("Wonderful. I still hear the cello.")
        bob.write("Lunch at one? The place by the river has soup again 🍲")
        ada.write("👍")
        bob.sees("👍")
        bob.write("Great. I'll ask Mei too: she wanted to talk about the offsite in April, and about who takes the early "
                  "train on Thursday.")
        bob.write("https://example.org/Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
        bob.write("قهوة بعد ذلك؟")
        ada.sees("قهوة بعد ذلك؟")
        ada.write("With pleasure. See you there!")
        ada.tick("With pleasure. See you there!", "read")
        bob.page.type("#composer", "On my")
        ada.peer_is("typing")
        self.take(ada, "chat")
        with system.excluded(ada, bob):
            ada.write("I'll bring the tickets.")
            ada.page.get_by_role("button", name="Retry").wait_for()
            self.take(ada, "chat-failed")
            ada.page.get_by_role("button", name="Delete").click()
        ada.go("")
        mei.page.type("#composer", "Did you")
        ada.page.locator(".sidebar .typing").first.wait_for()
        self.take(ada, "list")

    def everything_else(self, ada: Person) -> None:
        ada.go("find")
        ada.page.fill("#query", "be")
        ada.page.locator(".main .row-link").first.wait_for()
        self.take(ada, "find-people")
        ada.go("settings")
        ada.page.locator(".session").first.wait_for()
        self.take(ada, "settings")
        ada.page.locator(".session").last.scroll_into_view_if_needed()
        self.take(ada, "settings-devices")
        ada.go("")
        ada.page.get_by_role("button", name="Connection:").click()
        self.take(ada, "connection")
        ada.page.get_by_role("button", name="Close").click()

    def further_up(self, ada: Person, ben: Person) -> None:
        """Opened at the first unread message; then read further up while more comes."""
        system = self.people.system
        chat = system.chat_between(ada, ben)
        system.fill(chat, ben, 300, read=290, text=lambda number: STORIES[number % len(STORIES)])
        ada.page.reload()
        ada.open_chat_with(ben)
        ada.page.locator("[data-unread]").wait_for()
        self.take(ada, "first-unread")
        ada.page.evaluate("document.querySelector('.messages').scrollTop -= 900")
        ben.open_chat_with(ada)
        ben.write("Are you still there?")
        ada.page.get_by_role("button", name="new message").wait_for()
        self.take(ada, "new-messages")

    def trouble(self, ada: Person, bob: Person) -> None:
        """A part that is down, as the gateway says it, without breaking one; and no network."""
        sockets: list[WebSocketRoute] = []

        def route(socket: WebSocketRoute) -> None:
            socket.connect_to_server()
            sockets.append(socket)

        ada.page.route_web_socket("**/ws", route)
        ada.go("")
        ada.page.reload()
        ada.open_chat_with(bob)
        ada.sees("With pleasure. See you there!")
        ada.page.wait_for_timeout(500)  # the gateway's own word comes first
        sockets[-1].send(json.dumps(DEGRADED))
        ada.banner("degraded")
        self.take(ada, "degraded")
        ada.context.set_offline(True)
        sockets[-1].close()
        ada.write("I am on the train, this goes out later.")
        ada.banner("offline", timeout=10_000)
        self.take(ada, "offline")


def main(system: System, browser: Browser, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    people = People(system, browser)
    for width in WIDTHS:
        for scheme in SCHEMES:
            Album(folder, people, width, scheme).make()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with running_system() as running, chromium() as opened:
        main(running, opened, Path(sys.argv[1]))
