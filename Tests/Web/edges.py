"""Further doors to the running system: an edge that serves other files, and one by https."""

from __future__ import annotations

import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from system import ROOT, System
from waiting import eventually

PROXY = """
{{
    admin off
    auto_https off
}}
https://127.0.0.1:{port} {{
    bind 127.0.0.1
    tls {folder}/cert.pem {folder}/key.pem
    reverse_proxy {edge}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def caddy(folder: Path, config: Path, environment: dict[str, str], url: str) -> Iterator[str]:
    with (folder / "caddy.log").open("ab") as log:
        command = ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"]
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        eventually(lambda: answers(url), f"{url} answers; see {folder}/caddy.log", 15)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def answers(url: str) -> bool:
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    try:
        return urllib.request.urlopen(url + "/.well-known/jwks.json", timeout=2, context=trusting).status == 200
    except OSError:
        return False


@contextmanager
def edge_serving(system: System, web_root: Path, folder: Path, host: str = "127.0.0.1") -> Iterator[str]:
    """A second edge of the system, with its own folder of static files, and by another name."""
    url = f"http://{host}:{free_port()}"
    ours = {"PARLEY_EDGE_ADDRESS": url, "PARLEY_WEB_ROOT": str(web_root), "HOME": str(folder)}
    with caddy(folder, ROOT / "deploy" / "Caddyfile", system.environment("edge") | ours, url):
        yield url


@contextmanager
def edge_by_https(system: System, folder: Path) -> Iterator[str]:
    """TLS in front of the edge, with a certificate that nobody has signed."""
    port = free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
         "-out", folder / "cert.pem"], check=True, capture_output=True)
    config = folder / "Caddyfile"
    config.write_text(PROXY.format(port=port, folder=folder, edge=system.url.removeprefix("http://")))
    with caddy(folder, config, {"PATH": "/usr/bin:/bin", "HOME": str(folder)}, f"https://127.0.0.1:{port}") as url:
        yield url
