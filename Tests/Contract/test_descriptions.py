"""docs/openapi.yaml and docs/asyncapi.yaml are well formed, whole, and what the sources say."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import openapi_spec_validator
import requests

from describe import REPOSITORY, SERVED, as_json, asyncapi, frames, openapi, operations, references, routes
from parley_system import LocalSystem

PROTOCOL = REPOSITORY / "Libraries/Common/ChatProtocol/Client"


def source(path: str) -> str:
    return (PROTOCOL / path).read_text()


def error_codes() -> dict[str, str]:
    """The error codes of the sources, by their names in Swift."""
    cases = re.findall(r"^    case `?(\w+)`?(?: = \"(\w+)\")?$", source("ErrorCode.swift"), re.MULTILINE)
    assert len(cases) > 10
    return {name: code or name for name, code in cases}


def test_openapi_is_valid() -> None:
    openapi_spec_validator.validate(openapi())


def test_the_served_copy_is_the_description() -> None:
    assert SERVED.read_text() == as_json(), "write it anew: .venv-contract/bin/python Tests/Contract/describe.py"


def test_every_route_of_the_sources_is_described_and_no_other() -> None:
    """Each path says in the sources which methods it serves, so that the others are refused."""
    served = set()
    for file in REPOSITORY.glob("Services/*/Sources/**/*.swift"):
        text = file.read_text()
        group = re.search(r'for path in \[([^]]*)\] \{\s*router\.refuseOtherMethods\("([^"]*)"', text)
        for path, methods in re.findall(r'refuseOtherMethods\(\s*("[^"]+"|KeySet\.path), served: \[([^]]*)\]', text):
            path = path.strip('"').replace("KeySet.path", "/.well-known/jwks.json")
            names = re.findall(r'"([^"]+)"', group[1]) if group and path == group[2] else [None]
            paths = [path.replace("\\(path)", name or "") for name in names]
            served |= {(method.strip(" .").upper(), nameless(path)) for path in paths for method in methods.split(",")}
    assert served == nameless_all(routes())


def nameless_all(routes: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(method, nameless(path)) for method, path in routes}


def nameless(path: str) -> str:
    """A path without the names of its parameters, which are written `:hash` in Swift and `{chat}` in a description."""
    return re.sub(r":\w+|\{\w+\}", "{}", path)


def test_every_route_of_the_protocol_page_is_described_and_no_other() -> None:
    page = (REPOSITORY / "docs/protocol.md").read_text()
    named = set(re.findall(r"^\*\*(GET|PUT|POST|DELETE|PATCH) (/[^\s?*]+)", page, re.MULTILINE))
    assert nameless_all(named) == nameless_all(routes())


def test_every_request_may_be_refused_for_now() -> None:
    """Each is counted by address, and meets what can fail."""
    for route, operation in operations(openapi()):
        assert {"429", "500", "503"} <= set(operation["responses"]), route


def test_every_request_may_be_refused_for_now() -> None:
    """Each is counted by address, and meets what can fail."""
    for route, operation in operations(openapi()):
        assert {"429", "500", "503"} <= set(operation["responses"]), route


def test_every_error_code_of_the_sources_is_described() -> None:
    codes = set(error_codes().values())
    described = openapi()["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"]
    assert set(described) == codes - {"bad_frame"}
    assert set(frames("server")["error"]["properties"]["code"]["enum"]) <= codes


def test_every_frame_of_the_sources_is_described_and_no_other() -> None:
    client = re.search(r"enum ClientFrame[^{]*\{(.*?)\n\}", source("ClientFrame.swift"), re.DOTALL)
    server = re.search(r"enum ServerFrame[^{]*\{(.*?)\n    package struct", source("ServerFrame.swift"), re.DOTALL)
    assert client and server
    assert set(frames("client")) == set(re.findall(r"^    case (\w+)", client[1], re.MULTILINE))
    assert set(frames("server")) == set(re.findall(r"^    case (\w+)", server[1], re.MULTILINE))


def test_every_close_code_of_the_sources_is_described() -> None:
    text = source("CloseCode.swift")
    numbers = dict(re.findall(r"^    case (\w+) = (\d+)$", text, re.MULTILINE))
    reasons = dict(re.findall(r'case \.(\w+): "(\w+)"', text))
    described = asyncapi()["channels"]["socket"]["x-close-codes"]
    assert described == {int(number): reasons[name] for name, number in numbers.items()}


def test_every_frame_goes_one_way_and_says_its_type() -> None:
    description = asyncapi()
    listed = {key: message["$ref"] for key, message in description["channels"]["socket"]["messages"].items()}
    assert listed == {key: f"#/components/messages/{key}" for key in description["components"]["messages"]}
    for side, operation in (("client", "fromClient"), ("server", "toClient")):
        sent = [message["$ref"].rsplit("/", 1)[1] for message in description["operations"][operation]["messages"]]
        assert sent == [key for key in listed if key.startswith(side + ".")]
        for name, schema in frames(side).items():
            jsonschema.Draft7Validator.check_schema(schema)
            assert schema["properties"]["type"] == {"const": name} and "type" in schema["required"]


def test_every_reference_leads_somewhere() -> None:
    for description in (openapi(), asyncapi()):
        found = list(references(description))
        assert len(found) > 50
        for reference in found:
            place: Any = description
            for step in reference.removeprefix("#/").split("/"):
                assert step in place, reference
                place = place[step]


def test_the_system_serves_the_description(system: LocalSystem) -> None:
    answer = requests.get(system.url + "/api/v1/openapi.json", timeout=5)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == openapi()
