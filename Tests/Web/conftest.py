"""The browser tests run in Debian's Chromium against a real system, which they start themselves.

PARLEY_TEST_HOME names the home folder of a system that runs already; it is used instead and left running.
"""

import os
import pathlib
import subprocess
import tempfile

import pytest
from playwright.sync_api import sync_playwright

from people import Person, System

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Without these Chromium looks for the network that a test machine need not have.
FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-domain-reliability", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


def parley(home, *arguments):
    subprocess.run([ROOT / "parley", *arguments, "--home", home], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=120)


@pytest.fixture(scope="session")
def system():
    running = os.environ.get("PARLEY_TEST_HOME")
    if running:
        yield System(running, parley)
        return
    with tempfile.TemporaryDirectory(prefix="parley-web-") as folder:
        home = os.path.join(folder, "home")
        parley(home, "up", "--yes", "--no-build", "--debug", "--detach", "--port", "0", "--gateways", "2")
        try:
            yield System(home, parley)
        finally:
            parley(home, "down", "--delete")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(system, browser):
    """person("Ada", phone=True): somebody who has just signed up, on a page that tolerates no error."""
    people = []

    def make(name, phone=False, **options):
        one = Person(system, browser, name, {**(PHONE if phone else DESKTOP), **options})
        people.append(one)
        return one

    yield make
    for one in people:
        one.context.close()
    for one in people:
        assert one.faults == [], f"{one.name}'s page complained"
