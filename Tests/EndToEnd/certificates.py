"""An authority for tests, and certificates of it, made by the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """Two PEM files."""

    certificate: Path
    key: Path


class Authority:
    """One that signs, in a folder of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)  # PostgreSQL may read there as another user
        self.certificate = self.folder / "authority.pem"
        self._key = self.folder / "authority.key"
        subject = ("-subj", f"/CN={name}", "-days", "2")
        openssl("req", "-x509", *KEY, "-keyout", str(self._key), "-out", str(self.certificate), *subject)

    def issue(self, name: str, names: str = "IP:127.0.0.1", days: int = 2) -> Certificate:
        """A certificate for both ends of a connection. `names` as openssl's subjectAltName; fewer than 0 days: expired."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("req", *KEY, "-keyout", str(made.key), "-out", str(request), "-subj", f"/CN={name}")
        by = ("-CA", str(self.certificate), "-CAkey", str(self._key), "-CAcreateserial", "-days", str(days))
        openssl("x509", "-req", "-in", str(request), "-out", str(made.certificate), *by, "-extfile", str(extensions))
        return made


def openssl(*arguments: str) -> None:
    subprocess.run(("openssl", *arguments), check=True, capture_output=True, timeout=30)
