// A world that a test turns by hand: time, sockets, storage, and a server that answers as it is told.

import type { Environment, SocketEvents, TabChannel } from "../src/core/environment";
import type { OutboxStorage, Pending } from "../src/core/outbox/outbox";
import type { ServerFrame } from "../src/protocol/types";

export interface FakeSocket {
  events: SocketEvents;
  sent: Record<string, unknown>[];
  closed: boolean;
}

export class World {
  time = 1_000_000;
  sockets: FakeSocket[] = [];
  requests: { method: string; path: string; body: unknown; token: string | null }[] = [];
  answer: (method: string, path: string, body: unknown) => { status: number; body: unknown } = () => ({ status: 404, body: null });
  /** Holds back the answer to a path until the promise it gives; the answer itself is of the time of asking. */
  delay: (path: string) => Promise<void> | null = () => null;
  texts = new Map<string, string>();
  /** Of all tabs; a test calls them. */
  storageListeners: { key: string; changed: () => void }[] = [];
  private timers: { at: number; run: () => void; order: number }[] = [];
  private ids = 0;
  private order = 0;
  private channels: ((message: unknown) => void)[] = [];
  private heldWords: (() => void)[] | null = null;
  private locks = new Map<string, Promise<unknown>>();

  /** What tabs say to each other from now on comes late. */
  holdWords(): void { this.heldWords = []; }

  letWordsGo(): void {
    const words = this.heldWords ?? [];
    this.heldWords = null;
    for (const say of words) say();
  }

  /** One tab of the same browser: storage, locks and the channel are shared. */
  tab(): Environment {
    let mine: ((message: unknown) => void) | null = null;
    const tabs: TabChannel = {
      post: (message) => {
        const say = () => { for (const hear of this.channels) if (hear !== mine) hear(message); };
        if (this.heldWords === null) say();
        else this.heldWords.push(say);
      },
      listen: (hear) => { mine = hear; this.channels.push(hear); },
    };
    return {
      clock: {
        now: () => this.time,
        after: (milliseconds, run) => {
          const timer = { at: this.time + milliseconds, run, order: this.order++ };
          this.timers.push(timer);
          return () => { this.timers = this.timers.filter((other) => other !== timer); };
        },
      },
      random: () => 0.5,
      makeId: () => `00000000-0000-4000-8000-${String(++this.ids).padStart(12, "0")}`,
      fetch: (async (input: unknown, init: RequestInit = {}) => {
        const path = String(input);
        const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
        const token = (init.headers as Record<string, string>)["Authorization"]?.slice(7) ?? null;
        this.requests.push({ method: init.method ?? "GET", path, body, token });
        const { status, body: answer } = this.answer(init.method ?? "GET", path, body);
        const text = JSON.stringify(answer);
        await this.delay(path);
        return new Response(status === 204 ? null : text, { status });
      }) as typeof fetch,
      openSocket: (events) => {
        const socket: FakeSocket = { events, sent: [], closed: false };
        this.sockets.push(socket);
        return { send: (text) => socket.sent.push(JSON.parse(text)), close: () => { socket.closed = true; } };
      },
      storage: {
        get: (key) => this.texts.get(key) ?? null,
        set: (key, value) => { this.texts.set(key, value); },
        remove: (key) => { this.texts.delete(key); },
        listen: (key, changed) => { this.storageListeners.push({ key, changed }); },
      },
      lock: async (name, body) => {
        const before = this.locks.get(name) ?? Promise.resolve();
        const mineNow = before.then(body, body);
        this.locks.set(name, mineNow.catch(() => {}));
        return mineNow;
      },
      tabs,
      device: "test",
      cookies: false,
    };
  }

  /** Lets time pass; what falls due runs at its own moment. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
      await settle();
    }
    this.time = end;
  }

  get socket(): FakeSocket { return this.sockets[this.sockets.length - 1]!; }

  frame(frame: ServerFrame, socket: FakeSocket = this.socket): void { socket.events.received(JSON.stringify(frame)); }
}

/** Lets promises that are already settled run their course. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class MemoryOutbox implements OutboxStorage {
  entries = new Map<string, Pending>();
  async all(user: string) { return [...this.entries.values()].filter((entry) => entry.user === user); }
  async put(pending: Pending, instead?: string) {
    if (instead !== undefined) this.entries.delete(instead);
    this.entries.set(pending.id, pending);
  }
  async remove(id: string) { this.entries.delete(id); }
}

export function welcome(connection = "c1"): ServerFrame {
  return {
    type: "welcome", user: "me", session: "s", connection, heartbeat_ms: 20_000, server_time: "2026-01-01T00:00:00.000Z", history_epoch: "e1",
  };
}

export const sentAt = "2026-01-01T00:00:00.000Z";
