"""What no schema knows: that the parts fit one another, and the services' own sources."""

import json
import os
import re
import shutil
import subprocess

import pytest

import manifests
import rules
from manifests import SERVICES, container, environment, label, matches, named, of_kind, pod, ports, workloads

everywhere = pytest.mark.parametrize("name", manifests.RENDERED)
each_service = pytest.mark.parametrize("service", SERVICES)


# --- The services' settings ----------------------------------------------------------------------------------------------


@everywhere
@each_service
def test_a_service_knows_every_key_it_is_given(name, service):
    known = set().union(*(manifests.keys_of(each) for each in SERVICES)) | {"PARLEY_EDGE_TRUSTED_PROXIES"}
    workload = named(name, "Deployment", service)
    own = {variable["name"] for variable in container(workload)["env"]}
    given = {key.removesuffix("_FILE") for key in own if key.startswith("PARLEY_")}
    assert given <= manifests.keys_of(service)
    shared = {key.removesuffix("_FILE") for key in environment(name, workload) if key.startswith("PARLEY_")}
    assert shared <= known


@each_service
def test_a_service_listens_where_its_ports_say(service):
    workload = named("production", "Deployment", service)
    found = environment("production", workload)
    assert ports(workload) == manifests.default_ports(service)
    assert found["PARLEY_INTERNAL_LISTEN"] == f'0.0.0.0:{ports(workload)["internal"]}'
    assert found["PARLEY_ADVERTISE"] == f'http://$(POD_IP):{ports(workload)["internal"]}'
    if "public" in ports(workload):
        assert found["PARLEY_LISTEN"] == f'0.0.0.0:{ports(workload)["public"]}'
    order = [variable["name"] for variable in container(workload)["env"]]
    assert order.index("POD_IP") < order.index("PARLEY_ADVERTISE"), "only what stands before can be referred to"


def test_services_call_one_another_by_names_that_exist():
    config = environment("production", named("production", "Deployment", "realtime-gateway"))
    for key in ("PARLEY_AUTH_URLS", "PARLEY_MESSAGE_URLS", "PARLEY_PRESENCE_URLS"):
        host, port = re.fullmatch(r"http://([a-z-]+):(\d+)", config[key]).groups()
        service = named("production", "Service", host)
        assert int(port) in [each["port"] for each in service["spec"]["ports"] if each["name"] == "internal"]
        assert service["spec"]["clusterIP"] == "None", "a name that gives away the address of each pod"


@everywhere
@each_service
def test_there_is_time_for_an_orderly_end(name, service):
    workload = named(name, "Deployment", service)
    config = environment(name, workload)
    before = container(workload)["lifecycle"]["preStop"]["sleep"]["seconds"]
    budget = int(config["PARLEY_SHUTDOWN_SECONDS"])
    assert pod(workload)["terminationGracePeriodSeconds"] >= before + budget + 2
    assert budget * 1000 >= int(config["PARLEY_DRAIN_DELAY_MS"]) + 2000 + 1000 + 500 + 2000
    assert before >= 7, "an endpoint's way out of every name"


# --- Pods ----------------------------------------------------------------------------------------------------------------


