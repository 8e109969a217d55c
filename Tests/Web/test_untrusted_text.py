"""Whatever people write or call themselves is text on the page, and only text."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from people import People
from person import Person

CORPUS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    "</li></ol></div><b>bold</b>",
    "<style>*{display:none}</style>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>click</a>",
    "'\"><body onfocus=alert(1) autofocus>",
    "&lt;i&gt; &amp; &#60;b&#62; {{7*7}} ${7*7} <%= 7*7 %>",
    "<!-- --><![CDATA[<x>]]>",
    "`${alert(1)}` \\u003cscript\\u003e",
    "\u202egnirts sdrawkcab\u202c",
    "[link](javascript:alert(1)) **bold** _it_ `code`",
]

NAMES = [("<b>Ada</b>", "<img src=x onerror=alert(1)>"), ("{{constructor}}\"'`", "</bdi><script>alert(1)</script>&lt;")]

LINKS = {
    "see https://a.example/x?y=1&z=2#top.": ["https://a.example/x?y=1&z=2#top"],
    "(http://b.example/)": ["http://b.example/"],
    "write to mailto:ada@example.org, please": ["mailto:ada@example.org"],
    'https://c.example/"onmouseover="alert(1)': ["https://c.example/"],
    "https://d.example/<script>": ["https://d.example/"],
    "javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd ftp://e.example blob:https//x": [],
    "JaVaScRiPt://f.example/%0aalert(1)": [],
    "HTTPS://G.example": ["HTTPS://G.example"],
}

ELEMENTS = "main script, main img, main svg:not(.icon), main iframe, main style, main b, main i, main body, main object"


def shows_only_text(person: Person) -> None:
    assert person.page.locator(ELEMENTS).count() == 0
    assert person.page.evaluate("document.querySelectorAll('[onerror], [onload], [onfocus], [style]').length") == 0


def test_markup_in_messages_is_shown_as_it_was_written(people: People) -> None:
    ada, bob = people.in_conversation()
    ada.page.on("dialog", lambda dialog: ada.complaints.append(dialog.message))
    bob.page.on("dialog", lambda dialog: bob.complaints.append(dialog.message))
    for text in CORPUS:
        ada.write(text)
    bob.sees(CORPUS[-1])
    assert bob.bodies() == ["hello", *CORPUS]
    for one in (ada, bob):
        shows_only_text(one)
    bob.page.reload()  # now from history, and the last one in the list of chats
    bob.sees(CORPUS[-1])
    assert bob.bodies() == ["hello", *CORPUS]
    shows_only_text(bob)


@pytest.mark.parametrize("first, second", NAMES)
def test_markup_in_the_name_given_at_sign_up_is_text_wherever_it_is_shown(people: People, first: str, second: str) -> None:
    one, other = people.in_conversation(first, second)
    for person, peer in ((one, other), (other, one)):
        expect(person.page.get_by_role("heading", name=peer.name, exact=True)).to_be_visible()
        person.go("")
        expect(person.row_of(peer.name)).to_be_visible()
        shows_only_text(person)
        person.go("find")
        person.page.fill("#query", peer.username)
        expect(person.page.locator("main .main bdi").filter(has_text=peer.name)).to_be_visible()
        shows_only_text(person)
        person.go("settings")
        expect(person.page.locator("#display-name")).to_have_value(person.name)
        shows_only_text(person)


def test_markup_in_a_name_changed_later_is_text(people: People) -> None:
    name = NAMES[0][1]
    ada, bob = people.sign_up("Ada"), people.sign_up("Bob")
    ada.go("settings")
    ada.page.fill("#display-name", name)
    ada.page.get_by_role("button", name="Save name").click()
    ada.page.get_by_role("button", name="Saved").wait_for()
    bob.find(ada)
    expect(bob.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    for one in (ada, bob):
        shows_only_text(one)


def test_links_are_http_https_and_mailto_only_and_tell_the_other_site_nothing(people: People) -> None:
    ada, bob = people.in_conversation()
    for text in LINKS:
        ada.write(text)
    bob.sees("HTTPS://G.example")
    assert bob.bodies() == ["hello", *LINKS]
    links = bob.page.locator(".messages a").all()
    assert [link.get_attribute("href") for link in links] == [link for found in LINKS.values() for link in found]
    for link in links:
        assert link.get_attribute("target") == "_blank"
        assert {"noopener", "noreferrer"} <= set((link.get_attribute("rel") or "").split())


def test_text_of_either_direction_keeps_to_itself(people: People) -> None:
    """Right-to-left text in a message or a name must not turn what stands around it."""
    ada, omar = people.in_conversation(second="عمر")
    omar.write("مرحبا Ada!")
    ada.sees("مرحبا Ada!")
    texts = ada.page.locator(".bubble > span[dir=auto]")
    expect(texts).to_have_count(2)
    assert texts.nth(1).evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert texts.nth(0).evaluate("one => getComputedStyle(one).direction") == "ltr"
    expect(ada.page.locator("h1 bdi", has_text="عمر")).to_be_visible()
    ada.go("")
    row = ada.row_of("عمر")
    expect(row.locator("bdi")).to_have_text("عمر")
    expect(row.locator("[dir=auto]")).to_have_text("مرحبا Ada!")
    expect(omar.page.locator("#composer")).to_have_attribute("dir", "auto")
