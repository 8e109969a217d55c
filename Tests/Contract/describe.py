"""The descriptions of docs/, and the copy of one of them that auth-service serves.

    .venv-contract/bin/python Tests/Contract/describe.py     writes that copy, after a change of docs/openapi.yaml
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
SERVED = REPOSITORY / "Services/auth-service/Sources/AuthService/Description/openapi.json"
METHODS = ("get", "put", "post", "delete", "patch")

Json = dict[str, Any]


def openapi() -> Json:
    """The REST interface."""
    return read("openapi.yaml")


def asyncapi() -> Json:
    """The WebSocket."""
    return read("asyncapi.yaml")


def read(name: str) -> Json:
    return dict(yaml.load((REPOSITORY / "docs" / name).read_text(), Loader=_NoDuplicates))


def routes() -> set[tuple[str, str]]:
    """The described (METHOD, path)s."""
    return {route for route, _ in operations(openapi())}


def operations(description: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    """Every (METHOD, path) with what is said of it."""
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield (method.upper(), path), item[method]


def references(node: Any) -> Iterator[str]:
    """Every `$ref` below a node."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from references(value)
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        yield node["$ref"]


def frames(side: str) -> dict[str, Json]:
    """The described frames from the `client` or the `server`: their schemas by `type`."""
    messages = asyncapi()["components"]["messages"]
    return {message["name"]: message["payload"] for key, message in messages.items() if key.startswith(side + ".")}


def strict(node: Any) -> Any:
    """A schema that also refuses what it does not name: clients ignore it, but it would be undescribed."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    closes = isinstance(node.get("properties"), dict) and "allOf" not in node
    closed = {"additionalProperties": False} if closes else {}
    return {key: strict(value) for key, value in node.items()} | closed


def as_json() -> str:
    return json.dumps(openapi(), ensure_ascii=False, separators=(",", ":")) + "\n"


class _NoDuplicates(yaml.SafeLoader):
    """YAML where a key stands once: a route that is described twice would hide one of the two."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice{node.start_mark}"
        return super().construct_mapping(node, deep)


if __name__ == "__main__":
    SERVED.write_text(as_json())
