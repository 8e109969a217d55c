"""Dashboards, alert rules, runbooks and docs speak of metrics that a running system has, and of all of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from conftest import MakeUser, Talk
from parley_client import User
from parley_system import REPOSITORY, LocalSystem

MONITORING = REPOSITORY / "deploy" / "monitoring"
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
DOCS = REPOSITORY / "docs" / "monitoring.md"

NAME = re.compile(r"\b(?:parley|process)_[a-z0-9_]*[a-z0-9]\b")
SELECTOR = re.compile(r'\b((?:parley|process)_[a-z0-9_]+)\{([^{}]*)\}')
MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)\\?"([^"\\]*)\\?"')
SAMPLE = re.compile(r"^([a-z0-9_]+)(?:\{(.*)\})? ", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ADDED_BY_PROMETHEUS = {"job", "instance", "namespace"}
OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


@dataclass
class Metric:
    """One metric as the services write it: its type, its help, and all values of each label."""

    type: str = ""
    help: str = ""
    labels: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@pytest.fixture(scope="module")
def texts(local: LocalSystem) -> dict[str, str]:
    """What each process says at /metrics, after people have talked."""
    ada, bob = User.register(local.url, "ada"), User.register(local.url, "bob")
    try:
        talk = Talk(ada, bob, ada.open_chat(bob), ada.connect(local.gateways[0]), bob.connect(local.gateways[-1]))
        talk.at_ada.say(talk.chat, "counted")
        talk.at_bob.sees(talk.chat, "counted")
        ada.sync()
    finally:
        ada.close()
        bob.close()
    return {name: requests.get(local.internal(name) + "/metrics", timeout=5).text for name in local.services}


@pytest.fixture(scope="module")
def metrics(texts: dict[str, str]) -> dict[str, Metric]:
    """All metrics of all processes."""
    found: dict[str, Metric] = defaultdict(Metric)
    for text in texts.values():
        for kind, name, rest in re.findall(r"^# (HELP|TYPE) (\S+) (.+)$", text, re.MULTILINE):
            setattr(found[name], kind.lower(), rest)
        for sample, labels in SAMPLE.findall(text):
            for label, value in LABEL.findall(labels):
                found[base(sample, found)].labels[label].add(value)
    return dict(found)


def base(sample: str, known: dict[str, Metric]) -> str:
    """The metric a series belongs to."""
    for ending in OF_HISTOGRAMS:
        name = sample.removesuffix(ending)
        if name in known and known[name].type == "histogram":
            return name
    return sample


def files(pattern: str) -> list[Path]:
    found = sorted(REPOSITORY.glob(pattern))
    assert found, pattern
    return found


USERS_OF_METRICS = [
    *files("deploy/monitoring/rules/*.yml"),
    *files("deploy/monitoring/tests/*.yml"),
    *files("deploy/monitoring/dashboards/*.json"),
    *files("docs/runbooks/*.md"),
    DOCS,
    REPOSITORY / "README.md",
]


@pytest.mark.parametrize("file", USERS_OF_METRICS, ids=lambda file: file.name)
def test_every_metric_that_is_spoken_of_is_there(file: Path, metrics: dict[str, Metric]) -> None:
    text = file.read_text()
    assert {name for name in NAME.findall(text) if base(name, metrics) not in metrics} == set()
    for name, selector in SELECTOR.findall(text):
        known = metrics[base(name, metrics)].labels
        for label, _, _ in MATCHER.findall(selector):
            assert label in known or label in ADDED_BY_PROMETHEUS, f"{name} has no label {label}"


@pytest.mark.parametrize("file", files("deploy/monitoring/[rd]*/*.*"), ids=lambda file: file.name)
def test_every_label_value_that_is_asked_for_is_there(file: Path, metrics: dict[str, Metric]) -> None:
    for name, selector in SELECTOR.findall(file.read_text()):
        values = metrics[base(name, metrics)].labels
        for label, operator, value in MATCHER.findall(selector):
            # A regular expression of mere words names values too.
            words = value.split("|") if operator in ("=", "=~") and re.fullmatch(r"[\w|-]+", value) else []
            assert set(words) <= values[label], f"{name} never has {label}={value}"


def test_every_metric_has_its_line_in_the_docs(metrics: dict[str, Metric]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", DOCS.read_text(), re.MULTILINE)
    documented = {(name, type, frozenset(re.findall(r"`(\w+)`", labels))) for name, type, labels in rows}
    there = {(name, metric.type, frozenset(metric.labels) - {"le"}) for name, metric in metrics.items()}
    assert documented == there


def test_metrics_are_named_as_prometheus_wants_them(metrics: dict[str, Metric]) -> None:
    for name, metric in metrics.items():
        assert metric.help and metric.help.endswith("."), f"{name} does not say what it means"
        assert (metric.type == "counter") == name.endswith("_total"), name
        assert not name.endswith(OF_HISTOGRAMS), name


@pytest.fixture
def promtool() -> str:
    """Where promtool is."""
    path = shutil.which("promtool") or shutil.which(str(REPOSITORY / ".parley-tools" / "promtool"))
    if path is None:
        pytest.skip("promtool is not here: ./parley install --tests")
    return path


def test_promtool_finds_nothing_to_say_about_the_metrics(texts: dict[str, str], promtool: str) -> None:
    for name, text in texts.items():
        result = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
        assert (result.returncode, result.stdout + result.stderr) == (0, ""), name


@pytest.mark.parametrize("file", files("deploy/monitoring/dashboards/*.json"), ids=lambda file: file.name)
def test_prometheus_understands_every_query_of_a_dashboard(file: Path, promtool: str, tmp_path: Path) -> None:
    panels = json.loads(file.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    assert queries
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries)
    ]
    # JSON is YAML.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    result = subprocess.run(
        [promtool, "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, timeout=30
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_labels_do_not_grow_with_what_clients_make_up(local: LocalSystem, register: MakeUser) -> None:
    """Random paths, methods, frames and close codes: every label's values are sets that are known beforehand."""

    def series() -> int:
        answers = [requests.get(local.internal(name) + "/metrics", timeout=5).text for name in local.services]
        return sum(len(SAMPLE.findall(text)) for text in answers)

    def make_up(number: int) -> None:
        for origin in (local.url, *map(local.public, ("auth-service-1", "message-service-1", "realtime-gateway-1"))):
            requests.request(f"MADE-UP-{number}", f"{origin}/api/v1/chats/{number}", timeout=5)
            requests.get(f"{origin}/api/v1/chats/made-up-{number}/{number}?x={number}", timeout=5)
        socket.frame(f"made-up-{number}", id=number)
        socket.fence()

    socket = register("maker").connect(local.gateways[0])
    make_up(0)
    before = series()
    for number in range(1, 8):
        make_up(number)
    # A histogram of a route and status that nobody had met is about twenty.
    assert series() < before + 60


