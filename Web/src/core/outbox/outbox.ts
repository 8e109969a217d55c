// Messages that are not yet on the server. Each is stored, under the id it keeps for ever, before its first try; one is in
// flight per chat, so they stand in the order they were written; a retry repeats the same frame.

import { ackDeadlineMs } from "../../protocol/limits";
import type { ChatHash, ClientFrame, ServerFrame, UserId } from "../../protocol/types";
import { backoffMs } from "../backoff";
import type { Cancel, Environment } from "../environment";
import { Observable } from "../observable";

export interface Pending {
  id: string;
  user: UserId;
  chat: ChatHash;
  body: string;
  /** Order of writing; ms since 1970, raised where two fall into one. */
  order: number;
  /** The code of a final refusal; it waits for Retry or Delete. */
  failed: string | null;
}

export interface OutboxStorage {
  all(user: UserId): Promise<Pending[]>;
  /** In one step, `instead` of the entry of another id. */
  put(pending: Pending, instead?: string): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface Wire {
  send(frame: ClientFrame): boolean;
  /** A send had no answer within its deadline. */
  suspect(): void;
}

interface Flight {
  id: string;
  cancel: Cancel;
}

const lockOf = (tab: string): string => `parley.tab.${tab}`;

export class Outbox {
  readonly pending = new Observable<readonly Pending[]>([]);
  private flights = new Map<ChatHash, Flight>();
  private attempts = new Map<string, number>();
  private live = false;
  private lastOrder = 0;
  private readonly tab: string;
  private heirs = new Set<string>();
  /** Reads of the storage that are under way, and what went since they began: they may still bring it. */
  private loads = 0;
  private goneMeanwhile = new Set<string>();
  private goneInFlight = new Set<string>();
  private stopped = false;
  private release = () => {};

  constructor(
    private readonly user: UserId,
    private readonly storage: OutboxStorage,
    private readonly environment: Environment,
    private readonly wire: Wire,
  ) {
    this.tab = environment.makeId();
    // Held as long as this tab lives: when another tab gets it, what this one had not sent is that one's to send.
    void environment.lock(lockOf(this.tab), () => new Promise<void>((resolve) => { this.release = resolve; }));
    environment.tabs.listen((message) => this.heard(message));
    // Every tab knows every other before either of them writes.
    environment.tabs.post({ outbox: user, tab: this.tab, asks: true });
  }

  /** The account is left: other tabs may take over. */
  stop(): void {
    this.disconnected();
    this.stopped = true;
    this.release();
  }

  /** What an earlier page left behind. */
  async load(): Promise<void> {
    this.loads += 1;
    const stored = await this.storage.all(this.user).catch(() => []);
    this.loads -= 1;
    const found = stored.filter((entry) => this.find(entry.id) === undefined);
    // Who said so may have ended before it was out of the storage.
    for (const { id } of found) if (this.goneMeanwhile.has(id)) void this.storage.remove(id).catch(() => {});
    this.publish([...found.filter((entry) => !this.goneMeanwhile.has(entry.id)), ...this.pending.get()]);
    if (this.loads === 0) this.goneMeanwhile.clear();
    this.pumpAll();
  }

  async write(chat: ChatHash, body: string): Promise<void> {
    this.lastOrder = Math.max(this.lastOrder + 1, this.environment.clock.now());
    const entry: Pending = { id: this.environment.makeId(), user: this.user, chat, body, order: this.lastOrder, failed: null };
    this.publish([...this.pending.get(), entry]);
    await this.store(entry);
    this.environment.tabs.post({ outbox: this.user, tab: this.tab });
    this.pump(chat);
  }

  async retry(id: string): Promise<void> {
    const entry = this.find(id);
    if (entry === undefined || entry.failed === null) return;
    // `conflict` says that the id belongs to another text: only a new one can be sent.
    const renamed = entry.failed === "conflict" ? this.environment.makeId() : id;
    this.lastOrder = Math.max(this.lastOrder + 1, this.environment.clock.now());
    const again: Pending = { ...entry, id: renamed, failed: null, order: this.lastOrder };
    this.publish([...this.pending.get().filter((other) => other.id !== id), again]);
    this.environment.tabs.post({ outbox: this.user, [renamed === id ? "again" : "gone"]: id, tab: this.tab });
    await this.store(again, id);
    this.pump(again.chat);
  }

  connected(): void {
    this.live = true;
    // Whatever was in flight on the old socket is repeated on the new one; the server knows its id.
    this.clearFlights();
    this.pumpAll();
  }

  disconnected(): void {
    this.live = false;
    this.clearFlights();
  }

  /** The person deleted it. */
  remove(id: string): void { this.settled(id); }

  /** The message is on the server: by its ack, by a frame, in history or in a sync. */
  settled(id: string): void {
    if (this.find(id) === undefined) return;
    void this.storage.remove(id).catch(() => {});
    this.environment.tabs.post({ outbox: this.user, gone: id });
    this.forget(id);
  }

