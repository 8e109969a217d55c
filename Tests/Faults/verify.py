"""`./parley verify`: people write and watch while the system is broken in many ways; then their history is judged.

Exit code 0: a clean verdict. 1: a breach. 2: the run itself failed, or was asked for what there is not.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checker import judge
from compose_system import ComposeSystem
from history import History, Lag, Swept
from nemesis import FAULTS, IN_CONTAINERS
from nemesis.fault import World
from parley_system import REPOSITORY, SERVICES
from report import Run, markdown
from schedule import CALM, CALM_WITHOUT_SWEEP, Episode, Nemesis, everything, one_fault, short_mix
from system import FaultySystem
from workload import Workload

CLEAN, BREACH, FAILED = 0, 1, 2
WARM_UP = 3.0
QUIET_WITHIN = 60.0
TICK, LAG = 0.1, 0.2
SWEEP_ASKED_EVERY = 1.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="parley verify",
        description="Break a running system in many ways under load, then judge everything that was seen.",
    )
    parser.add_argument("--all", action="store_true", help="all faults at random, also combined, for --minutes")
    parser.add_argument("--minutes", type=float, default=30, help="how long with --all (default 30)")
    parser.add_argument("--fault", action="append", metavar="NAME", help="only this fault; may be given several times")
    parser.add_argument("--times", type=int, default=2, help="how often each --fault (default 2)")
    parser.add_argument("--list", action="store_true", help="what faults there are")
    parser.add_argument("--seconds", type=float, help="how long each --fault lasts (default: a random time, by fault)")
    parser.add_argument("--seed", type=int, help="of the schedule and the load (default: a new one)")
    parser.add_argument("--rate", type=float, default=40, help="messages a second, whatever the answers (default 40)")
    parser.add_argument("--clients", type=int, default=5, help="people who write (default 5)")
    parser.add_argument(
        "--idle", type=int, default=0, help="idle clients for the fault `crowd` (default 0; 1000 alone)"
    )
    parser.add_argument("--gateways", type=int, default=3)
    parser.add_argument("--instances", type=int, default=2, help="of each other service (default 2)")
    parser.add_argument("--sweep", choices=["on", "off"], default="on", help="off: the gateways' fast path alone")
    parser.add_argument("--home", type=Path, help="a running system, whose processes may be broken")
    parser.add_argument(
        "--compose", metavar="PROJECT", help="a running system of deploy/compose.yaml, whose containers may be broken"
    )
    parser.add_argument("--debug", action="store_true", help="debug binaries, also where there are release ones")
    parser.add_argument("--keep", action="store_true", help="keep history, logs and data")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    chosen = parser.parse_args()
    for name in chosen.fault or []:
        if name not in FAULTS:
            parser.error(f"there is no fault {name!r}; --list names them")
        if reason := FAULTS[name].missing():
            parser.error(f"{name} is not possible here: {reason}")
        if chosen.compose and name not in IN_CONTAINERS:
            parser.error(f"{name} is not possible in containers, only {', '.join(sorted(IN_CONTAINERS))}")
    if chosen.compose and (chosen.all or chosen.home):
        parser.error("--compose goes neither with --all nor with --home")
    if not 2 <= chosen.clients <= 200:
        parser.error("--clients takes 2 to 200")
    if chosen.seed is None:
        chosen.seed = random.SystemRandom().randrange(1_000_000)
    if "crowd" in (chosen.fault or []) and chosen.idle == 0:
        chosen.idle = 1000
    return chosen


def print_faults() -> None:
    for fault in FAULTS.values():
        reason = fault.missing()
        marks = [*(["in the mix"] if fault.in_mix else []), *(["alone"] if fault.alone else [])]
        marks += [f"NOT HERE: {reason}"] if reason else []
        print(f"{fault.name:36} {fault.about}" + (f" [{', '.join(marks)}]" if marks else ""))


def faults_left_out() -> list[str]:
    """One line for each reason."""
    names: dict[str, list[str]] = {}
    for name, fault in FAULTS.items():
        if reason := fault.missing():
            names.setdefault(reason, []).append(name)
    return [f"{which[0]} to {which[-1]} ({len(which)} faults: {reason})" for reason, which in names.items()]


# The system


def binaries(debug: bool) -> Path:
    """The release build if there is a whole one."""
    release = REPOSITORY / ".build" / "release"
    if not debug and all((release / name).exists() for name in SERVICES):
        return release
    return REPOSITORY / ".build" / "debug"


@contextmanager
def system_for(chosen: argparse.Namespace) -> Iterator[FaultySystem]:
    """The one that runs in --home or --compose, or one of our own that is gone afterwards."""
    if chosen.home is not None:
        yield FaultySystem(chosen.home.resolve())
        return
    if chosen.compose is not None:
        yield ComposeSystem(chosen.compose)
        return
    home = Path(tempfile.mkdtemp(prefix="parley-verify-"))
    home.chmod(0o711)  # PostgreSQL may run as another user
    programs = home / "programs"
    programs.mkdir()
    source = Path(os.environ.get("PARLEY_BINARIES") or binaries(chosen.debug))
    for name in SERVICES:  # copies: a build meanwhile must not change what is started again
        shutil.copy2(source / name, programs / name)
    environment = {"PARLEY_BINARIES": str(programs), "PARLEY_ACCESS_TOKEN_SECONDS": "120"}
    if chosen.sweep == "off":
        environment |= {"PARLEY_SWEEP": "off", "PARLEY_ENVIRONMENT": "development"}
    system = None
    try:
        system = FaultySystem.start(home, chosen.gateways, chosen.instances, **environment)
        yield system
    finally:
        clean_up(home, system, chosen.keep)


def clean_up(home: Path, system: FaultySystem | None, keep: bool) -> None:
    """Stops what was started here, by its own pids; a frozen process is woken for it."""
    if system is not None:
        system.down(keep)
    shutil.rmtree(home / "programs", ignore_errors=True)
    if not keep:
        shutil.rmtree(home, ignore_errors=True)


# The run


async def watch_lag(history: History) -> None:
    """Notes when this process itself was late: then what it saw late is its own fault."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(TICK)
        late = time.monotonic() - before - TICK
        if late > LAG:
            history.add(Lag(history.now, round(late, 3)))


