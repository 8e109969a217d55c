// Fetches what a timeline lacks: one fetch per chat in flight, none before the first sync after a welcome is done.

import { historyPage, historyPageMax, holeDelayMs } from "../../protocol/limits";
import type { ChatHash, Message, Seq } from "../../protocol/types";
import type { Page, Place } from "../api";
import type { Clock } from "../environment";
import { fillMax, Timeline } from "./timeline";

const retryMs = 2_000;

export interface Pages {
  page(chat: ChatHash, place: Place, limit?: number): Promise<Page>;
}

export class HistoryLoader {
  readonly timeline = new Timeline();
  loading = false;
  private holeWatched = false;
  private again = false;
  private era = 0;

  constructor(
    readonly chat: ChatHash,
    private readonly pages: Pages,
    private readonly clock: Clock,
    private readonly mayFetch: () => boolean,
    private readonly changed: (chat: ChatHash, fetched: readonly Message[]) => void,
  ) {}

  receive(message: Message): void {
    const outcome = this.timeline.receive(message);
    if (outcome === "waiting" && !this.holeWatched) {
      this.holeWatched = true;
      this.clock.after(holeDelayMs, () => this.fillHole());
    }
    if (outcome === "shown") this.changed(this.chat, []);
  }

  /** The server says that the chat goes up to `lastSeq`. */
  heardOf(lastSeq: Seq): void {
    const { timeline } = this;
    timeline.lastSeq = Math.max(timeline.lastSeq, lastSeq);
    if (timeline.loaded && !timeline.cutBelow && timeline.last < timeline.lastSeq) void this.catchUp();
  }

  /** First pages: around the first unread message if that is not on the newest page. */
  async open(read: Seq, lastSeq: Seq): Promise<void> {
    this.timeline.lastSeq = Math.max(this.timeline.lastSeq, lastSeq);
    // What is unread begins above the window: it is read from there.
    if (this.timeline.loaded && read + 1 < this.timeline.first && read < lastSeq) this.timeline.forget();
    if (this.timeline.loaded) return this.heardOf(lastSeq);
    const unread = lastSeq - read;
    if (unread > historyPageMax - 20) await this.reset({ around: read + 1 }, historyPageMax);
    else await this.reset({}, Math.max(historyPage, unread + 20));
  }

  newest(): Promise<boolean> { return this.reset({}, historyPage); }

  older(): Promise<boolean> {
    const { timeline } = this;
    if (!timeline.loaded || timeline.atStart) return Promise.resolve(false);
    return this.fetch({ before: timeline.first }, historyPage, (page) => timeline.extendUp(page.messages));
  }

  newer(): Promise<boolean> {
    const { timeline } = this;
    if (!timeline.loaded || timeline.atEnd) return Promise.resolve(false);
    return this.fetch({ after: timeline.last }, historyPage, (page) => timeline.extendDown(page.messages, page.last_seq, true));
  }

  /** The database was restored: what is held, and what is on its way, may be of a past that never was. */
  forget(): void {
    this.era += 1;
    this.timeline.forget();
    this.timeline.lastSeq = 0;
  }

  private fillHole(): void {
    this.holeWatched = false;
    if (this.timeline.hole) void this.catchUp();
  }

  /** After the window's end, page by page, to the newest; too far behind, see `skip`. */
  private async catchUp(): Promise<void> {
    const { timeline } = this;
    if (this.loading) {
      this.again = true;
      return;
    }
    if (timeline.lastSeq - timeline.last > fillMax) return this.skip();
    while (timeline.loaded && !timeline.cutBelow && timeline.last < timeline.lastSeq) {
      const before = timeline.last;
      const place = { after: timeline.last };
      const done = await this.fetch(place, historyPageMax, (page) => timeline.extendDown(page.messages, page.last_seq));
      if (!done || timeline.last === before) return;
    }
  }

  private async skip(): Promise<void> {
    const { timeline } = this;
    if (timeline.reading) {
      timeline.leaveBelow();
      this.changed(this.chat, []);
    } else if (await this.newest()) {
      timeline.skippedTo = timeline.first;
      this.changed(this.chat, []);
    }
  }

  private async reset(place: Place, limit: number): Promise<boolean> {
    const done = await this.fetch(place, limit, (page) => this.timeline.reset(page.messages, page.last_seq));
    // More may have come while the page was on its way, and had no place yet.
    if (done) this.heardOf(0);
    return done;
  }

  private async fetch(place: Place, limit: number, take: (page: Page) => void): Promise<boolean> {
    if (this.loading || !this.mayFetch()) return false;
    this.loading = true;
    const { era } = this;
    try {
      const page = await this.pages.page(this.chat, place, limit);
      const valid = era === this.era;
      if (valid) take(page);
      this.changed(this.chat, valid ? page.messages : []);
      return valid;
    } catch {
      this.clock.after(retryMs, () => {
        this.heardOf(this.timeline.lastSeq);
        this.changed(this.chat, []); // whoever shows the chat asks again for what it lacks
      });
      return false;
    } finally {
      this.loading = false;
      if (this.again) {
        this.again = false;
        void this.catchUp();
      }
    }
  }
}
