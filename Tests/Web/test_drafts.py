"""Nothing typed is ever lost."""

from playwright.sync_api import expect

from people import People


def test_a_draft_survives_a_reload(people: People) -> None:
    ada, _ = people.in_conversation()
    ada.page.fill("#composer", "half a sen")
    ada.page.reload()
    expect(ada.page.locator("#composer")).to_have_value("half a sen")


def test_every_chat_has_a_draft_of_its_own(people: People) -> None:
    ada, bob, mei = people.sign_up("Ada"), people.sign_up("Bob"), people.sign_up("Mei")
    ada.find(bob)
    ada.page.fill("#composer", "for Bob")
    ada.find(mei)
    expect(ada.page.locator("#composer")).to_have_value("")
    ada.page.fill("#composer", "for Mei")
    ada.open_chat_with(bob)
    expect(ada.page.locator("#composer")).to_have_value("for Bob")
    ada.open_chat_with(mei)
    expect(ada.page.locator("#composer")).to_have_value("for Mei")
    ada.write("for Mei, after all")
    ada.open_chat_with(bob)
    ada.open_chat_with(mei)
    expect(ada.page.locator("#composer")).to_have_value("")


def test_a_message_that_arrives_leaves_the_draft_alone(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.page.type("#composer", "as I was say")
    ada.write("are you there?")
    bob.sees("are you there?")
    expect(bob.page.locator("#composer")).to_have_value("as I was say")
    expect(bob.page.locator("#composer")).to_be_focused()
