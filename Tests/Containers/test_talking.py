"""People talk over TLS and several gateways, and go on when containers die and are started anew."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import requests

from conftest import MakeUser
from docker_project import docker
from parley_client import eventually, new_id
from parley_system import REPOSITORY
from running_project import SCALE, RunningProject

LOOPBACK_ONLY = (
    "test_handshake.py::test_a_refusal_reaches_a_client_that_still_writes",
    "test_handshake.py::test_a_bad_handshake_is_refused[large header]",
)
"""Straight at a gateway and over a network, its close overtakes the answer to a client that still writes much more than
the headers may have. Clients come by the edge, which reads them itself."""


def test_two_people_talk_across_two_gateways(project: RunningProject, register: MakeUser) -> None:
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    urls = project.gateway_urls()
    assert len(urls) == SCALE["realtime-gateway"]
    at_ada, at_bob = ada.connect(urls[0]), bob.connect(urls[1])
    for number in range(5):
        at_ada.say(chat, f"from ada {number}")
        at_bob.sees(chat, f"from ada {number}", within=2)
        at_bob.say(chat, f"from bob {number}")
        at_ada.sees(chat, f"from bob {number}", within=2)
    assert [message["seq"] for message in bob.whole_history(chat)] == list(range(1, 11))


def test_the_edge_spreads_sockets_over_all_gateways(project: RunningProject, register: MakeUser) -> None:
    ada = register("ada")
    gateways = {ada.connect(project.url).wait("welcome")["gateway"] for _ in range(24)}
    assert len(gateways) == SCALE["realtime-gateway"]


def test_the_services_know_the_address_that_the_edge_saw(project: RunningProject, register: MakeUser) -> None:
    """Not the edge's own, or all people together would be one to the sign-in throttle."""
    (session,) = register("ada").api.get("/api/v1/auth/sessions")["sessions"]
    own = project.containers()["edge"].address()
    assert session["address"] and session["address"].rsplit(".", 1)[0] != own.rsplit(".", 1)[0]


def test_every_instance_behind_a_name_has_its_share(project: RunningProject, register: MakeUser) -> None:
    """Gateways know message-service by one name; each of its addresses takes the chats that are its own."""
    ada, *others = (register(name) for name in ("ada", *"bcdefghijk"))
    at_ada = ada.connect(project.gateway_urls()[0])
    before = appended(project)
    assert len(before) == SCALE["message-service"]
    for other in others:
        chat = ada.open_chat(other)
        for number in range(2):
            at_ada.say(chat, f"message {number}")
    after = appended(project)
    assert all(after[name] > before[name] for name in before), (before, after)


def appended(project: RunningProject) -> dict[str, int]:
    """The messages that each message-service has committed."""
    everything = project.containers()
    counts: dict[str, int] = {}
    for name in project.of("message-service"):
        page = requests.get(f"http://{everything[name].address()}:9102/metrics", timeout=5).text
        match = re.search(r"^parley_appended_messages_total (\d+)", page, re.MULTILINE)
        counts[name] = int(match[1]) if match else 0
    return counts


def test_a_gateway_that_crashes_is_started_again_and_nothing_is_lost(
    project: RunningProject, register: MakeUser
) -> None:
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    victim = project.of("realtime-gateway")[1]
    before = project.containers()[victim]
    at_ada, at_bob = ada.connect(project.gateway_urls()[0]), bob.connect(project.gateway_urls()[1])
    bodies = {new_id(): f"message {number}" for number in range(200)}
    for id in list(bodies)[:100]:
        at_bob.send(chat, bodies[id], id)
    os.kill(before.state["Pid"], signal.SIGKILL)
    at_bob.closed()
    again = bob.connect(project.url)
    for id, body in bodies.items():
        again.insist(chat, body, id)
    assert {message["id"]: message["body"] for message in ada.whole_history(chat)} == bodies
    at_ada.until(lambda: {frame["id"] for frame in at_ada.all("message")} == set(bodies), "all of it at Ada, live", 12)
    eventually(project.serves, "the engine has started it again", 60)
    after = project.containers()[victim]
    assert after.id == before.id and after.told["RestartCount"] == before.told["RestartCount"] + 1
    at_bob = bob.connect(f"http://{after.address()}:8103")
    at_ada.say(chat, "welcome back")
    at_bob.sees(chat, "welcome back", 12)


def test_a_name_that_nobody_has_holds_nothing_up(project: RunningProject, register: MakeUser) -> None:
    """Without any presence-service its name is looked up in vain, for seconds; messages do not wait for that."""
    ada, bob = register("ada"), register("bob")
    chat = ada.open_chat(bob)
    at_ada, at_bob = (person.connect(url) for person, url in zip((ada, bob), project.gateway_urls(), strict=False))
    everything = project.containers()
    gone = [everything[name].id for name in project.of("presence-service")]
    docker("kill", *gone)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            at_ada.say(chat, "still here", within=2)
            time.sleep(0.1)
    finally:
        docker("start", *gone)
    said = {frame["seq"] for frame in at_ada.all("ack")}
    at_bob.until(lambda: {frame["seq"] for frame in at_bob.all("message")} == said, "all of it at Bob, live", 12)
    eventually(project.serves, "everything serves again", 60)


def test_a_stopped_service_ends_well_within_its_time(project: RunningProject) -> None:
    for service in SCALE:
        container = project.containers()[f"{service}-1"]
        docker("stop", "--time", "12", container.id)
        state = project.containers()[container.name].state
        assert (state["ExitCode"], state["OOMKilled"]) == (0, False), f"{container.name}: {state}"
        docker("start", container.id)
        eventually(project.serves, f"everything serves after the start of {container.name}", 60)


@pytest.mark.timeout(900)
def test_nothing_is_lost_when_containers_are_killed_and_everything_is_restarted(project: RunningProject) -> None:
    """The history checker on this project: one gateway killed, then every instance of every service restarted."""
    command = [sys.executable, str(REPOSITORY / "Tests" / "Faults" / "verify.py"), "--compose", project.name]
    faults = ["--fault", "kill-gateway", "--fault", "rolling-restart", "--times", "1"]
    checked = subprocess.run(
        [*command, *faults],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "Tests" / "EndToEnd")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    print(checked.stdout[-4000:])
    assert checked.returncode == 0, checked.stderr[-4000:]


@pytest.mark.timeout(900)
def test_the_end_to_end_tests_pass(project: RunningProject) -> None:
    there = {"PARLEY_TEST_URL": project.url, "PARLEY_TEST_GATEWAY_URLS": ",".join(project.gateway_urls())}
    passed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(f"--deselect={name}" for name in LOOPBACK_ONLY)],
        env=os.environ | there,
        cwd=REPOSITORY / "Tests" / "EndToEnd",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    print(passed.stdout)
    assert passed.returncode == 0, passed.stdout.splitlines()[-1:]
