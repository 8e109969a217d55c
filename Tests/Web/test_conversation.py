"""Two people write to each other."""

from people import PASSWORD, in_conversation

CORPUS = [
    "<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "javascript:alert(1)", "</div><b>bold</b>",
    "&lt;i&gt; &amp; {{7*7}} ${7*7}", "'\"><svg/onload=alert(1)>", "https://a.example/\"onmouseover=\"alert(1)",
]


def test_sign_up_to_first_reply_with_typing_and_ticks(person):
    ada, bob = in_conversation(person)
    ada.page.wait_for_selector("[data-tick=read]")
    bob.page.type("#composer", "hi A")
    ada.page.wait_for_selector("[data-peer-state=typing]")
    bob.page.type("#composer", "da")
    bob.page.press("#composer", "Enter")
    ada.sees("hi Ada")
    bob.page.wait_for_selector("[data-tick=read]")
    ada.page.wait_for_selector("[data-peer-state=online]")


def test_two_devices_of_one_person_show_the_same(person, system, browser):
    ada, bob = in_conversation(person)
    context = browser.new_context()
    page = context.new_page()
    page.goto(system.url)
    page.fill("#username", bob.username)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Ada").click()
    bob.write("from my desk")
    page.locator(".bubble", has_text="from my desk").wait_for()
    ada.sees("from my desk")
    context.close()


def test_markup_in_messages_and_names_is_text(person):
    ada, bob = in_conversation(person, "<b>Ada</b>", "<img src=x>")
    for text in CORPUS:
        ada.write(text)
    bob.sees(CORPUS[-1])
    assert bob.bodies() == ["hello", *CORPUS]
    assert bob.page.evaluate("document.querySelectorAll('.messages script, .messages img, .messages svg, .messages b').length") == 0
    links = bob.page.locator(".messages a").all()
    assert [one.get_attribute("href") for one in links] == ["https://a.example/"]
    assert "noopener" in links[0].get_attribute("rel")


def test_a_third_person_sees_nothing(person, system):
    ada, bob = in_conversation(person)
    eve = person("Eve")
    eve.page.goto(ada.page.url)
    eve.page.wait_for_selector("text=Loading…")
    ada.write("only for Bob")
    bob.sees("only for Bob")
    eve.page.wait_for_timeout(1_000)
    assert "only for Bob" not in eve.page.content() and "hello" not in eve.page.content()


def test_a_draft_survives_a_reload(person):
    ada, _ = in_conversation(person)
    ada.page.fill("#composer", "half a sen")
    ada.page.reload()
    ada.page.wait_for_selector("#composer")
    assert ada.page.input_value("#composer") == "half a sen"
