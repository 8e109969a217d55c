"""Runs the fuzzing client of the Autobahn test suite against a WebSocket echo server and says what it found.

    fuzz.py URL [CASE...]       e.g. fuzz.py ws://127.0.0.1:9001/ '1.*' 9.1.6; without a case: all but compression

The exit code is 0 if every case ran and none failed.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from octets import native, octets
from port import ported

sys.path.insert(0, str(ported()))

import txaio  # noqa: E402

txaio.use_twisted()

from autobahntestsuite import fuzzing  # noqa: E402
from twisted.internet import reactor  # noqa: E402
from twisted.python import log  # noqa: E402

GROUPS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
AGENT = "server"


class Client(fuzzing.FuzzingClientProtocol):  # type: ignore[misc]
    """The suite's client, with bytes on the side of the wire."""

    localCloseReason: Any

    def sendFrame(self, opcode: int, payload: Any = b"", payload_len: int | None = None, **options: Any) -> None:
        payload = octets(payload)
        if payload_len is not None:
            payload = (payload * (payload_len // len(payload) + 1))[:payload_len]
        super().sendFrame(opcode, payload, **options)

    def sendMessage(self, payload: Any, *arguments: Any, **options: Any) -> None:
        super().sendMessage(octets(payload), *arguments, **options)

    def sendMessageFrameData(self, payload: Any, *arguments: Any, **options: Any) -> Any:
        return super().sendMessageFrameData(octets(payload), *arguments, **options)

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: Any = None, isReply: bool = False) -> None:
        super().sendCloseFrame(code, octets(reasonUtf8), isReply)
        self.localCloseReason = native(self.localCloseReason)

    def onPong(self, payload: Any) -> None:
        super().onPong(native(payload))

    def onMessage(self, payload: Any, isBinary: bool) -> None:
        super().onMessage(native(payload), isBinary)


class Run(fuzzing.FuzzingClientFactory):  # type: ignore[misc]
    def createReports(self) -> None:
        """The suite would write files; all that is wanted is in `results`."""

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        results: dict[str, dict[str, Any]] = self.agents.get(AGENT, {})
        return results


def run(url: str, cases: list[str], log_file: Path) -> Run:
    """All the cases, one connection after another. The suite's own words go to the file."""
    fuzzing.FuzzingClientProtocol = Client
    with log_file.open("w") as words, contextlib.redirect_stdout(words):
        log.startLogging(words, setStdout=False)
        found = Run({"servers": [{"agent": AGENT, "url": url}], "cases": cases, "exclude-cases": []})
        reactor.run()  # type: ignore[attr-defined]
    return found


def summary(results: dict[str, dict[str, Any]], key: str) -> str:
    """How many cases ended how, and which, where they are few."""
    parts = []
    for verdict, count in Counter(result[key] for result in results.values()).most_common():
        names = [name for name, result in results.items() if result[key] == verdict]
        parts.append(f"{count} {verdict}" + (f" ({', '.join(names)})" if count <= 10 else ""))
    return ", ".join(parts)


def failed(result: dict[str, Any]) -> bool:
    return "FAILED" in (result["behavior"], result["behaviorClose"])


def main(url: str, *cases: str) -> int:
    begin = time.monotonic()
    log_file = Path(sys.prefix) / "fuzz.log"
    found = run(url, list(cases) or GROUPS, log_file)
    results = found.results
    print(f"{len(results)} of {len(found.specCases)} cases in {time.monotonic() - begin:.0f} s")
    print(f"messages: {summary(results, 'behavior')}")
    print(f"closing handshakes: {summary(results, 'behaviorClose')}")
    for name, result in results.items():
        if failed(result):
            print(f"\nFAILED {name}: {result['description']}\n  expected: {result['expectation']}")
            print(f"  found: {result['result']} {result['resultClose']}\n  log: {log_file}")
    if len(results) < len(found.specCases):
        print(f"\nnot all cases ran; {log_file} may say why")
    return int(len(results) < len(found.specCases) or any(map(failed, results.values())))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