def alerts() -> list[tuple[str, str]]:
    """The name and the text of every alert."""
    text = "\n".join(file.read_text() for file in files("deploy/monitoring/rules/*.yml"))
    return re.findall(r"- alert: (\w+)\n(.*?)(?=\n\n|\n\S|\Z)", text, re.DOTALL)


@pytest.mark.parametrize(("name", "rule"), alerts(), ids=[name for name, _ in alerts()])
def test_every_alert_has_a_runbook_and_is_tried_both_ways(name: str, rule: str) -> None:
    assert f"runbook_url: docs/runbooks/{name}.md" in rule
    page = (RUNBOOKS / f"{name}.md").read_text()
    for heading in ("What it means", "First look", "Causes", "Mending", "How it was provoked"):
        assert f"\n## {heading}\n" in page
    assert f"(runbooks/{name}.md)" in DOCS.read_text() and f"({name}.md)" in (RUNBOOKS / "README.md").read_text()
    tests = "\n".join(file.read_text() for file in files("deploy/monitoring/tests/*.yml"))
    expected = re.findall(rf'alertname="{name}".*\n.*\n\s+exp_samples: (\S+)', tests)
    assert "[]" in expected and "[{" in expected, f"{name} must be seen to fire and not to fire"


def test_every_runbook_has_its_alert() -> None:
    pages = {file.stem for file in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {name for name, _ in alerts()}
