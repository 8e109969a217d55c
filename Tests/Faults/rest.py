"""REST for asyncio in a screenful: one connection for each request, so that none is left over from before a fault."""

from __future__ import annotations

import asyncio
import io
import json
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from parley_client import Answer

TIMEOUT = 10.0
UNREACHED = (OSError, HTTPException, asyncio.TimeoutError, asyncio.IncompleteReadError)
"""What a request ends with when there is no answer."""


class _Bytes:
    """Bytes in the shape of a socket, which is what HTTPResponse reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


async def request(
    url: str, method: str, path: str, token: str | None = None, body: object = None, timeout: float = TIMEOUT
) -> Answer:
    """Asks and reads the whole answer.

    - Raises: one of UNREACHED.
    """
    async with asyncio.timeout(timeout):
        return _parsed(await _exchange(url, _request_bytes(url, method, path, token, body)), method)


def _request_bytes(url: str, method: str, path: str, token: str | None, body: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Connection: close"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    data = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines.append("Content-Type: application/json")
    if body is not None or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join([*lines, "", ""]).encode() + data


async def _exchange(url: str, data: bytes) -> bytes:
    address = urlsplit(url)
    tls = address.scheme == "https"  # of the authority that SSL_CERT_FILE names
    reader, writer = await asyncio.open_connection(address.hostname, address.port, ssl=tls or None)
    try:
        writer.write(data)
        return await reader.read(-1)
    finally:
        writer.close()


def _parsed(data: bytes, method: str) -> Answer:
    response = HTTPResponse(_Bytes(data), method=method)  # type: ignore[arg-type]
    response.begin()
    content = response.read()
    try:
        body = json.loads(content) if content else None
    except ValueError:
        body = content.decode(errors="replace")
    return Answer(response.status, body, response.headers)