  private forget(id: string): void {
    if (this.loads > 0) this.goneMeanwhile.add(id);
    this.drop(id);
  }

  private drop(id: string): void {
    const entry = this.find(id);
    if (entry === undefined) return;
    this.land(entry.chat, id);
    this.attempts.delete(id);
    this.goneInFlight.delete(id);
    this.publish(this.pending.get().filter((other) => other.id !== id));
    this.pump(entry.chat);
  }

  refused(error: Extract<ServerFrame, { type: "error" }>): void {
    const entry = this.find(String(error.id ?? ""));
    if (entry === undefined) return;
    this.land(entry.chat, entry.id);
    if (error.retryable || error.code === "rate_limited") {
      const attempt = this.attempts.get(entry.id) ?? 0;
      this.attempts.set(entry.id, attempt + 1);
      const wait = Math.max(error.retry_after_ms ?? 0, backoffMs(attempt, this.environment.random));
      // The flight stays taken while it waits: nothing written later may overtake it.
      this.fly(entry.chat, entry.id, this.environment.clock.after(wait, () => {
        this.land(entry.chat, entry.id);
        this.pump(entry.chat);
      }));
      return;
    }
    if (this.goneInFlight.has(entry.id)) return this.drop(entry.id);
    const failed = { ...entry, failed: error.code };
    this.publish(this.pending.get().map((other) => (other.id === entry.id ? failed : other)));
    void this.store(failed);
    this.pump(entry.chat);
  }

  /**
   * Another tab knows that a message is sent, deleted it, or tries it again: it is no longer ours.
   * Or there is another tab: should it end before what it wrote is sent, this one sends it.
   */
  private heard(message: unknown): void {
    const { outbox, tab, gone, again, asks } = (message ?? {}) as Record<string, unknown>;
    if (outbox !== this.user || this.stopped) return;
    if (typeof gone === "string") {
      // What is in flight here is answered here: nobody else tells this connection where it stands.
      if ([...this.flights.values()].some((flight) => flight.id === gone)) this.goneInFlight.add(gone);
      else this.forget(gone);
    }
    // Not if it is tried again here as well: then both send it, under the same id. Nor while its refusal is being stored.
    if (typeof again === "string" && this.find(again)?.failed !== null && !this.unstored.has(again)) this.drop(again);
    if (asks) this.environment.tabs.post({ outbox, tab: this.tab });
    if (typeof tab !== "string" || this.heirs.has(tab)) return;
    this.heirs.add(tab);
    void this.environment.lock(lockOf(tab), async () => {
      this.heirs.delete(tab);
      if (!this.stopped) await this.load();
    });
  }

  private pumpAll(): void {
    for (const chat of new Set(this.pending.get().map((entry) => entry.chat))) this.pump(chat);
  }

  private pump(chat: ChatHash): void {
    if (!this.live || this.flights.has(chat)) return;
    const entry = this.pending.get().find((other) => other.chat === chat && other.failed === null);
    // Not stored yet: storing it pumps again, and nothing written later may overtake it.
    if (entry === undefined || this.unstored.has(entry.id)) return;
    if (!this.wire.send({ type: "send", id: entry.id, chat, body: entry.body })) return;
    this.fly(chat, entry.id, this.environment.clock.after(ackDeadlineMs, () => {
      this.land(chat, entry.id);
      this.wire.suspect();
    }));
  }

  private unstored = new Set<string>();

  private async store(entry: Pending, instead = entry.id): Promise<void> {
    this.unstored.add(entry.id);
    // A full or forbidden storage must not stop the message itself.
    await this.storage.put(entry, instead).catch(() => {});
    this.unstored.delete(entry.id);
    // It may have been settled meanwhile, by another tab's copy.
    if (this.find(entry.id) === undefined) await this.storage.remove(entry.id).catch(() => {});
  }

  private find(id: string): Pending | undefined {
    return this.pending.get().find((entry) => entry.id === id);
  }

  private fly(chat: ChatHash, id: string, cancel: Cancel): void {
    this.flights.get(chat)?.cancel();
    this.flights.set(chat, { id, cancel });
  }

  private land(chat: ChatHash, id: string): void {
    const flight = this.flights.get(chat);
    if (flight?.id !== id) return;
    flight.cancel();
    this.flights.delete(chat);
  }

  private clearFlights(): void {
    for (const flight of this.flights.values()) flight.cancel();
    this.flights.clear();
  }

  private publish(entries: readonly Pending[]): void {
    const sorted = [...entries].sort((a, b) => a.order - b.order);
    this.lastOrder = Math.max(this.lastOrder, sorted[sorted.length - 1]?.order ?? 0);
    this.pending.set(sorted);
  }
}
