"""One project for all tests here, which are left out, with a word, where no containers can be run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from docker_project import DockerFailed, engine_missing
from parley_client import User
from running_project import RunningProject, compose_command, running

MakeUser = Callable[[str], User]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    if reason := engine_missing():
        pytest.skip(reason)
    try:
        compose_command()
    except DockerFailed as error:
        pytest.skip(str(error))
    with running(tmp_path_factory.mktemp("containers")) as started:
        yield started


@pytest.fixture
def register(project: RunningProject) -> Iterator[MakeUser]:
    made: list[User] = []

    def make(name: str) -> User:
        made.append(User.register(project.url, name))
        return made[-1]

    yield make
    for user in made:
        user.close()
