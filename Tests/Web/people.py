"""What a person does on the page, and what a test does to the system."""

import itertools
import json
import os
import pathlib
import urllib.request

PASSWORD = "correct horse battery"
numbers = itertools.count(1)


class System:
    def __init__(self, home, parley):
        self.home = home
        self.url = (pathlib.Path(home) / "run" / "url").read_text().strip()
        self._parley = parley

    def process(self, action, name):
        self._parley(self.home, "process", action, name)

    def rest(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def token_of(self, person):
        answer = self.rest("POST", "/api/v1/auth/login", {"username": person.username, "password": PASSWORD})
        return answer["access_token"], answer["user"]["id"]


class Person:
    def __init__(self, system, browser, name, options):
        self.system, self.name = system, name
        letters = "".join(letter for letter in name.lower() if letter.isalnum())
        self.username = f"{letters}{os.getpid()}{next(numbers)}"
        self.context = browser.new_context(**options)
        self.faults = []
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._console(message.text))
        self.sign_up()

    def _console(self, text):
        if "Content Security Policy" in text:
            self.faults.append(text)

    def sign_up(self):
        page = self.page
        page.goto(self.system.url)
        page.get_by_role("button", name="Create an account").click()
        page.fill("#username", self.username)
        page.fill("#display_name", self.name)
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_selector("nav[aria-label=Chats]", state="attached")

    def find(self, other):
        self.page.goto(self.system.url + "/#/find")
        self.page.fill("#query", other.username)
        self.page.get_by_role("button", name=other.username).click()
        self.page.wait_for_selector("#composer")

    def open_chat_with(self, other):
        self.page.get_by_role("link", name=other.name).click()
        self.page.wait_for_selector("#composer")

    def write(self, text):
        self.page.fill("#composer", text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def sees(self, text, timeout=10_000):
        self.page.locator(".bubble", has_text=text).first.wait_for(timeout=timeout)

    def banner(self, state, timeout):
        self.page.wait_for_selector(f".banner[data-state={state}]", timeout=timeout)

    def no_banner(self, timeout):
        self.page.wait_for_selector(".banner[data-state]", state="detached", timeout=timeout)

    def bodies(self):
        return [one.inner_text() for one in self.page.locator(".bubble > [dir=auto]").all()]


def in_conversation(person, first="Ada", second="Bob"):
    """Two people, a phone and a desktop, with one message between them."""
    ada, bob = person(first, phone=True), person(second)
    ada.find(bob)
    ada.write("hello")
    bob.open_chat_with(ada)
    bob.sees("hello")
    return ada, bob
