"""What the containers may not do, and what they say when something is missing."""

from __future__ import annotations

import subprocess

import pytest
import requests

from docker_project import DockerFailed, docker
from parley_client import eventually
from running_project import SCALE, RunningProject


def test_no_container_has_rights(project: RunningProject) -> None:
    for one in project.containers().values():
        assert one.told["Config"]["User"].split(":")[0].isdigit() and one.told["Config"]["User"] != "0", one.name
        status = dict(
            line.split(":\t", 1)
            for line in docker("exec", one.id, "cat", "/proc/1/status").splitlines()
            if ":\t" in line
        )
        assert int(status["CapEff"], 16) == 0 and int(status["CapBnd"], 16) == 0, one.name
        assert status["NoNewPrivs"].strip() == "1", one.name
        with pytest.raises(DockerFailed, match="Read-only file system"):
            docker("exec", "--user", "0", one.id, "sh", "-c", "echo x >/etc/x")


def test_the_edge_does_not_reach_the_stores(project: RunningProject) -> None:
    containers = project.containers()
    edge = containers["edge"].id
    for name, port in (("postgres", 5432), ("redis", 6379)):
        with pytest.raises(DockerFailed):
            docker("exec", edge, "getent", "hosts", name)
        place = f"/dev/tcp/{containers[name].address('stores')}/{port}"
        with pytest.raises(DockerFailed):
            docker("exec", edge, "timeout", "2", "bash", "-c", f"exec 3<>{place}")


def test_only_the_edge_and_prometheus_have_a_way_out(project: RunningProject) -> None:
    """Out is where the edge is as well: in the one network that is not closed."""
    containers = project.containers()
    place = f"/dev/tcp/{containers['edge'].address('outside')}/8443"
    assert {one.name for one in containers.values() if one.address("outside")} == {"edge", "prometheus"}
    docker("exec", containers["edge"].id, "timeout", "2", "bash", "-c", f"exec 3<>{place}")
    for one in containers.values():
        if not one.address("outside"):
            with pytest.raises(DockerFailed):
                docker("exec", one.id, "timeout", "2", "bash", "-c", f"exec 3<>{place}")


def test_plain_http_leads_to_https(project: RunningProject) -> None:
    answer = requests.get(project.plain_url + "/x?y", allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/x?y")


def test_the_web_client_is_served_by_tls(project: RunningProject) -> None:
    answer = requests.get(project.url + "/", verify=str(project.certificate), timeout=5)
    assert answer.status_code == 200 and "Strict-Transport-Security" in answer.headers
    assert "/assets/app-" in answer.text


def test_prometheus_finds_every_instance(project: RunningProject) -> None:
    def found() -> bool:
        answer = requests.get(project.prometheus_url + "/api/v1/targets", timeout=5).json()
        targets = answer["data"]["activeTargets"]
        up = [target["labels"]["job"] for target in targets if target["health"] == "up"]
        return all(up.count(job) == count for job, count in SCALE.items())

    eventually(found, "every instance is a target that is up", 60)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "PARLEY_DEPLOYMENT_SECRET is not set"),
        (["--env", "PARLEY_DEPLOYMENT_SECRET=short"], "must have at least"),
        (["--env", "PARLEY_DEPLOYMENT_SECRET_FILE=/run/secrets/deployment"], "cannot read /run/secrets/deployment"),
    ],
)
def test_a_service_without_its_secret_says_so_and_ends(project: RunningProject, options: list[str], said: str) -> None:
    image = project.containers()["auth-service-1"].told["Config"]["Image"]
    database = ["--env", "PARLEY_DATABASE_URL=postgresql://nowhere/x"]
    ended = subprocess.run(
        ["docker", "run", "--rm", *database, *options, image], capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1
    assert said in ended.stderr
