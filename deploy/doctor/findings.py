"""What a check says, the list of all checks, and how their answers are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from installation import Installation

STATES = ("ok", "warn", "fail", "skip")


@dataclass(frozen=True)
class Finding:
    """One answer: `skip` is what could not be looked at from here."""

    state: str
    about: str
    text: str
    mend: str = ""
    check: str = ""


def ok(about: str, text: str) -> Finding:
    return Finding("ok", about, text)


def warn(about: str, text: str, mend: str) -> Finding:
    return Finding("warn", about, text, mend)


def fail(about: str, text: str, mend: str) -> Finding:
    return Finding("fail", about, text, mend)


def skip(about: str, text: str, mend: str = "") -> Finding:
    return Finding("skip", about, text, mend)


Check = Callable[["Installation"], Iterable[Finding]]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Puts a function into the list of checks; they run in the order in which they stand in the source."""

    def add(function: Check) -> Check:
        assert name not in CHECKS
        CHECKS[name] = function
        return function

    return add


def run(installation: Installation, names: Iterable[str]) -> Iterator[Finding]:
    """Runs checks one by one. One that breaks is a finding itself, and the others go on."""
    for name in names:
        try:
            for found in CHECKS[name](installation):
                yield Finding(found.state, found.about, found.text, found.mend, name)
        except Exception as error:  # noqa: BLE001
            text = f"the check itself broke: {type(error).__name__}: {error}"
            yield Finding("fail", "doctor", text, "report it, with this line", name)


def as_json(findings: list[Finding]) -> str:
    return json.dumps({"findings": [asdict(found) for found in findings], "failed": failed(findings)}, indent=2)


def as_line(found: Finding) -> str:
    line = f"{found.state:<5}{found.check:<22}{found.about:<22} {found.text}"
    if found.mend and found.state != "ok":
        line += f"\n     {'':<22}{'':<22} → {found.mend}"
    return line


def summary(findings: list[Finding]) -> str:
    count = {state: sum(found.state == state for found in findings) for state in STATES}
    return f"{count['ok']} ok, {count['warn']} to look at, {count['fail']} wrong, {count['skip']} not looked at"


def failed(findings: list[Finding]) -> bool:
    return any(found.state == "fail" for found in findings)
