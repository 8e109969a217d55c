"""Starts the pods of the overlay `dev` once, with podman and without a cluster, and signs somebody up through the edge.

    Tests/Kubernetes/play.sh        (root; podman, runc, catatonit; the images parley/…:0.1.0 in podman)

What podman does not know is put in another way, and named in ADAPTED. Not part of ./parley test: it needs the images.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import yaml

import manifests

ADAPTED = """\
hostNetwork, and the names of all Services are 127.0.0.1 (no DNS, no policies)
secrets are folders of the host with the same files (podman 4.3 has no volumes of Secrets)
ports, probes and preStop are left out (podman asks probes with a curl inside of the image); /healthz and /readyz are asked here
the pod's address is 127.0.0.1 (no such field of the downward API)
migration Jobs run as plain pods, one replica of each Deployment, PostgreSQL and Redis outside of containers"""
SERVICES = {"auth-service": 9101, "message-service": 9102, "presence-service": 9104, "realtime-gateway": 9103}


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}"
    return done.stdout


def adapted(workload, work):
    """A pod that podman takes, and the ConfigMaps it reads."""
    spec = manifests.pod(workload)
    only = manifests.container(workload)
    spec["hostNetwork"] = True
    for left_out in ("ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle"):
        only.pop(left_out, None)
    secrets = {document["metadata"]["name"]: document["data"] for document in manifests.of_kind("dev", "Secret")}
    for volume in spec.get("volumes", ()):
        names = [source["secret"]["name"] for source in volume.pop("projected", {}).get("sources", ())]
        if "secret" in volume:
            names.append(volume.pop("secret")["secretName"])
        if not names and "emptyDir" not in volume:
            continue
        folder = work / workload["metadata"]["name"] / volume["name"]
        folder.mkdir(parents=True)
        for name in names:
            for key, value in secrets[name].items():
                (folder / key).write_bytes(base64.b64decode(value))
                os.chown(folder / key, 0, 10001)
                os.chmod(folder / key, 0o440)
        if not names:
            volume.pop("emptyDir")
            os.chown(folder, 10001, 10001)
        volume["hostPath"] = {"path": str(folder), "type": "Directory"}
    for variable in only.get("env", ()):
        if "valueFrom" in variable:
            assert variable.pop("valueFrom") == {"fieldRef": {"fieldPath": "status.podIP"}}
            variable["value"] = "127.0.0.1"
        variable["value"] = variable["value"].replace("$(POD_IP)", "127.0.0.1")
    if workload["kind"] == "Job":
        spec["restartPolicy"] = "Never"
    else:
        workload["spec"]["replicas"] = 1
    maps = [manifests.named("dev", "ConfigMap", source["configMapRef"]["name"]) for source in only.get("envFrom", ())]
    if workload["kind"] == "Job":
        workload = {"apiVersion": "v1", "kind": "Pod", "metadata": workload["spec"]["template"]["metadata"]
                    | {"name": workload["metadata"]["name"]}, "spec": spec}
    file = work / f'{workload["metadata"]["name"]}.yaml'
    file.write_text(yaml.safe_dump_all([*maps, workload]))
    return file


def inspected(name):
    found = json.loads(run("podman", "inspect", name))[0]
    host = found["HostConfig"]
    return {
        "user": found["Config"]["User"], "read-only root": host["ReadonlyRootfs"],
        "capabilities": found["EffectiveCaps"] or [], "security": host["SecurityOpt"], "exit": found["State"]["ExitCode"],
    }


def answers(url, seconds, data=None):
    deadline = time.monotonic() + seconds
    while True:
        try:
            request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})
            with urllib.request.urlopen(request, timeout=3) as answer:
                return answer.status, answer.read()
        except OSError as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"{url}: {error} {getattr(error, 'read', lambda: b'')()!r}") from error
            time.sleep(0.2)


def containers():
    return [name for name in run("podman", "ps", "--all", "--format", "{{.Names}}").split() if "infra" not in name]


def main():
    work = pathlib.Path(sys.argv[1])
    workloads = {each["metadata"]["name"]: each for each in manifests.workloads("dev")}
    files = {name: adapted(each, work) for name, each in workloads.items() if each["kind"] != "StatefulSet"}
    print("adapted:", *ADAPTED.splitlines(), sep="\n  ")
    played = []
    try:
        for name in ("migrate-auth", "migrate-message"):
            played.append(files[name])
            run("podman", "kube", "play", files[name])
            (container,) = [each for each in containers() if each.startswith(name)]
            code = run("podman", "wait", container).strip()
            assert code == "0", run("podman", "logs", container)
            print(f"{name}: exit {code}")
        for name in (*SERVICES, "edge"):
            played.append(files[name])
            begin = time.monotonic()
            run("podman", "kube", "play", files[name])
            url = f"http://127.0.0.1:{SERVICES[name]}/healthz" if name in SERVICES else "http://127.0.0.1:8080/"
            answers(url, 30)
            (container,) = [each for each in containers() if each.startswith(name)]
            print(f"{name}: up after {time.monotonic() - begin:.1f} s, {inspected(container)}")
        for name, port in SERVICES.items():
            print(f"{name}: /readyz", *answers(f"http://127.0.0.1:{port}/readyz", 30))
        user = json.dumps({"username": "ann", "password": "correct horse battery staple"}).encode()
        status, _ = answers("http://127.0.0.1:8080/api/v1/auth/register", 10, data=user)
        print("signed up through the edge:", status)
        for name in ("realtime-gateway", "message-service", "presence-service", "auth-service", "edge"):
            (container,) = [each for each in containers() if each.startswith(name)]
            begin = time.monotonic()
            run("podman", "stop", "--time", "20", container)
            print(f'{name}: stopped after {time.monotonic() - begin:.1f} s, exit {inspected(container)["exit"]}')
    finally:
        for file in reversed(played):
            subprocess.run(["podman", "kube", "down", file], capture_output=True)


main()
