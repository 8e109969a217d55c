"""What every answer tells a browser: at the edge, behind it, and where the edge answers by itself."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from conftest import MakeUser
from parley_client import eventually
from parley_system import REPOSITORY, LocalSystem

DATA = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
AT_THE_EDGE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

ANSWERS = [
    ("GET", "/api/v1/sync", 401),
    ("GET", "/api/v1/users/me", 200),
    ("GET", "/api/v1/chats", 200),
    ("GET", "/api/v1/chats/" + "0" * 32, 404),
    ("DELETE", "/api/v1/chats", 405),
    ("POST", "/api/v1/auth/login", 415),
    ("POST", "/api/v1/auth/logout", 204),
    ("POST", "/api/v1/chats/" + "0" * 32 + "/messages", 415),
]
OF_THE_EDGE = [("GET", "/api/v1/nothing", 404), ("GET", "/metrics", 404), ("GET", "/internal/v1/tips", 404)]
SERVICE_OF = {"auth": "auth-service-1", "users": "auth-service-1", "chats": "message-service-1", "sync": "message-service-1"}


def ask(url: str, method: str, path: str, token: str | None) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    data = b"x" if method == "POST" and not path.endswith("logout") else None
    return requests.request(method, url + path, headers=headers, data=data, timeout=5, verify=False)


def once(answer: requests.Response) -> Mapping[str, str]:
    """The headers; each must have been sent once, or which of two holds is the browser's guess."""
    names = [name.lower() for name, _ in answer.raw.headers.items()]
    assert len(names) == len(set(names)), sorted(names)
    return answer.headers


def lacking(headers: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str | None]:
    """What is said instead of what is wanted."""
    return {name: headers.get(name) for name, value in wanted.items() if headers.get(name) != value}


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_an_answer_of_a_service_is_data_for_nobody_else_and_not_kept(
    local: LocalSystem, register: MakeUser, method: str, path: str, status: int
) -> None:
    name = "realtime-gateway-1" if path.endswith("messages") else SERVICE_OF[path.split("/")[3]]
    for url, more in ((local.public(name), {}), (local.url, AT_THE_EDGE)):
        answer = ask(url, method, path, None if status == 401 else register("ada").token)
        assert answer.status_code == status
        headers = once(answer)
        assert not lacking(headers, more | DATA)
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


@pytest.mark.parametrize(("method", "path", "status"), OF_THE_EDGE)
def test_an_answer_of_the_edge_itself_says_the_same(local: LocalSystem, method: str, path: str, status: int) -> None:
    answer = ask(local.url, method, path, None)
    assert answer.status_code == status
    assert not lacking(once(answer), AT_THE_EDGE | DATA)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_refused_handshake_says_the_same(local: LocalSystem) -> None:
    answer = ask(local.gateways[0], "GET", "/ws", None)
    assert answer.status_code == 426
    assert not lacking(once(answer), DATA | {"Cache-Control": "no-store"})


def test_the_page_may_load_its_own_scripts_and_nothing_else(local: LocalSystem) -> None:
    answer = ask(local.url, "GET", "/", None)
    headers = once(answer)
    assert answer.status_code == 200 and not lacking(headers, AT_THE_EDGE)
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-cache"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def https(local: LocalSystem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The edge once more, by TLS with a certificate of its own making."""
    folder: Path = tmp_path_factory.mktemp("https")
    port, redirects = free_port(), free_port()
    ours = {"PARLEY_EDGE_ADDRESS": f"https://127.0.0.1:{port}", "PARLEY_EDGE_HTTP_PORT": str(redirects), "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        command = ["caddy", "run", "--config", str(REPOSITORY / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
        edge = subprocess.Popen(command, env=local.environment("edge") | ours, stdout=log, stderr=log)
    url = f"https://127.0.0.1:{port}"
    try:
        eventually(lambda: ask(url, "GET", "/.well-known/jwks.json", None).status_code == 200, "the edge serves TLS", 15)
        yield url
    finally:
        edge.terminate()
        edge.wait(15)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_by_tls_a_browser_is_told_never_to_come_without_and_by_http_is_not(https: str, local: LocalSystem) -> None:
    for path in ("/", "/api/v1/sync", "/metrics"):
        said = ask(https, "GET", path, None).headers["Strict-Transport-Security"]
        assert int(said.removeprefix("max-age=").split(";")[0]) >= 31_536_000
        assert "Strict-Transport-Security" not in ask(local.url, "GET", path, None).headers


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_the_edge_speaks_no_tls_before_1_2(https: str) -> None:
    address = ("127.0.0.1", int(https.rsplit(":", 1)[1]))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(address, 5) as connection, pytest.raises(ssl.SSLError):
        old.wrap_socket(connection)
