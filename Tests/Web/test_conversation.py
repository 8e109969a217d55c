"""Two people write to each other."""

from playwright.sync_api import expect

from people import People
from system import System


def test_sign_up_to_first_reply_with_typing_and_ticks(people: People) -> None:
    ada, bob = people.sign_up("Ada", phone=True), people.sign_up("Bob")
    ada.find(bob)
    ada.write("hello")
    ada.tick("hello", "delivered")  # Bob's page is at the list: it has the message, but he has not seen it
    bob.open_chat_with(ada)
    bob.sees("hello")
    ada.tick("hello", "read")
    bob.write_seen_typing("hi Ada", by=ada)
    bob.tick("hi Ada", "read")


def test_a_message_is_pending_until_the_server_has_it_and_sent_until_the_other_side_has_it(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.context.close()
    ada.context.set_offline(True)
    ada.write("one")
    ada.tick("one", "pending")
    ada.context.set_offline(False)
    ada.tick("one", "sent")
    bob = people.device_of(bob)
    expect(bob.row_of("Ada")).to_contain_text("1 unread")
    ada.tick("one", "delivered")
    bob.open_chat_with(ada)
    ada.tick("one", "read")


def test_who_closes_the_page_is_offline_after_ten_seconds_and_online_at_once_on_return(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.write("back in a minute")
    ada.peer_is("online")
    bob.context.close()
    ada.page.wait_for_timeout(5_000)  # a short absence is not announced
    assert ada.page.locator("[data-peer-state=online]").is_visible()
    ada.peer_is("offline", timeout=12_000)
    expect(ada.page.locator("[data-peer-state=offline]")).to_contain_text("last seen")
    people.device_of(bob)
    ada.peer_is("online")


def test_two_devices_of_one_person_show_the_same(people: People) -> None:
    ada, bob = people.in_conversation()
    phone = people.device_of(bob, phone=True)
    phone.open_chat_with(ada)
    phone.sees("hello")
    bob.write("from my desk")
    phone.sees("from my desk")
    phone.write("from my phone")
    bob.sees("from my phone")
    ada.write("to both")
    for one in (ada, bob, phone):
        expect(one.texts).to_have_text(["hello", "from my desk", "from my phone", "to both"])
        expect(one.page).to_have_title("Parley")


def test_reading_on_one_device_reads_on_the_other(people: People) -> None:
    ada, bob = people.in_conversation()
    bob.go("")
    phone = people.device_of(bob, phone=True)
    ada.write("who sees it first?")
    for one in (bob, phone):
        expect(one.row_of("Ada")).to_contain_text("1 unread")
        expect(one.page).to_have_title("(1) Parley")
    phone.open_chat_with(ada)
    expect(bob.page).to_have_title("Parley")
    expect(bob.row_of("Ada")).not_to_contain_text("unread")


def test_notes_to_oneself_are_kept_and_read(people: People, system: System) -> None:
    ada = people.sign_up("Ada", phone=True)
    ada.go("find")
    ada.page.fill("#query", ada.username)
    ada.page.get_by_role("button", name="notes to yourself").click()
    expect(ada.page.get_by_role("heading", name="Notes to myself")).to_be_visible()
    ada.write("buy bread")
    ada.tick("buy bread", "read")
    desk = people.device_of(ada)
    expect(desk.row_of("Notes to myself")).not_to_contain_text("unread")
    desk.row_of("Notes to myself").click()
    desk.sees("buy bread")
    expect(desk.page.locator("[data-peer-state]")).to_have_count(0)
