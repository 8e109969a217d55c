"""docs/security.md names tests, and each of them exists."""

from __future__ import annotations

import re

from describe import REPOSITORY

NAMED = re.compile(r"`([\w/-]+\.(?:py|swift))::(\w+)`")


def test_every_rule_is_held_by_tests_that_exist() -> None:
    page = (REPOSITORY / "docs/security.md").read_text().split("\n## The rules\n")[1].split("\n## ")[0]
    rules = [line for line in page.splitlines() if line.startswith("|") and not line.startswith(("| rule |", "|---"))]
    assert len(rules) > 30
    for rule in rules:
        tests = NAMED.findall(rule)
        assert tests, f"no test: {rule}"
        assert len(tests) == rule.count("::"), f"a test is not named as file::test: {rule}"
        for file, name in tests:
            assert name in functions(file), f"{file} has no test {name}: {rule}"


def functions(file: str) -> set[str]:
    """The names of the tests in a file below Tests."""
    path = REPOSITORY / "Tests" / file
    assert path.exists(), f"there is no {path}"
    return set(re.findall(r"\b(?:def|func) (\w+)", path.read_text()))
