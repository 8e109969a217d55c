"""A long history: it opens at the first unread, pages without a jump, and stays bounded."""

import uuid

from people import in_conversation

COUNT = 1_200


def fill(system, writer, chat):
    token, _ = system.token_of(writer)
    for number in range(1, COUNT + 1):
        system.rest("POST", f"/api/v1/chats/{chat}/messages", {"id": str(uuid.uuid4()), "body": f"line {number}"}, token)


def test_paging_back_to_the_first_message(person, system):
    ada, bob = in_conversation(person)
    chat = ada.page.url.rsplit("/", 1)[1]
    ada.page.goto(system.url + "/#/")
    fill(system, bob, chat)
    ada.open_chat_with(bob)
    ada.page.wait_for_selector("[data-unread]")
    first = ada.page.locator("[data-unread] + .message")
    first.wait_for()
    assert "line 1" in first.inner_text()
    ada.page.get_by_role("button", name="new message").click()
    ada.sees(f"line {COUNT}")
    box = ada.page.locator(".messages")
    for _ in range(60):
        before = ada.page.evaluate("""() => { const box = document.querySelector('.messages'); box.scrollTop = 300;
            const row = [...box.querySelectorAll('[data-seq]')].find(r => r.getBoundingClientRect().bottom > box.getBoundingClientRect().top);
            return [row.dataset.seq, row.getBoundingClientRect().top]; }""")
        ada.page.wait_for_timeout(150)
        after = ada.page.evaluate(f"document.querySelector('[data-seq=\"{before[0]}\"]').getBoundingClientRect().top")
        assert abs(after - before[1]) <= 1.5, f"row {before[0]} jumped from {before[1]} to {after}"
        assert ada.page.locator("[data-seq]").count() <= 500
        if ada.page.locator('[data-seq="1"]').count() == 1:
            break
    assert ada.page.locator('[data-seq="1"]').count() == 1
    assert box.count() == 1
