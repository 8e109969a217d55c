// One tab: the product's Session and Account over the machine's storage and the hostile network, and what App and Conversation
// (src/view) do with them: start and stop accounts, open what is on the screen, read on at its ends, say what was seen.

import { Account } from "../../src/core/account";
import type { Environment } from "../../src/core/environment";
import type { HistoryLoader } from "../../src/core/history/loader";
import { Session, type SessionState } from "../../src/core/session/session";
import type { SyncPlace } from "../../src/core/sync";
import type { ChatHash, ClientFrame, ServerFrame } from "../../src/protocol/types";
import type { Checks } from "./checks";
import type { Device, Guest } from "./devices";
import type { Link, Network, Page } from "./network";
import type { Asker, Rest } from "./rest";
import type { Time } from "./time";

/** What the checks look at inside an account. */
export interface Inside {
  histories: Map<ChatHash, HistoryLoader>;
  sync: { place: SyncPlace };
}

const renderMs = 5;

export class Tab implements Page, Asker, Guest {
  alive = true;
  account: Account | null = null;
  readonly session: Session;
  readonly links = new Set<Link>();
  /** The chat on the screen. */
  chat: ChatHash | null = null;
  atBottom = true;
  focused = true;
  /** Welcomes of new sockets so far, and whether a sync asked for after the last of them is done. */
  welcomes = 0;
  synced = false;
  private welcomed = new WeakSet<Link>();
  private live: Link | null = null;
  private readonly environment: Environment;
  private rendering = false;
  private knew = false;

  constructor(
    readonly name: string,
    /** Stays the same when the page is loaded again: the person sees one tab. */
    readonly lineage: string,
    readonly device: Device,
    private readonly time: Time,
    network: Network,
    rest: Rest,
    private readonly checks: Checks,
  ) {
    this.environment = device.environment(this, rest.fetchFor(this), (events) => network.open(this, events));
    this.session = new Session(this.environment);
    this.session.state.subscribe(() => {
      const state = this.session.state.get();
      time.after(0, () => this.run(() => this.follow(state)));
    });
    this.run(() => this.follow(this.session.state.get()));
  }

  run(work: () => void): void { this.device.run(this, work); }

  /** The page ends without a word. */
  end(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const link of this.links) link.abandon();
    this.checks.unstored(this.device.lose(this));
  }

  get inside(): Inside | null { return this.account as unknown as Inside | null; }

  // What App does.

  private follow(state: SessionState): void {
    if (state.is === "signed_in" && this.account === null) {
      const stores = { outbox: this.device.outboxFor(this), snapshots: this.device.snapshotsFor(this) };
      this.account = new Account(this.environment, this.session, stores, state.user);
      this.checks.begin(this, this.account);
      this.account.historyVersion.subscribe(() => this.changed());
      this.account.chats.ordered.subscribe(() => this.changed());
      void this.account.start();
    } else if (state.is === "signed_out" && this.account !== null) {
      if (this.device.refusesStorage) this.checks.unstored(this.account.outbox.pending.get());
      this.account.stop();
      this.account = null;
      this.chat = null;
      if (!state.ended) void this.device.snapshotsFor(this).clear().catch(() => {});
    }
  }

  // What Conversation does.

  open(chat: ChatHash | null): void {
    this.look((history) => { history.timeline.reading = false; });
    this.chat = chat;
    this.atBottom = true;
    this.knew = chat !== null && this.account?.chats.get(chat) !== undefined;
    if (chat !== null) this.account?.openChat(chat);
  }

  scrollUp(): void {
    this.look((history) => {
      if (history.timeline.messages.length === 0) return;
      this.atBottom = false;
      history.timeline.reading = true;
      void history.older();
    });
  }

  scrollDown(): void {
    this.look((history) => {
      if (history.timeline.atEnd) this.stick(history);
      else void history.newer();
    });
  }

  toNewest(): void {
    this.look((history) => {
      this.stick(history);
      if (history.timeline.cutBelow) void history.newest();
    });
  }

  private stick(history: HistoryLoader): void {
    this.atBottom = true;
    history.timeline.reading = false;
  }

  private changed(): void {
    if (this.rendering) return;
    this.rendering = true;
    this.time.after(renderMs, () => this.run(() => {
      this.rendering = false;
      this.render();
    }));
  }

  private render(): void {
    const { account, chat } = this;
    if (account === null || chat === null) return;
    const known = account.chats.get(chat) !== undefined;
    if (!known || !this.knew) account.openChat(chat);
    this.knew = known;
    if (!known) return;
    const history = account.history(chat);
    const { timeline } = history;
    if (!timeline.loaded) return account.openChat(chat);
    if (!this.atBottom) return;
    // The bottom of a window that was cut is near enough to read on.
    if (timeline.cutBelow) void history.newer();
    else if (this.focused && timeline.last > 0) this.see(timeline.last);
  }

  /** The person sees the chat up to here. */
  see(seq: number): void {
    if (this.chat === null || this.account === null) return;
    this.checks.saw(this, this.chat, seq);
    this.account.seen(this.chat, seq);
  }

  private look(at: (history: HistoryLoader) => void): void {
    if (this.account === null || this.chat === null || this.account.chats.get(this.chat) === undefined) return;
    at(this.account.history(this.chat));
  }

  // What the network saw of it.

  saw(link: Link, frame: ServerFrame): void {
    if (frame.type === "welcome" && !this.welcomed.has(link)) {
      this.welcomed.add(link);
      this.live = link;
      this.welcomes += 1;
      this.synced = false;
    }
    this.checks.received(this, link, frame);
  }

  said(link: Link, frame: ClientFrame): void { this.checks.sent(this, link, frame); }

  ended(link: Link): void {
    this.links.delete(link);
    if (link === this.live) this.synced = false;
  }

  asks(): number { return this.welcomes; }

  answered(path: string, body: unknown, asked: number): void {
    if (path.startsWith("/api/v1/sync") && !(body as { more: boolean }).more && asked === this.welcomes) this.synced = true;
  }
}
