"""The browser is told of new messages only when the person wanted it and does not look."""

from __future__ import annotations

from playwright.sync_api import expect

from people import People
from person import Person
from waiting import eventually

# Playwright keeps every page visible; this says what a browser says of a tab behind another.
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
}"""

SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
}"""

COUNT_ASKING = """
    window.asked = 0;
    const ask = Notification.requestPermission.bind(Notification);
    Notification.requestPermission = () => { window.asked += 1; return ask(); };
"""


def shown(person: Person) -> list[dict[str, str]]:
    return person.page.evaluate(SHOWN)


def switch_on(person: Person) -> None:
    person.go("settings")
    box = person.page.get_by_label("Show new messages while this page is in the background")
    box.click()
    expect(box).to_be_checked()


def test_a_hidden_page_shows_one_notification_per_chat_with_the_newest_message(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.context.grant_permissions(["notifications"], origin=bob.url)
    switch_on(bob)
    bob.go("")
    ada.write("you are looking, so this one is silent")
    expect(bob.page).to_have_title("(1) Parley")
    assert shown(bob) == []
    bob.page.evaluate(HIDE, True)
    ada.write("are you there?")
    eventually(lambda: len(shown(bob)) == 1, "a notification")
    ada.write("hello?")
    eventually(lambda: [one["body"] for one in shown(bob)] == ["hello?"], "the newest one in its place")
    assert shown(bob) == [{"title": "Ada", "body": "hello?", "tag": ada.chat}]
    expect(bob.page).to_have_title("(3) Parley")
    bob.page.evaluate(HIDE, False)
    bob.open_chat_with(ada)
    expect(bob.page).to_have_title("Parley")


def test_a_hidden_page_does_not_read(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.page.evaluate(HIDE, True)
    ada.write("are you there?")
    ada.tick("are you there?", "delivered")
    bob.page.wait_for_timeout(1_500)  # longer than a cursor takes
    ada.tick("are you there?", "delivered")
    bob.page.evaluate(HIDE, False)
    ada.tick("are you there?", "read")


def test_the_permission_is_asked_for_only_by_the_switch(people: People) -> None:
    ada = people.visitor()
    ada.context.add_init_script(COUNT_ASKING)
    ada.sign_up()
    for route in ("", "find", "settings", ""):
        ada.go(route)
        ada.page.reload()
        ada.is_signed_in()
    assert ada.page.evaluate("window.asked") == 0
    ada.context.grant_permissions(["notifications"], origin=ada.url)
    switch_on(ada)
    assert ada.page.evaluate("window.asked") == 1
    ada.page.reload()
    expect(ada.page.get_by_label("Show new messages")).to_be_checked()
    assert ada.page.evaluate("window.asked") == 0


def test_a_refused_permission_is_said_and_nothing_is_shown(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.go("settings")
    bob.page.get_by_label("Show new messages").click()
    expect(bob.page.get_by_role("alert").filter(has_text="Your browser does not allow them")).to_be_visible()
    expect(bob.page.get_by_label("Show new messages")).not_to_be_checked()
    bob.page.evaluate(HIDE, True)
    ada.write("are you there?")
    expect(bob.page).to_have_title("(1) Parley")
    assert shown(bob) == []
