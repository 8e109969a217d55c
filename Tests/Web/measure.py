"""How fast the page is: time to the first usable paint, and frames while scrolling through 10,000 messages.

    .venv-web/bin/python Tests/Web/measure.py

On a system of its own with the debug build, or on that of PARLEY_TEST_HOME. `./parley test web` makes .venv-web.

Prints the table of docs/performance.md. Nothing is asserted: a machine that does other work says less.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from playwright.sync_api import Browser, CDPSession

from people import People
from person import Person, chromium
from system import System, line, running_system

COUNT = 10_000
TRIES = 5
SLOWED = (1, 4)

# Milliseconds from the navigation until the selector's element has been painted.
PAINTED = """(selector) => new Promise((resolve) => {
    const painted = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0));
    if (document.querySelector(selector)) return painted();
    new MutationObserver((_, watch) => {
        if (!document.querySelector(selector)) return;
        watch.disconnect();
        painted();
    }).observe(document, { childList: true, subtree: true });
})"""

# Scrolls up as a thumb does, 1,500 px a second, for five seconds; gives the time of every frame and the long tasks.
SCROLLED = """() => new Promise((resolve) => {
    const box = document.querySelector('.messages'), times = [], long = [];
    const tasks = new PerformanceObserver((list) => { for (const one of list.getEntries()) long.push(one.duration); });
    tasks.observe({ entryTypes: ['longtask'] });
    const begin = performance.now();
    let before = begin;
    const frame = (now) => {
        times.push(now);
        box.scrollTop -= 1.5 * (now - before);
        before = now;
        if (now - begin < 5000) return requestAnimationFrame(frame);
        tasks.disconnect();
        resolve({ times, long, first: Number(document.querySelector('[data-seq]').dataset.seq) });
    };
    requestAnimationFrame(frame);
})"""


def slow_down(person: Person, factor: int) -> CDPSession:
    session = person.context.new_cdp_session(person.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
    return session


def first_visit(people: People, factor: int) -> float:
    visitor = people.visitor(phone=True)
    slow_down(visitor, factor)
    visitor.page.goto(people.system.url, wait_until="commit")
    painted = float(visitor.page.evaluate(PAINTED, "#username"))
    visitor.context.close()
    return painted


def next_visit(reader: Person, factor: int) -> float:
    session = slow_down(reader, factor)
    reader.page.reload(wait_until="commit")
    painted = float(reader.page.evaluate(PAINTED, f"[data-seq='{COUNT}']"))
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return painted


def frames(reader: Person, factor: int) -> tuple[float, float, float, int]:
    """Frames per second; the longest frame and the longest task, in milliseconds; messages scrolled through."""
    reader.page.reload()
    reader.page.wait_for_selector(f"[data-seq='{COUNT}']")
    reader.page.wait_for_timeout(1_000)
    session = slow_down(reader, factor)
    scrolled = reader.page.evaluate(SCROLLED)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    times = scrolled["times"]
    gaps = [after - before for before, after in zip(times, times[1:])]
    rate = 1000 * len(gaps) / (times[-1] - times[0])
    return rate, max(gaps), max(scrolled["long"], default=0), COUNT - scrolled["first"] + 1


def median(measure: Callable[[], float]) -> str:
    return f"{statistics.median(measure() for _ in range(TRIES)):.0f} ms"


def reader_of_long_chat(people: People, system: System) -> Person:
    ada, bob = people.sign_up("Ada", phone=True), people.sign_up("Bob")
    system.fill(system.chat_between(ada, bob), bob, COUNT)
    bob.context.close()
    ada.page.reload()
    ada.open_chat_with(bob)
    ada.page.wait_for_selector(f"[data-seq='{COUNT}']")
    ada.ready_for_reload(line(COUNT))
    return ada


def report(system: System, browser: Browser) -> None:
    people = People(system, browser)
    ada = reader_of_long_chat(people, system)
    print("| phone, 360 px | CPU as it is | CPU slowed 4 × |")
    print("|---|---|---|")
    cold = [median(lambda factor=factor: first_visit(people, factor)) for factor in SLOWED]
    print("| first visit: until one can type one's name |", " | ".join(cold), "|")
    warm = [median(lambda factor=factor: next_visit(ada, factor)) for factor in SLOWED]
    print("| next visit: until the last messages of the chat are painted |", " | ".join(warm), "|")
    runs = [frames(ada, factor) for factor in SLOWED]
    cells = [f"{rate:.0f} frames/s, longest {longest:.0f} ms, longest task {task:.0f} ms, {passed} messages"
             for rate, longest, task, passed in runs]
    print("| scrolling up through 10,000 messages for 5 s |", " | ".join(cells), "|")
    people.close()


if __name__ == "__main__":
    with running_system() as system, chromium() as browser:
        report(system, browser)
