// One person's machine with a browser: storage, locks and the channel that its tabs share, and what becomes of them when a tab
// ends in the middle of a write or the machine falls asleep.

import type { Environment } from "../../src/core/environment";
import type { Snapshot, SnapshotStorage } from "../../src/core/cache";
import type { OutboxStorage, Pending } from "../../src/core/outbox/outbox";
import type { User, UserId } from "../../src/protocol/types";
import type { Random } from "./random";
import type { Time } from "./time";

/** A tab, as its machine knows it. */
export interface Guest {
  readonly alive: boolean;
  run(work: () => void): void;
}

interface Write {
  guest: Guest;
  pending: Pending | null;
  apply: (() => void) | null;
}

interface Request {
  guest: Guest;
  body: () => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export class Device {
  readonly texts = new Map<string, string>();
  readonly outbox = new Map<string, Pending>();
  asleep = false;
  private snapshots = new Map<UserId, Snapshot>();
  private deferred: (() => void)[] = [];
  private writes: Write[] = [];
  private diskAt = 0;
  private channelAt = 0;
  private listeners = new Map<Guest, ((message: unknown) => void)[]>();
  /** The first of each queue holds the lock. */
  private locks = new Map<string, Request[]>();

  constructor(
    readonly name: string,
    readonly user: User,
    private readonly time: Time,
    private readonly random: Random,
    /** Private mode or a full disk: nothing can be written. */
    readonly refusesStorage: boolean,
    private readonly skewMs: number,
    private readonly diskMs: number,
    private readonly makeId: () => string,
    private readonly stored: (pending: Pending) => void,
  ) {}

  sleep(milliseconds: number): void {
    if (this.asleep) return;
    this.asleep = true;
    this.time.after(milliseconds, () => this.wake());
  }

  wake(): void {
    this.asleep = false;
    for (const work of this.deferred.splice(0)) this.time.after(0, work);
  }

  /** For a guest's `run`: now, or when the machine is awake again. */
  run(guest: Guest, work: () => void): void {
    if (!guest.alive) return;
    if (this.asleep) {
      this.deferred.push(() => this.run(guest, work));
      return;
    }
    this.time.touched = true;
    work();
  }

  environment(guest: Guest, fetch: typeof globalThis.fetch, openSocket: Environment["openSocket"]): Environment {
    const { time, texts } = this;
    return {
      clock: {
        now: () => time.now + this.skewMs,
        after: (milliseconds, run) => {
          let wanted = true;
          const cancel = time.after(milliseconds, () => guest.run(() => { if (wanted) run(); }));
          return () => { wanted = false; cancel(); };
        },
      },
      random: this.random.next,
      makeId: this.makeId,
      fetch,
      openSocket,
      storage: {
        get: (key) => texts.get(key) ?? null,
        set: (key, value) => { texts.set(key, value); },
        remove: (key) => { texts.delete(key); },
        listen: () => {}, // here a change can be read before any word of it is heard
      },
      lock: (name, body) => this.lock(guest, name, body),
      tabs: {
        post: (message) => this.post(guest, message),
        listen: (hear) => { this.listeners.set(guest, [...(this.listeners.get(guest) ?? []), hear]); },
      },
      device: this.name,
      cookies: false,
    };
  }

  outboxFor(guest: Guest): OutboxStorage {
    return {
      all: (user) => this.disk(guest, () => [...this.outbox.values()].filter((entry) => entry.user === user).map((entry) => ({ ...entry }))),
      put: (pending, instead) => this.disk(guest, () => {
        if (instead !== undefined) this.outbox.delete(instead);
        this.outbox.set(pending.id, { ...pending });
        this.stored(pending);
      }, pending),
      remove: (id) => this.disk(guest, () => { this.outbox.delete(id); }),
    };
  }

  snapshotsFor(guest: Guest): SnapshotStorage {
    return {
      load: (user) => this.disk(guest, () => this.snapshots.get(user) ?? null),
      save: (snapshot) => this.disk(guest, () => { this.snapshots.set(snapshot.user, structure(snapshot)); }),
      clear: () => this.disk(guest, () => this.snapshots.clear()),
    };
  }

  /** The tab is gone. Of what it was writing the first part is done, however long. Gives the messages that never were stored. */
  lose(guest: Guest): Pending[] {
    const mine = this.writes.filter((write) => write.guest === guest);
    const undone = mine.slice(this.random.int(0, mine.length));
    for (const write of undone) write.apply = null;
    this.listeners.delete(guest);
    for (const [name, queue] of this.locks) {
      const held = queue[0]?.guest === guest;
      this.locks.set(name, queue.filter((request) => request.guest !== guest));
      if (held) this.grant(name);
    }
    return undone.flatMap((write) => write.pending ?? []);
  }

  /** One after another, as IndexedDB runs transactions on one store. */
  private disk<Result>(guest: Guest, act: () => Result, pending: Pending | null = null): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { time, random } = this;
      if (this.refusesStorage) {
        time.after(1, () => guest.run(() => reject(new Error("refused"))));
        return;
      }
      const write: Write = { guest, pending, apply: null };
      write.apply = () => {
        const result = act();
        time.after(random.int(0, 2), () => guest.run(() => resolve(result)));
      };
      this.writes.push(write);
      this.diskAt = Math.max(this.diskAt, time.now) + random.int(0, this.diskMs);
      time.after(this.diskAt - time.now, () => {
        this.writes.splice(this.writes.indexOf(write), 1);
        write.apply?.();
      });
    });
  }

  private post(from: Guest, message: unknown): void {
    this.channelAt = Math.max(this.channelAt, this.time.now) + this.random.int(0, 2);
    for (const [guest, hearers] of this.listeners) {
      if (guest === from) continue;
      this.time.after(this.channelAt - this.time.now, () => guest.run(() => { for (const hear of hearers) hear(message); }));
    }
  }

  private lock<Result>(guest: Guest, name: string, body: () => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const queue = this.locks.get(name) ?? [];
      this.locks.set(name, [...queue, { guest, body, resolve: resolve as Request["resolve"], reject }]);
      if (queue.length === 0) this.grant(name);
    });
  }

  private grant(name: string): void {
    const request = this.locks.get(name)?.[0];
    if (request === undefined) return;
    const release = () => {
      if (this.locks.get(name)?.[0] !== request) return;
      this.locks.set(name, this.locks.get(name)!.slice(1));
      this.grant(name);
    };
    this.time.after(0, () => request.guest.run(() => request.body().then(
      (value) => { release(); request.resolve(value); },
      (error) => { release(); request.reject(error); },
    )));
  }
}

/** Whatever is stored is a copy. Messages and names are never changed in place, so the lists are enough. */
function structure(snapshot: Snapshot): Snapshot {
  const { place, chats, users, tails, marks = [] } = snapshot;
  return {
    ...snapshot, place: { ...place }, chats: chats.map((chat) => ({ ...chat })), users: [...users],
    tails: tails.map((tail) => [...tail]), marks: [...marks],
  };
}
