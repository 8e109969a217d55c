"""The descriptions of docs/, and the copy of one of them that auth-service serves.

    .venv-contract/bin/python Tests/Contract/describe.py     writes that copy, after a change of docs/openapi.yaml
"""

from __future__ import annotations

import json
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
    return {(method.upper(), path) for path, item in openapi()["paths"].items() for method in METHODS if method in item}


def frames(side: str) -> dict[str, Json]:
    """The described frames from the `client` or the `server`: their schemas by `type`."""
    messages = asyncapi()["components"]["messages"]
    return {message["name"]: message["payload"] for key, message in messages.items() if key.startswith(side + ".")}


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
