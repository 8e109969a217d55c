"""What deploy/kubernetes renders to, and what stands in the services' sources that it must agree with."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("dev", "production")
COMPONENTS = tuple(sorted(path.name for path in (FOLDER / "components").iterdir()))
# Each overlay as it is, and each component beside the plainest one.
RENDERED = OVERLAYS + tuple(f"dev+{component}" for component in COMPONENTS)
SERVICES = {
    "auth-service": "AuthService",
    "message-service": "MessageService",
    "presence-service": "PresenceService",
    "realtime-gateway": "RealtimeGateway",
}


def kubectl():
    """The one of this environment, so that everybody renders with the same kustomize."""
    own = pathlib.Path(sys.executable).parent / "kubectl"
    return str(own) if own.exists() else shutil.which("kubectl")


@functools.cache
def text(name):
    """The manifests of `overlay` or `overlay+component`."""
    overlay, _, component = name.partition("+")
    if not component:
        return kustomize(FOLDER / "overlays" / overlay)
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder).resolve()

        def relative(*parts):
            return os.path.relpath(FOLDER.joinpath(*parts), here)

        kustomization = {
            "namespace": "parley-dev",
            "resources": [relative("overlays", overlay)],
            "components": [relative("components", component)],
        }
        (here / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return kustomize(here)


def kustomize(folder):
    done = subprocess.run([kubectl(), "kustomize", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def documents(name):
    return tuple(document for document in yaml.safe_load_all(text(name)) if document)


def of_kind(name, *kinds):
    return [document for document in documents(name) if document["kind"] in kinds]


def named(name, kind, what):
    found = [document for document in of_kind(name, kind) if document["metadata"]["name"] == what]
    assert len(found) == 1, f"{kind} {what} in {name}: {len(found)}"
    return found[0]


def workloads(name):
    return of_kind(name, "Deployment", "StatefulSet", "Job")


def label(document):
    return f'{document["kind"]}/{document["metadata"]["name"]}'


def pod(workload):
    return workload["spec"]["template"]["spec"]


def container(workload):
    containers = pod(workload)["containers"]
    assert len(containers) == 1
    return containers[0]


def ports(workload):
    return {port["name"]: port["containerPort"] for port in container(workload).get("ports", ())}


def environment(name, workload):
    """What the container's environment is, with the ConfigMaps read; values from elsewhere are None."""
    found = {}
    for source in container(workload).get("envFrom", ()):
        found |= named(name, "ConfigMap", source["configMapRef"]["name"])["data"]
    for variable in container(workload).get("env", ()):
        found[variable["name"]] = variable.get("value")
    return found


def matches(selector, labels):
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", ()):
        assert expression["operator"] == "In", expression
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


# --- The services' sources -----------------------------------------------------------------------------------------------


def swift(folder):
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.swift")))


@functools.cache
def keys_of(service):
    """The settings that `<service> --help` lists."""
    kit = (ROOT / "Libraries/Common/ServiceKit/Configuration/Setting.swift").read_text()
    declared = dict(re.findall(r"static (?:let|func) (\w+)(?:\([^)]*\) -> Setting \{)?[ =\n]+Setting\(\s*\"(PARLEY_\w+)\"", kit))

    def listed(name):
        return re.findall(r"\w+", re.search(rf"static let {name}: \[Setting\] = \[(.*?)\]", kit, re.S).group(1))

    names = listed("common") + ["internalListen"]
    own = swift(ROOT / "Services" / service / "Sources")
    if "public" in default_ports(service):
        names += listed("ofPublicListener")
    names += [name for name in declared if re.search(rf"(?:Setting)?\.{name}\b", own)]
    return {declared[name] for name in names} | set(re.findall(r"Setting\(\s*\"(PARLEY_\w+)\"", own))


def default_ports(service):
    source = swift(ROOT / "Services" / service / "Sources")
    public = re.search(r'[ (]\.listen\("127\.0\.0\.1:(\d+)"\)', source)
    internal = re.search(r'\.internalListen\("127\.0\.0\.1:(\d+)"\)', source)
    found = {"internal": int(internal.group(1))}
    return found | ({"public": int(public.group(1))} if public else {})
