"""Every document against the schemas of Kubernetes itself, and against the rules of checkov."""

import collections
import json
import pathlib
import subprocess
import sys

import kubernetes_validate
import pytest

import manifests

# The oldest that has all that is used (preStop with `sleep`), and the newest that the validator knows.
OLDEST = "1.30"
# Not Kubernetes' own: their schemas come with what defines them.
FOREIGN = {
    "gateway.networking.k8s.io/v1": {"Gateway", "HTTPRoute"},
    "monitoring.coreos.com/v1": {"PodMonitor", "PrometheusRule"},
}
validated = collections.Counter()


@pytest.mark.parametrize("version", [OLDEST, "newest"])
@pytest.mark.parametrize("name", manifests.RENDERED)
def test_is_what_kubernetes_takes(name, version):
    version = kubernetes_validate.latest_version() if version == "newest" else version
    for document in manifests.documents(name):
        if document["kind"] in FOREIGN.get(document["apiVersion"], ()):
            validated["without a schema"] += 1
            continue
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{manifests.label(document)}: {error.message} at {list(error.path)}")
        validated[version] += 1


def test_checkov_has_nothing_to_say(tmp_path):
    for name in manifests.RENDERED:
        (tmp_path / f"{name}.yaml").write_text(manifests.text(name))
    checkov = pathlib.Path(sys.executable).with_name("checkov")
    done = subprocess.run(
        [checkov, "--config-file", manifests.FOLDER / "checkov.yaml", "--directory", tmp_path, "--output", "json"],
        capture_output=True, text=True)
    report = json.loads(done.stdout)
    failed = {
        f'{check["check_id"]} {check["check_name"]}: {check["resource"]}'
        for check in report["results"]["failed_checks"]
    }
    assert not failed, "\n".join(sorted(failed))
    summary = report["summary"]
    assert done.returncode == 0 and summary["passed"] > 100 and not summary["parsing_errors"], done.stderr
    validated["checkov passed"] = summary["passed"]
    validated["checkov failed"] = summary["failed"]


def test_every_skipped_rule_has_a_reason():
    lines = (manifests.FOLDER / "checkov.yaml").read_text().splitlines()
    skipped = [line for line in lines if line.startswith("  - CKV")]
    assert skipped
    for line in skipped:
        assert len(line.partition("#")[2].split()) > 3, line


def test_nothing_was_left_out(record_property):
    """The last of this file: says what was looked at."""
    print(dict(validated))
    assert validated[OLDEST] > 0 and validated[OLDEST] == validated[kubernetes_validate.latest_version()]
