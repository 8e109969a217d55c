"""The network policies as a table: who may talk to whom, and nobody else to anybody."""

import pytest

import manifests
from manifests import matches, of_kind, ports, workloads

WANTED = {
    ("edge", "auth-service", 8101),
    ("edge", "message-service", 8102),
    ("edge", "realtime-gateway", 8103),
    ("message-service", "auth-service", 9101),
    ("realtime-gateway", "auth-service", 9101),
    ("realtime-gateway", "message-service", 9102),
    ("realtime-gateway", "realtime-gateway", 9103),
    ("realtime-gateway", "presence-service", 9104),
    ("presence-service", "realtime-gateway", 9103),
    ("auth-service", "postgres", 5432),
    ("message-service", "postgres", 5432),
    ("migrate-auth", "postgres", 5432),
    ("migrate-message", "postgres", 5432),
    ("presence-service", "redis", 6379),
}


class Pod:
    def __init__(self, name, workload=None, namespace=None, labels=None):
        self.name = name
        self.namespace = namespace
        self.labels = labels or workload["spec"]["template"]["metadata"]["labels"]
        self.ports = ports(workload) if workload else {}


def may(rules, other, target, port):
    """Whether one of a policy's rules lets `other` and `target` meet on this port of `target`."""
    for rule in rules:
        peers = rule.get("from") or rule.get("to") or ()
        if any(is_peer(peer, other) for peer in peers) and any(
            wanted["protocol"] == "TCP" and target.ports.get(wanted["port"], wanted["port"]) == port
            for wanted in rule["ports"]
        ):
            return True
    return False


def is_peer(peer, other):
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" in peer:
        here = {"kubernetes.io/metadata.name": other.namespace}
        if other.namespace is None or not matches(peer["namespaceSelector"], here):
            return False
    elif other.namespace is not None:
        return False
    return matches(peer.get("podSelector", {}), other.labels)


def allowed(policies, direction, pod, other, target, port):
    own = [policy["spec"] for policy in policies
           if direction in policy["spec"]["policyTypes"] and matches(policy["spec"]["podSelector"], pod.labels)]
    assert own, "no policy selects it, so all would be allowed"
    return any(may(spec.get(direction.lower(), ()), other, target, port) for spec in own)


@pytest.mark.parametrize("name", ["dev", "production"])
def test_exactly_these_may_talk(name):
    policies = of_kind(name, "NetworkPolicy")
    pods = [Pod(workload["metadata"]["name"], workload) for workload in workloads(name)]
    found = {
        (source.name, target.name, port)
        for source in pods for target in pods for port in target.ports.values()
        if allowed(policies, "Egress", source, target, target, port)
        and allowed(policies, "Ingress", target, source, target, port)
    }
    stores = {"postgres", "redis"}
    assert found == {edge for edge in WANTED if name == "dev" or edge[1] not in stores}


def test_stores_outside_are_reached_by_those_who_need_them_alone():
    policies = of_kind("production", "NetworkPolicy")
    reached = {}
    for workload in workloads("production"):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        for policy in policies:
            if not matches(policy["spec"]["podSelector"], labels):
                continue
            for rule in policy["spec"].get("egress", ()):
                if any("ipBlock" in peer for peer in rule["to"]):
                    for port in rule["ports"]:
                        reached.setdefault(port["port"], set()).add(workload["metadata"]["name"])
    assert reached == {
        5432: {"auth-service", "message-service", "migrate-auth", "migrate-message"},
        6379: {"presence-service"},
    }


def test_prometheus_reads_the_internal_listeners_and_nothing_else():
    policies = of_kind("production", "NetworkPolicy")
    prometheus = Pod("prometheus", namespace="monitoring", labels={"app.kubernetes.io/name": "prometheus"})
    found = {
        (target.name, port)
        for target in (Pod(workload["metadata"]["name"], workload) for workload in workloads("production"))
        for port in target.ports.values() if allowed(policies, "Ingress", target, prometheus, target, port)
    }
    assert found == {
        ("auth-service", 9101), ("message-service", 9102), ("realtime-gateway", 9103), ("presence-service", 9104)
    }


@pytest.mark.parametrize("name, namespace", [
    ("production", "ingress-nginx"), ("dev+gateway-api", "envoy-gateway-system"), ("dev+ingress", "ingress-nginx")])
def test_people_come_in_by_the_edge_alone(name, namespace):
    policies = of_kind(name, "NetworkPolicy")
    proxy = Pod("proxy", namespace=namespace, labels={"app.kubernetes.io/name": "a proxy"})
    found = {
        (target.name, port)
        for target in (Pod(workload["metadata"]["name"], workload) for workload in workloads(name))
        for port in target.ports.values() if allowed(policies, "Ingress", target, proxy, target, port)
    }
    assert found == {("edge", 8080)}


@pytest.mark.parametrize("name", manifests.RENDERED)
def test_everybody_may_ask_for_names_and_a_deny_stands_behind_all(name):
    policies = of_kind(name, "NetworkPolicy")
    deny = [policy["spec"] for policy in policies if policy["metadata"]["name"] == "default-deny"]
    assert deny == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]
    dns = Pod("dns", namespace="kube-system", labels={"k8s-app": "kube-dns"})
    for workload in workloads(name):
        assert allowed(policies, "Egress", Pod("any", workload), dns, dns, 53)
