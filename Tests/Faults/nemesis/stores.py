"""PostgreSQL and Redis: killed, restarted, frozen, flushed, their sessions ended, their tables locked."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from nemesis.fault import Fault, Start, World


def _away(store: str, how: str, what: str) -> Start:
    """Ended by `./parley process HOW STORE`, and started again when the fault ends."""

    @asynccontextmanager
    async def away(world: World) -> AsyncIterator[str]:
        await world.system.act(how, store)
        try:
            yield what
        finally:
            await world.system.ensure_started(store)

    return away


@asynccontextmanager
async def frozen_postgres(world: World) -> AsyncIterator[str]:
    world.system.signal_with_children("postgres", signal.SIGSTOP)
    try:
        yield "postgres and all its backends frozen"
    finally:
        world.system.signal_with_children("postgres", signal.SIGCONT)


@asynccontextmanager
async def terminated_backends(world: World) -> AsyncIterator[str]:
    """Ends every session of the services, again and again."""

    async def terminate() -> None:
        while True:
            await world.system.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'parley'")
            await asyncio.sleep(world.chances.uniform(0.3, 1.2))

    terminating = asyncio.create_task(terminate())
    try:
        yield "every session at postgres terminated, several times"
    finally:
        terminating.cancel()
        await asyncio.gather(terminating, return_exceptions=True)


def _holding(statement: str, what: str) -> Start:
    """A transaction that holds locks as long as the fault lasts."""

    @asynccontextmanager
    async def held(world: World) -> AsyncIterator[str]:
        connecting = psycopg.AsyncConnection.connect(world.system.admin_url, connect_timeout=5)
        async with await connecting as connection:
            await connection.execute(statement)
            try:
                yield what
            finally:
                await connection.rollback()

    return held


@asynccontextmanager
async def slow_commits(world: World) -> AsyncIterator[str]:
    """A commit of messages takes up to 0.3 s, as with a slow disk or a standby far away; so they overtake each other,
    and many have a number before others that can be seen earlier."""
    await world.system.sql("""
        CREATE OR REPLACE FUNCTION public.slow_commit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(random() * 0.3); RETURN NULL; END $$""")
    await world.system.sql("""
        CREATE CONSTRAINT TRIGGER slow_commit AFTER UPDATE ON chat.chats DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.slow_commit()""")
    try:
        yield "every commit of a message up to 0.3 s late"
    finally:
        await world.system.sql("DROP TRIGGER slow_commit ON chat.chats")


@asynccontextmanager
async def frozen_redis(world: World) -> AsyncIterator[str]:
    await world.system.act("pause", "redis")
    try:
        yield "redis frozen"
    finally:
        await world.system.act("resume", "redis")


@asynccontextmanager
async def flushed_redis(world: World) -> AsyncIterator[str]:
    await asyncio.to_thread(world.system.flush_redis)
    yield "redis flushed"


def faults() -> list[Fault]:
    lock = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"
    rows = "SELECT 1 FROM chat.chats WHERE get_byte(decode(left(hash::text, 2), 'hex'), 0) % 2 = 0 FOR UPDATE"
    return [
        Fault("kill-postgres", "PostgreSQL killed (-9), started after recovery", "postgres",
              _away("postgres", "kill", "postgres and its backends killed (-9); it recovers at its start"),
              in_mix=True),
        Fault("restart-postgres", "PostgreSQL stopped and started", "postgres",
              _away("postgres", "stop", "postgres stopped (fast), then started"), (2, 4), in_mix=True),
        Fault("freeze-postgres", "PostgreSQL frozen with all its backends", "postgres", frozen_postgres, in_mix=True),
        Fault("terminate-backends", "all database sessions ended by pg_terminate_backend", "postgres",
              terminated_backends, in_mix=True),
        Fault("lock-messages", "LOCK TABLE messages for seconds: nothing can be written or read", "postgres",
              _holding(lock.format("chat.messages"), "table messages locked"), in_mix=True),
        Fault("lock-members", "LOCK TABLE members for seconds", "postgres",
              _holding(lock.format("chat.members"), "table members locked")),
        Fault("lock-rows", "a long transaction holds the rows of about half of the chats", "postgres",
              _holding(rows, "rows of half of the chats held"), in_mix=True),
        Fault("slow-commits", "every commit of a message up to 0.3 s late", "postgres", slow_commits, (6, 10),
              in_mix=True),
        Fault("kill-redis", "Redis killed (-9)", "redis", _away("redis", "kill", "redis killed (-9)"),
              in_mix=True),
        Fault("freeze-redis", "Redis frozen", "redis", frozen_redis, (3, 12), in_mix=True),
        Fault("flush-redis", "Redis forgets everything", "redis", flushed_redis, (1, 2), in_mix=True),
    ]  # fmt: skip
