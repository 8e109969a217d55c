"""Turns the installed fuzzing client of the Autobahn test suite, which is Python 2, into Python 3.

What its cases test is left as it is: a byte string becomes a str of the code points 0 to 255 (octets.py), which fuzz.py
turns into bytes where it leaves for the wire, and back where a payload comes in.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

NAME = "autobahntestsuite"


def ported() -> Path:
    """The folder to import the ported suite from; made on the first use, and again when this file changes."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    folder = Path(sys.prefix) / f"suite-{version}"
    if not folder.exists():
        unfinished = folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        port(Path(sysconfig.get_path("purelib")) / NAME, unfinished / NAME)
        unfinished.rename(folder)
    return folder


def port(source: Path, target: Path) -> None:
    shutil.copytree(source / "case", target / "case", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("caseset.py", "fuzzing.py", "_version.py"):
        shutil.copy(source / name, target)
    (target / "__init__.py").write_text("from ._version import __version__ as version\n")
    (target / "report.py").touch()  # 2to3 looks which modules are the package's own

    files = sorted(target.rglob("*.py"))
    for file in files:
        keep_octets(file)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lib2to3", "--write", "--nobackups", str(target)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for file in files:
        # `class X(object, Case)` has no order of bases in Python 3.
        edit(file, (r"\(object, Case, \)", "(Case, )"), needed=False)
        edit(file, (r"^import binascii$", "import octets as binascii"), needed=False)

    # Compression is not run, and 9.9.1 is not part of the suite's own list.
    edit(target / "case" / "__init__.py", (r"^.*(?:9_9_1|12_x_x|12_X_X|13_X_X).*\n", ""))
    # What pickle writes depends on which objects are the same one; meant is the equality of values.
    edit(target / "case" / "case.py", (r"pickle\.dumps\((\w+)\) == pickle\.dumps\((\w+)\)", r"\1 == \2"))
    edit(target / "case" / "case6_x_x.py", (r"\.validate\((vss\[:i\])\)", r".validate(\1.encode('latin-1'))"))
    edit(target / "case" / "case10_1_1.py", (r"\) / (self\.p\.)", r") // \1"))
    edit(
        target / "fuzzing.py",
        (r"^from \.report import (?:.*\\\n)+.*\n", ""),  # reports as HTML
        (r", pkg_resources$", ""),  # nor a server, nor TLS
        (r"(import reactor), ssl$", r"\1"),
        (r"ssl\.ClientContextFactory\(\)", "None"),
        (r"^import os, json, binascii\b", "from octets import native, octets\nimport octets as binascii, os, json"),
        (r"''\.join\(payload\)", "b''.join(payload)"),
        (r"(?<=return )(dd)(?=\.decode\()", r"octets(\1)"),
        (r"^( +)(?=try:\n +if len\(data\) > maxlen)", r"\1data = native(data)\n\1"),
    )


def keep_octets(file: Path) -> None:
    """A literal beyond ASCII is bytes in Python 2. Read as latin-1 it keeps them."""
    text = file.read_bytes().replace(b"\r", b"").decode("latin-1")
    if not text.isascii():
        text = "# -*- coding: latin-1 -*-\n" + re.sub(r"(?m)^# *coding=.*\n", "", text)
    file.write_bytes(text.encode("latin-1"))


def edit(file: Path, *changes: tuple[str, str], needed: bool = True) -> None:
    text = file.read_bytes().decode("latin-1")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count or not needed, f"{file.name} has no {pattern}"
    file.write_bytes(text.encode("latin-1"))
