"""Makes the people of a test, and looks after their pages."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser

from person import DESKTOP, PHONE, Person, new_username
from system import System


class People:
    def __init__(self, system: System, browser: Browser) -> None:
        self.system = system
        self.browser = browser
        self.made: list[Person] = []

    def sign_up(self, name: str, phone: bool = False, url: str | None = None, **options: Any) -> Person:
        """Somebody new, who has just signed up."""
        person = self._at_a_page(name, new_username(name), phone, url, options)
        person.sign_up()
        return person

    def device_of(self, owner: Person, phone: bool = False, **options: Any) -> Person:
        """Another device of somebody, signed in."""
        device = self._at_a_page(owner.name, owner.username, phone, None, options)
        device.sign_in()
        device.is_signed_in()
        return device

    def visitor(self, phone: bool = False, **options: Any) -> Person:
        """A browser that was never here: nothing is loaded yet."""
        return self._at_a_page("Visitor", new_username("visitor"), phone, None, options)

    def in_conversation(self, first: str = "Ada", second: str = "Bob", **options: Any) -> tuple[Person, Person]:
        """Two people, the first on a phone, with their chat open and one message in it."""
        ada, bob = self.sign_up(first, phone=True, **options), self.sign_up(second, **options)
        ada.find(bob)
        ada.write("hello")
        bob.open_chat_with(ada)
        bob.sees("hello")
        ada.tick("hello", "read")
        return ada, bob

    def _at_a_page(self, name: str, username: str, phone: bool, url: str | None, options: dict[str, Any]) -> Person:
        context = self.browser.new_context(**{**(PHONE if phone else DESKTOP), **options})
        self.made.append(Person(context, url or self.system.url, name, username))
        return self.made[-1]

    def close(self) -> None:
        """Ends all their browsers, and fails for a page that complained."""
        for person in self.made:
            person.context.close()
        for person in self.made:
            assert person.complaints == [], f"{person.name}'s page complained"