@everywhere
def test_every_pod_is_as_small_a_target_as_it_can_be(name):
    for workload in workloads(name):
        spec, only = pod(workload), container(workload)
        assert spec["automountServiceAccountToken"] is False and spec["serviceAccountName"] == "parley"
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] >= (
            999 if workload["kind"] == "StatefulSet" else 10000)
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
        }, label(workload)
        assert {"cpu", "memory"} <= only["resources"]["requests"].keys() and only["resources"]["limits"]["memory"]
    (namespace,) = of_kind(name, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@everywhere
def test_every_image_is_named_with_a_version(name):
    for workload in workloads(name):
        image = container(workload)["image"]
        assert re.search(r"(:[\w.-]+|@sha256:[0-9a-f]{64})$", image) and not image.endswith(":latest"), image
        if not image.startswith("docker.io/library/"):
            home = "registry.example.org/parley/" if name == "production" else "parley/"
            assert image.startswith(home), "kustomize's `images` did not match it"


@everywhere
def test_every_deployment_is_spread_and_disrupted_one_by_one(name):
    budgets = of_kind(name, "PodDisruptionBudget")
    for workload in of_kind(name, "Deployment"):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert len([each for each in budgets if matches(each["spec"]["selector"], labels)]) == 1, label(workload)
        keys = [each["topologyKey"] for each in pod(workload)["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        for constraint in pod(workload)["topologySpreadConstraints"]:
            assert matches(constraint["labelSelector"], labels)
        assert workload["spec"]["revisionHistoryLimit"] <= 5
        assert workload["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container(workload).keys()


@each_service
def test_health_is_asked_on_the_internal_listener(service):
    only = container(named("production", "Deployment", service))
    asked = {probe: only[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert asked == {
        "startupProbe": {"path": "/healthz", "port": "internal"},
        "readinessProbe": {"path": "/readyz", "port": "internal"},
        "livenessProbe": {"path": "/healthz", "port": "internal"},
    }


@everywhere
def test_secrets_are_files_that_are_mounted(name):
    made = {document["metadata"]["name"]: document.get("data", {}) for document in of_kind(name, "Secret")}
    for workload in workloads(name):
        mounts = {mount["name"]: mount["mountPath"] for mount in container(workload).get("volumeMounts", ())}
        sources = {}
        for volume in pod(workload).get("volumes", ()):
            if "secret" in volume:
                sources.setdefault(mounts[volume["name"]], []).append(volume["secret"]["secretName"])
            for source in volume.get("projected", {}).get("sources", ()):
                sources.setdefault(mounts[volume["name"]], []).append(source["secret"]["name"])
        for variable in container(workload).get("env", ()):
            assert "secretKeyRef" not in variable.get("valueFrom", {}), "a secret in the environment"
        for key, path in environment(name, workload).items():
            if not key.endswith("_FILE"):
                continue
            folder, _, file = path.rpartition("/")
            assert folder in sources, f"{label(workload)}: {key} is in no secret"
            if name != "production":
                assert any(file in made[secret] for secret in sources[folder]), f"{label(workload)}: {key}"


def test_production_brings_no_secret_and_the_docs_name_each_that_it_needs():
    assert not of_kind("production", "Secret")
    docs = (manifests.ROOT / "docs" / "kubernetes.md").read_text()
    needed = set(re.findall(r"\bparley-(?:deployment|auth-database|message-database|redis|tls)\b",
                            manifests.text("production")))
    assert len(needed) == 5
    for secret in needed:
        assert f"`{secret}`" in docs


# --- Services, autoscalers, routes ---------------------------------------------------------------------------------------


@everywhere
def test_every_service_leads_to_ports_that_exist(name):
    for service in of_kind(name, "Service"):
        found = [
            workload for workload in workloads(name)
            if matches({"matchLabels": service["spec"]["selector"]}, workload["spec"]["template"]["metadata"]["labels"])
        ]
        assert len(found) == 1, label(service)
        for port in service["spec"]["ports"]:
            assert ports(found[0])[port["targetPort"]] == port["port"], "the same number, as headless names need it"


@everywhere
def test_autoscalers_and_routes_name_what_there_is(name):
    for scaler in of_kind(name, "HorizontalPodAutoscaler"):
        target = named(name, scaler["spec"]["scaleTargetRef"]["kind"], scaler["spec"]["scaleTargetRef"]["name"])
        assert name != "production" or "replicas" not in target["spec"], "an apply would undo the scaling"
        for metric in scaler["spec"]["metrics"]:
            if metric["type"] == "Pods":
                sources = manifests.swift(manifests.ROOT / "Services" / target["metadata"]["name"])
                assert f'"{metric["pods"]["metric"]["name"]}"' in sources
    for ingress in of_kind(name, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = named(name, "Service", backend["name"])
                assert backend["port"]["name"] in [port["name"] for port in service["spec"]["ports"]]
    for route in of_kind(name, "HTTPRoute"):
        gateway = named(name, "Gateway", route["spec"]["parentRefs"][0]["name"])
        sections = [listener["name"] for listener in gateway["spec"]["listeners"]]
        assert route["spec"]["parentRefs"][0]["sectionName"] in sections
        for rule in route["spec"]["rules"]:
            for backend in rule.get("backendRefs", ()):
                service = named(name, "Service", backend["name"])
                assert backend["port"] in [port["port"] for port in service["spec"]["ports"]]


def test_the_adapter_gives_the_metric_that_the_gateways_are_scaled_by():
    rules = manifests.yaml.safe_load((manifests.FOLDER / "components/autoscaling/prometheus-adapter.yaml").read_text())
    scaler = named("production", "HorizontalPodAutoscaler", "realtime-gateway")
    wanted = [m["pods"]["metric"]["name"] for m in scaler["spec"]["metrics"] if m["type"] == "Pods"]
    assert [rule["name"]["as"] for rule in rules["rules"]["custom"]] == wanted


def test_the_rules_of_the_operator_are_those_of_the_monitoring_folder():
    (document,) = of_kind("production", "PrometheusRule")
    wanted = rules.rule_document(manifests.ROOT / "deploy" / "monitoring" / "rules")
    assert document["spec"] == wanted["spec"], "run Tests/Kubernetes/rules.py"


# --- The edge ------------------------------------------------------------------------------------------------------------


def test_the_edge_finds_every_pod_by_its_name():
    caddy = shutil.which("caddy")
    if not caddy:
        pytest.skip("caddy is not here")
    given = environment("production", named("production", "Deployment", "edge"))
    done = subprocess.run(
        [caddy, "adapt", "--config", manifests.ROOT / "deploy" / "Caddyfile", "--adapter", "caddyfile"],
        capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": "/tmp"} | given)
    assert done.returncode == 0, done.stderr
    proxies = list(reverse_proxies(json.loads(done.stdout)))
    assert len(proxies) == 4
    for proxy in proxies:
        found = proxy["dynamic_upstreams"]
        service = named("production", "Service", found["name"])
        assert service["spec"]["clusterIP"] == "None"
        assert int(found["port"]) == service["spec"]["ports"][0]["port"]
        assert "health_checks" not in proxy, "Kubernetes takes an instance out of its name when it is not ready"
        assert proxy["trusted_proxies"] == given["PARLEY_EDGE_TRUSTED_PROXIES"].split()
        (spare,) = proxy["upstreams"]
        host, port = spare["dial"].split(":")
        assert int(port) in [each["port"] for each in named("production", "Service", host)["spec"]["ports"]]


def test_the_edge_is_given_only_what_the_caddyfile_reads():
    read = set(re.findall(r"\{\$(PARLEY_\w+)", (manifests.ROOT / "deploy" / "Caddyfile").read_text()))
    given = {variable["name"] for variable in container(named("production", "Deployment", "edge"))["env"]}
    assert {key for key in given if key.startswith("PARLEY_")} <= read
    assert "PARLEY_EDGE_TRUSTED_PROXIES" in read


def reverse_proxies(value):
    if isinstance(value, dict):
        if value.get("handler") == "reverse_proxy":
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from reverse_proxies(each)
