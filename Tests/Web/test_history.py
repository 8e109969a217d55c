"""A long history opens where reading goes on, pages without a jump, and stays bounded in the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from people import People
from person import Person
from system import System
from waiting import eventually

COUNT = 10_000
ROWS_MAX = 500
JUMP_MAX = 1.5

# Puts the box's top or bottom edge near the end of what is loaded, as a thumb would, and says where a visible row is.
SCROLL = """(up) => {
    const box = document.querySelector('.messages');
    box.scrollTop = up ? 300 : box.scrollHeight - box.clientHeight - 300;
    const middle = box.getBoundingClientRect().top + box.clientHeight / 2;
    const row = [...box.querySelectorAll('[data-seq]')].find((one) => one.getBoundingClientRect().bottom > middle);
    return { seq: row.dataset.seq, top: row.getBoundingClientRect().top };
}"""

PLACE = "(seq) => document.querySelector(`[data-seq='${seq}']`)?.getBoundingClientRect().top ?? null"

ENDS = """() => {
    const rows = document.querySelectorAll('[data-seq]');
    return { first: Number(rows[0].dataset.seq), last: Number(rows[rows.length - 1].dataset.seq), count: rows.length };
}"""


def long_chat(people: People, system: System, read: int = COUNT) -> tuple[Person, Person]:
    """Ada, at her list, and Bob, who has written 10,000 messages to her."""
    ada, bob = people.sign_up("Ada", phone=True), people.sign_up("Bob")
    chat = system.chat_between(ada, bob)
    system.fill(chat, bob, COUNT, read=read)
    ada.page.reload()
    ada.row_of("Bob").wait_for()
    return ada, bob


# Scrolls page by page until that message is there; gives what was worst on the way.
PAGE_THROUGH = """async ([up, until]) => {
    const scroll = %s, place = %s, ends = %s, seen = { jump: 0, rows: 0, holes: 0, pages: 0, stuck: false };
    for (;;) {
        const before = ends(), end = up ? before.first : before.last;
        seen.rows = Math.max(seen.rows, before.count);
        seen.holes += before.last - before.first + 1 - before.count;
        if (end === until) return seen;
        const row = scroll(up), deadline = performance.now() + 10_000;
        while ((up ? ends().first : ends().last) === end) {
            if (performance.now() > deadline) return { ...seen, stuck: end };
            await new Promise(requestAnimationFrame);
        }
        const after = place(row.seq);
        seen.jump = Math.max(seen.jump, after === null ? Infinity : Math.abs(after - row.top));
        seen.pages += 1;
    }
}""" % (SCROLL, PLACE, ENDS)


def page_through(reader: Person, up: bool, until: int) -> None:
    """Scrolls page by page to that message; what is seen holds its place all the way, and the page stays small."""
    seen: dict[str, Any] = reader.page.evaluate(PAGE_THROUGH, [up, until])
    assert seen["stuck"] is False and seen["holes"] == 0 and seen["pages"] > 50, seen
    assert seen["jump"] <= JUMP_MAX and seen["rows"] <= ROWS_MAX, seen


def test_ten_thousand_messages_page_back_to_the_first_and_down_to_the_newest_without_a_jump(
    people: People, system: System
) -> None:
    ada, bob = long_chat(people, system)
    ada.open_chat_with(bob)
    ada.page.wait_for_selector(f"[data-seq='{COUNT}']")
    page_through(ada, up=True, until=1)
    assert ada.page.evaluate(ENDS)["last"] < COUNT, "the window is trimmed below"
    page_through(ada, up=False, until=COUNT)
    assert ada.page.evaluate(ENDS)["first"] > 1, "the window is trimmed above"
    bob.open_chat_with(ada)
    bob.write("and now?")
    ada.page.get_by_role("button", name="1 new message").click()
    ada.sees("and now?")


def test_a_chat_opens_at_the_first_unread_message_and_the_pill_leads_to_the_newest(people: People, system: System) -> None:
    ada, bob = long_chat(people, system, read=9_000)
    expect(ada.row_of("Bob")).to_contain_text("999+")
    ada.open_chat_with(bob)
    divider = ada.page.locator("[data-unread]")
    expect(divider).to_be_in_viewport()
    expect(ada.page.locator("[data-unread] + .message")).to_have_attribute("data-seq", "9001")
    pill = ada.page.get_by_role("button", name="new messages")
    pill.click()
    expect(ada.page.locator(f"[data-seq='{COUNT}']")).to_be_in_viewport()
    expect(pill).to_have_count(0)
    expect(ada.page).to_have_title("Parley")


def test_the_divider_stays_while_the_chat_is_open_and_is_gone_when_it_is_opened_again(people: People) -> None:
    ada, bob = people.in_conversation()
    ada.go("")
    bob.write("one")
    bob.write("two")
    expect(ada.row_of("Bob")).to_contain_text("2 unread")
    ada.open_chat_with(bob)
    expect(ada.page.locator("[data-unread] + .message")).to_contain_text("one")
    bob.tick("two", "read")
    bob.write("three")
    ada.sees("three")
    expect(ada.page.locator("[data-unread] + .message")).to_contain_text("one")
    ada.go("")
    ada.open_chat_with(bob)
    ada.sees("three")
    expect(ada.page.locator("[data-unread]")).to_have_count(0)


def test_new_messages_do_not_move_who_reads_further_up(people: People, system: System) -> None:
    ada, bob = long_chat(people, system)
    ada.open_chat_with(bob)
    ada.page.wait_for_selector(f"[data-seq='{COUNT}']")
    seen = ada.page.evaluate(SCROLL, True)
    eventually(lambda: ada.page.evaluate(ENDS)["first"] < COUNT - 60, "an older page")
    bob.open_chat_with(ada)
    for number in (1, 2, 3):
        bob.write(f"news {number}")
    pill = ada.page.get_by_role("button", name="3 new messages")
    pill.wait_for()
    after = ada.page.evaluate(PLACE, seen["seq"])
    assert abs(after - seen["top"]) <= JUMP_MAX
    bob.tick("news 3", "delivered")
    pill.click()
    expect(ada.message("news 3")).to_be_in_viewport()
    bob.tick("news 3", "read")


def test_who_is_at_the_bottom_stays_there(people: People, system: System) -> None:
    ada, bob = long_chat(people, system)
    ada.open_chat_with(bob)
    bob.open_chat_with(ada)
    for number in range(1, 13):
        bob.write(f"news {number}\nwith a second line")
    expect(ada.page.locator(".message").last).to_contain_text("news 12")
    expect(ada.page.locator(".message").last).to_be_in_viewport()
    expect(ada.page.get_by_role("button", name="new message")).to_have_count(0)


def test_a_page_that_is_visible_but_not_focused_does_not_read(people: People) -> None:
    ada, bob = people.in_conversation()
    # Playwright keeps every page focused; this says what a browser says of a window beside the one in use.
    bob.page.evaluate("document.hasFocus = () => false")
    ada.write("are you there?")
    bob.sees("are you there?")
    ada.tick("are you there?", "delivered")
    expect(bob.page).to_have_title("(1) Parley")
    bob.page.wait_for_timeout(1_500)  # longer than a cursor takes
    ada.tick("are you there?", "delivered")
    bob.page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    ada.tick("are you there?", "read")
    expect(bob.page).to_have_title("Parley")