async def watch_sweeps(system: FaultySystem, history: History) -> None:
    """Adds up what the sweeps delivered; a counter that is lower than before belongs to a new process."""
    known: dict[str, float] = {}
    while True:
        await asyncio.sleep(SWEEP_ASKED_EVERY)
        gateways = system.of_kind("gateway")
        answers = await asyncio.gather(*(system.swept(name) for name in gateways))
        for name, count in zip(gateways, answers, strict=True):
            if count is None:
                continue
            before = known.get(name, 0.0)
            added = count - before if count >= before else count
            known[name] = count
            if added:
                history.add(Swept(history.now, int(added)))


def schedule_of(chosen: argparse.Namespace, begin: float) -> Iterator[Episode]:
    """The episodes, also those of --all, where time decides how many there are."""
    if chosen.fault:
        for name in chosen.fault:
            yield from one_fault(name, chosen.seed, chosen.times, chosen.seconds)
    elif chosen.all:
        direct, routed = everything(chosen.seed, chosen.idle)
        half, end = begin + chosen.minutes * 30, begin + chosen.minutes * 60
        while time.monotonic() < half:
            yield next(direct)
        yield Episode(0, (), 0.0, links=True)
        while time.monotonic() < end:
            yield next(routed)
    else:
        for episode in short_mix(chosen.seed):
            if chosen.compose is None or all(fault.name in IN_CONTAINERS for fault in episode.faults):
                yield episode


async def run(chosen: argparse.Namespace, system: FaultySystem, history: History) -> Nemesis:
    """The whole run: load, faults, quiet, a last reading."""
    workload = Workload(
        history, lambda: system.door, system.gateways, system.database_url, chosen.seed, chosen.clients, chosen.rate
    )
    world = World(system, history, random.Random(chosen.seed), chosen.idle, before_each=workload.come_home)
    nemesis = Nemesis(world, chosen.seed, CALM if chosen.sweep == "on" else CALM_WITHOUT_SWEEP)
    helpers = [asyncio.create_task(watch_lag(history)), asyncio.create_task(watch_sweeps(system, history))]
    try:
        if chosen.home is None and chosen.compose is None:
            await system.let_gateways_disagree()
        await workload.prepare()
        workload.begin()
        await asyncio.sleep(WARM_UP)
        for episode in schedule_of(chosen, time.monotonic()):
            await nemesis.carry_out(episode)
        await asyncio.sleep(WARM_UP)
        await workload.quiesce(QUIET_WITHIN, sync_again=chosen.sweep == "off")
        await workload.read_all()
    finally:
        await workload.end()
        for helper in helpers:
            helper.cancel()
        if world.links is not None:
            await world.links.remove(for_good=chosen.home is not None)
    return nemesis


def describe(chosen: argparse.Namespace, system: FaultySystem) -> str:
    kinds = {kind: len(system.of_kind(kind)) for kind in ("gateway", "auth", "message", "presence")}
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return f"{counts}, sweep {chosen.sweep}, {chosen.clients} people, {chosen.rate:g} messages/s"


def verify(chosen: argparse.Namespace) -> int:
    print(f"seed {chosen.seed}", file=sys.stderr)
    with system_for(chosen) as system:
        history = History(chosen.sweep == "on")
        about = describe(chosen, system)
        gc.disable()  # millions of small records that all stay: nothing to find, and pauses of seconds
        nemesis = asyncio.run(interruptible(run(chosen, system, history)))
        seconds = history.now
    verdict = judge(history.records)
    left_out = faults_left_out() if chosen.compose is None else ["whatever needs more than containers that end"]
    given = " ".join(sys.argv[1:]) or "short mix"
    episodes = [str(episode) for episode in nemesis.done]
    said = Run(chosen.seed, given, about, seconds, episodes, nemesis.failed, left_out)
    text = markdown(said, verdict, history.records)
    print(text)
    if chosen.report is not None:
        chosen.report.write_text(text)
    if chosen.keep or not verdict.is_clean:
        kept = Path(tempfile.gettempdir()) / f"parley-verify-{chosen.seed}.jsonl"
        history.save(kept)
        print(f"history: {kept}" + (f"; home: {system.home}" if chosen.keep else ""), file=sys.stderr)
    if not verdict.is_clean:
        return BREACH
    return FAILED if nemesis.failed else CLEAN


async def interruptible(work: Coroutine[Any, Any, Nemesis]) -> Nemesis:
    """SIGTERM ends the run as Ctrl-C does, with everything tidied up."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def main() -> int:
    chosen = arguments()
    if chosen.list:
        print_faults()
        return CLEAN
    try:
        return verify(chosen)
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
