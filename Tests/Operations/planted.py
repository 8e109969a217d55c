"""Faults to plant for the doctor: proxies that cut or hold back, servers with a wrong clock or an old certificate."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def proxy(target: str, cut_after: float | None = None, hold_back: float = 0.0) -> Iterator[str]:
    """A TCP proxy before an origin: ends what was idle for `cut_after` seconds, sends answers `hold_back` late."""
    host, port = target.removeprefix("http://").split(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def pump(source: socket.socket, sink: socket.socket, delay: float) -> None:
            source.settimeout(cut_after)
            try:
                while content := source.recv(65536):
                    time.sleep(delay)
                    sink.sendall(content)
            except OSError:
                pass
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        def serve() -> None:
            while not ended.is_set():
                try:
                    near, _ = listener.accept()
                except OSError:
                    return
                far = socket.create_connection((host, int(port)), 5)
                far.settimeout(None)
                threading.Thread(target=pump, args=(near, far, 0.0), daemon=True).start()
                threading.Thread(target=pump, args=(far, near, hold_back), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def server(answers: dict[str, bytes], clock: float = 0.0, tls: tuple[Path, Path] | None = None) -> Iterator[str]:
    """An HTTP server that answers some paths, and whose clock is `clock` seconds ahead."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answers.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + clock, usegmt=True)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            http.socket = context.wrap_socket(http.socket, server_side=True)
            scheme = "https"
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"{scheme}://localhost:{http.server_address[1]}"
        finally:
            http.shutdown()


def certificate(folder: Path, days: int) -> tuple[Path, Path]:
    """A certificate for localhost that ends in so many days, and its key. It is its own authority."""
    key, request, extension, good = (folder / name for name in ("key.pem", "request.pem", "extension", "cert.pem"))
    extension.write_text("subjectAltName=DNS:localhost\n")
    ask = ["req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=localhost"]
    sign = ["x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-extfile", extension, "-out", good]
    for arguments in (ask, sign):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)
    return good, key
