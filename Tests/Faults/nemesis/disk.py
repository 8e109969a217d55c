"""The disk full under PostgreSQL: its data on a small memory file system that a balloon fills."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg

from nemesis.fault import Fault, World

ROOM = 96 << 20


def missing() -> str | None:
    if os.geteuid() != 0:
        return "needs root, to mount a small file system"
    probe = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return None if probe.returncode == 0 else "mounting is not allowed here"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


async def _move(world: World, source: Path, target: Path) -> None:
    """PostgreSQL stops, its folder moves, it starts where its command expects it."""
    await world.system.act("stop", "postgres")
    await asyncio.to_thread(subprocess.run, ["cp", "-a", "--", str(source), str(target)], check=True)
    place = world.system.home / "pg"
    place.unlink() if place.is_symlink() else shutil.rmtree(place)
    if target != place:
        place.symlink_to(target)


@asynccontextmanager
async def on_small_disk(world: World) -> AsyncIterator[Path]:
    home = world.system.home
    disk = home / "small-disk"
    disk.mkdir()
    size = _size(home / "pg") + ROOM
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "none", str(disk)], check=True)
    try:
        await _move(world, home / "pg", disk / "pg")
        await world.system.ensure_started("postgres")
        yield disk
        await world.system.act("stop", "postgres")
        (home / "pg").unlink()
        await asyncio.to_thread(subprocess.run, ["cp", "-a", str(disk / "pg"), str(home / "pg")], check=True)
        await world.system.ensure_started("postgres")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@asynccontextmanager
async def full_disk(world: World) -> AsyncIterator[str]:
    async with on_small_disk(world) as disk:
        await world.system.wait_until_it_serves(30)
        balloon = disk / "balloon"
        free = os.statvfs(disk)
        with balloon.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        end_of_log = asyncio.create_task(_new_wal_file(world))
        try:
            yield "the disk under PostgreSQL full, then no room for its next WAL file"
        finally:
            await end_of_log
            balloon.unlink()
            await world.system.ensure_started("postgres")


async def _new_wal_file(world: World) -> None:
    """First only tables cannot grow; later there is no room for the log either, and PostgreSQL panics."""
    await asyncio.sleep(6)
    with suppress(psycopg.Error):
        for _ in range(10):
            await world.system.sql("SELECT pg_switch_wal()")
            await asyncio.sleep(0.2)


def faults() -> list[Fault]:
    return [Fault("disk-full", "the disk under PostgreSQL full (a small tmpfs)", "postgres", full_disk, (12, 15),
                  single=False, alone=True, missing=missing)]  # fmt: skip
