"""axe finds nothing on any screen, in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from people import in_conversation

# The strict policy of the page forbids axe's script as it forbids every other: only this test goes around it.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_reports_no_violation(browser, system, person, scheme):
    page = browser.new_context(bypass_csp=True, color_scheme=scheme).new_page()
    page.goto(system.url)
    page.wait_for_selector("#username")
    check(page, "sign in")
    page.context.close()
    ada = person("Ada", phone=True, bypass_csp=True, color_scheme=scheme)
    bob = person("Bob", bypass_csp=True, color_scheme=scheme)
    check(ada.page, "empty list")
    ada.find(bob)
    ada.write("hello https://example.org")
    bob.open_chat_with(ada)
    bob.sees("hello")
    check(bob.page, "chat")
    check(ada.page, "chat on a phone")
    for one in (ada, bob):
        for route in ("", "find", "settings"):
            one.page.goto(f"{system.url}/#/{route}")
            one.page.wait_for_timeout(500)
            check(one.page, f"{one.name} {route}")


def check(page, screen):
    results = Axe().run(page)
    assert results.violations_count == 0, f"{screen}: {results.generate_report()}"
