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

  /** After a welcome. */
  begin(): void {
    this.ready = false;
    this.generation += 1;
    this.failures = 0;
    this.run();
  }

  /** A resync without chats. */
  request(): void { this.run(); }

  stop(): void {
    this.ready = false;
    this.again = false;
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
    this.again = false;
    const generation = this.generation;
    this.pages(generation).then(
      () => this.ended(generation, true),
      () => this.ended(generation, false),
    );
  }

  private async pages(generation: number): Promise<void> {
    for (;;) {
      const answer = await this.host.fetch(this.place.cursor);
      if (generation !== this.generation) return;
      if (this.place.epoch !== null && answer.epoch !== this.place.epoch) {
        this.host.newEpoch();
        this.place = { cursor: null, epoch: answer.epoch };
        continue;
      }
      this.host.take(answer.chats);
      this.place = { cursor: answer.next, epoch: answer.epoch };
      this.host.store(this.place);
      if (!answer.more) return;
    }
  }

  private ended(generation: number, complete: boolean): void {
    this.running = false;
    if (generation !== this.generation) {
      if (this.again) this.run();
      return;
    }
    if (this.again) return this.run();
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
