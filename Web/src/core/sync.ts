// The sync algorithm of docs/protocol.md, section 7: after every welcome, page by page from the stored cursor; a new epoch
// begins from nothing. One at a time; asked for during a run, it runs once more.

import type { Chat, SyncAnswer } from "../protocol/types";
import { backoffMs } from "./backoff";
import type { Cancel, Clock } from "./environment";

export interface SyncPlace {
  cursor: string | null;
  epoch: string | null;
}

export interface SyncHost {
  fetch(since: string | null): Promise<SyncAnswer>;
  /** The database was restored: what is cached may be of a past that never was. */
  newEpoch(): void;
  take(chats: readonly Chat[]): void;
  /** Called after the chats of the answer were taken. */
  store(place: SyncPlace): void;
  done(): void;
}

export class Sync {
  /** True from the end of the first sync after a welcome until the connection is lost. */
  ready = false;
  private generation = 0;
  private running = false;
  private again = false;
  private failures = 0;
  private cancelRetry: Cancel = () => {};

  constructor(
    private place: SyncPlace,
    private readonly host: SyncHost,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** After a welcome, with the epoch it names. */
  begin(epoch: string): void {
    this.stop();
    this.failures = 0;
    if (this.place.epoch === null) {
      // What is known so far may be of another history; what comes live from here on is of this one.
      this.host.newEpoch();
      this.keep({ cursor: null, epoch: epoch || null });
    }
    this.run();
  }

  /** A resync without chats. */
  request(): void { this.run(); }

  stop(): void {
    this.ready = this.running = this.again = false;
    this.generation += 1;
    this.cancelRetry();
  }

  private run(): void {
    this.cancelRetry();
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    const { generation } = this;
    // An answer to a connection that was lost meanwhile is nobody's.
    const ended = (complete: boolean) => { if (generation === this.generation) this.ended(complete); };
    this.pages(generation).then(() => ended(true), () => ended(false));
  }

  /** An interrupted sync begins again where it began: the rest of its pages lacks what changed since the first. */
  private async pages(generation: number): Promise<void> {
    for (let { cursor } = this.place; ;) {
      const answer = await this.host.fetch(cursor);
      if (generation !== this.generation) return;
      const { next, more, epoch } = answer;
      if (this.place.epoch !== null && epoch !== this.place.epoch) {
        this.host.newEpoch();
        cursor = null;
        this.place = { cursor, epoch };
        continue;
      }
      this.host.take(answer.chats);
      cursor = next;
      this.keep({ cursor: more ? this.place.cursor : next, epoch });
      if (!more) return;
    }
  }

  private keep(place: SyncPlace): void {
    this.place = place;
    this.host.store(place);
  }

  private ended(complete: boolean): void {
    this.running = false;
    if (this.again) {
      this.again = false;
      return this.run();
    }
    if (complete) {
      this.failures = 0;
      this.ready = true;
      this.host.done();
      return;
    }
    const wait = 250 + backoffMs(this.failures, this.random);
    this.failures += 1;
    this.cancelRetry = this.clock.after(wait, () => this.run());
  }
}
