"""Writes components/monitoring/rules.yaml from the alerts in deploy/monitoring/rules, for the Prometheus operator.

    .venv-kubernetes/bin/python Tests/Kubernetes/rules.py
"""

import sys

import yaml

import manifests

HEAD = "# Made from deploy/monitoring/rules by Tests/Kubernetes/rules.py; change it there.\n"


def rule_document(folder):
    groups = []
    for file in sorted(folder.glob("*.yml")):
        groups += yaml.safe_load(file.read_text())["groups"]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "parley"},
        "spec": {"groups": groups},
    }


if __name__ == "__main__":
    source = manifests.ROOT / "deploy" / "monitoring" / "rules"
    if not source.is_dir():
        sys.exit(f"{source} is not there")
    text = yaml.safe_dump(rule_document(source), sort_keys=False, width=120, allow_unicode=True)
    (manifests.FOLDER / "components" / "monitoring" / "rules.yaml").write_text(HEAD + text)
