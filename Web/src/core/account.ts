// Everything of one signed-in person, put together: connection, sync, chats, histories, outbox, presence, drafts.
// Frames and answers come in here and are handed to whom they concern.

import type { Chat, ChatHash, Message, ServerFrame, User, UserId, Welcome } from "../protocol/types";
import { Api } from "./api";
import { Cache, type Snapshot, type SnapshotStorage, tailMax, tailsMax } from "./cache";
import { ChatList, memberOf, peerOf } from "./chats/chat-list";
import { ChatFetcher } from "./chats/fetcher";
import { Marks } from "./chats/marks";
import { Connection } from "./connection/connection";
import { Drafts } from "./drafts";
import type { Environment } from "./environment";
import { HistoryLoader } from "./history/loader";
import { Observable } from "./observable";
import { Outbox, type OutboxStorage } from "./outbox/outbox";
import { Blocks } from "./people/blocks";
import { Directory } from "./people/directory";
import { PresenceBook } from "./people/presence";
import { Watch } from "./people/watch";
import type { Session } from "./session/session";
import { Sync, type SyncPlace } from "./sync";

export interface Stores {
  outbox: OutboxStorage;
  snapshots: SnapshotStorage;
}

export class Account {
  readonly api: Api;
  readonly chats: ChatList;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly directory: Directory;
  readonly blocks: Blocks;
  readonly presence: PresenceBook;
  /** Rises whenever the shown messages of some chat changed. */
  readonly historyVersion = new Observable(0);
  /** True once chats are known, from the cache or from the server. */
  readonly loaded = new Observable(false);
  /** Told of every new message of somebody else. */
  onNews: (message: Message) => void = () => {};
  private readonly marks: Marks;
  private readonly watch: Watch;
  private readonly cache: Cache;
  private sync: Sync;
  private place: SyncPlace = { cursor: null, epoch: null };
  private histories = new Map<ChatHash, HistoryLoader>();
  private readonly fetcher: ChatFetcher;
  /** Rises with each new epoch. */
  private era = 0;
  private stopped = false;

  constructor(
    readonly environment: Environment,
    readonly session: Session,
    stores: Stores,
    readonly me: User,
  ) {
    const { clock } = environment;
    this.api = new Api(session);
    this.blocks = new Blocks(this.api);
    this.chats = new ChatList(me.id, (user) => this.blocks.since.get().get(user));
    this.blocks.since.subscribe(() => { this.chats.publish(); this.cache.changed(); });
    this.connection = new Connection(environment, session, {
      live: (welcome) => this.becameLive(welcome),
      lost: () => this.becameLost(),
      frame: (frame) => this.frame(frame),
    });
    this.outbox = new Outbox(me.id, stores.outbox, environment, this.connection);
    this.drafts = new Drafts(environment.storage, me.id);
    this.directory = new Directory((ids) => this.api.users(ids), clock, (gone) => {
      for (const summary of this.chats.ordered.get()) if (peerOf(summary, me.id) === gone) this.reread(summary.chat);
    });
    this.directory.learn([me]);
    this.presence = new PresenceBook(clock, (frame) => this.connection.send(frame));
    this.watch = new Watch((frame) => this.connection.send(frame));
    // Held back during the first sync: what that shows may make a mark needless, and its end says the rest.
    this.marks = new Marks(this.chats, clock, (frame) => this.sync.ready && this.connection.send(frame));
    this.fetcher = new ChatFetcher((chat) => this.take(this.api.chat(chat)), clock);
    this.cache = new Cache(stores.snapshots, clock, () => this.snapshot());
    this.sync = this.makeSync(this.place);
    session.onRenewed = (token) => this.connection.renew(token);
  }

  /** First what the last visit left, then the network. */
  async start(): Promise<void> {
    const snapshot = await this.cache.load(this.me.id);
    if (snapshot !== null) this.restore(snapshot);
    await this.outbox.load();
    if (!this.stopped) this.connection.start();
  }

  stop(): void {
    this.stopped = true;
    this.connection.stop();
    this.sync.stop();
    this.cache.stop();
    this.fetcher.stop();
    this.outbox.stop();
    this.session.onRenewed = () => {};
  }

  history(chat: ChatHash): HistoryLoader {
    let history = this.histories.get(chat);
    if (history === undefined) {
      const fetched = (_: ChatHash, messages: readonly Message[]) => this.historyChanged(messages);
      history = new HistoryLoader(chat, this.api, this.environment.clock, () => this.sync.ready, fetched);
      history.timeline.lastSeq = this.chats.get(chat)?.lastSeq ?? 0;
      this.histories.set(chat, history);
    }
    return history;
  }

  /** The chat is on the screen: its pages are wanted. */
  openChat(chat: ChatHash): void {
    const summary = this.chats.get(chat);
    // The sync lists it, most likely; if not, whoever shows it asks again then.
    if (summary === undefined) return this.sync.ready ? this.fetcher.fetch(chat) : undefined;
    void this.history(chat).open(memberOf(summary, this.me.id)?.read ?? 0, summary.lastSeq);
  }

  async startChat(user: User): Promise<ChatHash> {
    this.directory.learn([user]);
    return this.take(this.api.openChatWith(user.id));
  }

  async write(chat: ChatHash, body: string): Promise<void> {
    this.presence.wrote(chat);
    await this.outbox.write(chat, body);
  }

  /** Blocks somebody, or ends that; throws what the requests throw. */
  async block(user: UserId, wanted: boolean): Promise<void> {
    await this.blocks.change(user, wanted);
    // What they wrote counts as read from here on.
    for (const summary of this.chats.ordered.get()) if (peerOf(summary, this.me.id) === user) this.fetcher.fetch(summary.chat);
  }

  /** The person saw the chat up to here. */
  seen(chat: ChatHash, seq: number): void { this.marks.read(chat, seq); }

  private becameLive(welcome: Welcome): void {
    this.watch.forget();
    this.outbox.connected();
    this.sync.begin(welcome.history_epoch);
    this.watchPeers();
  }

  private becameLost(): void {
    this.outbox.disconnected();
    this.sync.stop();
    this.presence.forget();
  }

  private frame(frame: ServerFrame): void {
    switch (frame.type) {
      case "message":
        return this.message(frame);
      case "ack":
        return this.acked(frame);
      case "cursor":
        this.chats.moveCursor(frame.chat, { user_id: frame.user, delivered: frame.delivered, read: frame.read });
        return this.cache.changed();
      case "typing":
        return this.presence.receiveTyping(frame.chat, frame.active);
      case "presence":
        return this.presence.receive(frame.user, frame.state, frame.last_seen ?? null);
      case "resync":
        return this.resync(frame.chats);
      case "error":
        if (frame.code === "unauthenticated") void this.renewNow();
        return this.outbox.refused(frame);
      default:
        return;
    }
  }

  private message(message: Message): void {
    const { chat, seq, id, from, body, sent_at, hidden, erased } = message;
    const plain: Message = { chat, seq, id, from, body, sent_at, ...(hidden && { hidden }), ...(erased && { erased }) };
    if (from === this.me.id) this.outbox.settled(id);
    else {
      this.presence.receiveTyping(chat, false);
      this.blocks.heard(from, hidden === true);
    }
    const summary = this.chats.get(chat);
    // It is no reason to show a chat that is not known.
    if (summary === undefined && hidden) return;
    const fresh = summary === undefined || seq > summary.lastSeq;
    if (!this.chats.receive(plain)) this.fetcher.fetch(chat);
    this.history(chat).receive(plain);
    this.marks.delivered(chat, seq);
    if (fresh && from !== this.me.id && !hidden) {
      this.onNews(plain);
      this.rewatchFor(from);
    }
    this.cache.changed();
  }

  /** An ack counts as that message; its text is in the outbox. */
  private acked(ack: Extract<ServerFrame, { type: "ack" }>): void {
    const pending = this.outbox.pending.get().find((entry) => entry.id === ack.id);
    if (pending === undefined) return; // settled by a page or a sync, which brought the message itself
    this.message({ chat: ack.chat, seq: ack.seq, id: ack.id, from: this.me.id, body: pending.body, sent_at: ack.sent_at });
  }

  private resync(named: { chat: ChatHash; last_seq: number }[] | undefined): void {
    if (named === undefined) return this.sync.request();
    for (const { chat, last_seq } of named) {
      const summary = this.chats.get(chat);
      if (summary === undefined || summary.lastSeq < last_seq) this.fetcher.fetch(chat);
      this.histories.get(chat)?.heardOf(last_seq);
    }
  }

  /** An answer that was asked for in another epoch is of a past that never was. */
  private async take(asked: Promise<Chat>): Promise<ChatHash> {
    const { era } = this;
    const chat = await asked;
    if (era === this.era) this.takeChats([chat]);
    return chat.chat;
  }

  private takeChats(chats: readonly Chat[]): void {
    this.chats.merge(chats);
    for (const chat of chats) {
      const last = chat.last_message;
      if (last !== null && last.from === this.me.id) this.outbox.settled(last.id);
      // A change of a chat with somebody who is gone may be that their texts went too.
      const gone = chat.members.some((member) => this.directory.users.get().get(member.user_id)?.deleted);
      if (gone || (last?.erased && this.holds(last))) this.reread(chat.chat);
      this.histories.get(chat.chat)?.heardOf(chat.last_seq);
      const mine = chat.members.find((member) => member.user_id === this.me.id);
      if (mine !== undefined) this.marks.shown(chat.chat, mine);
      if (chat.last_seq > 0) this.marks.delivered(chat.chat, chat.last_seq);
      this.directory.want(chat.members.map((member) => member.user_id));
    }
    this.loaded.set(true);
    this.watchPeers();
    this.cache.changed();
  }

  /** Whether the text of a message that was erased is still held here. */
  private holds({ chat, seq }: Message): boolean {
    const held = this.histories.get(chat)?.timeline.messages.find((message) => message.seq === seq);
    return held !== undefined && !held.erased;
  }

  /** What is held of a chat may have been erased: it is read again, by whoever shows it. */
  private reread(chat: ChatHash): void {
    this.histories.get(chat)?.forget();
    this.historyVersion.set(this.historyVersion.get() + 1);
  }

  private historyChanged(fetched: readonly Message[]): void {
    for (const message of fetched) if (message.from === this.me.id) this.outbox.settled(message.id);
    // A page may be the first to know, as of a message of mine whose ack is still on its way and now comes for nothing.
    const newest = fetched[fetched.length - 1];
    if (newest !== undefined) this.chats.receive(newest);
    this.historyVersion.set(this.historyVersion.get() + 1);
    this.cache.changed();
  }

  private watchPeers(): void {
    this.watch.people(this.chats.ordered.get().map((summary) => peerOf(summary, this.me.id)));
  }

  /** Their first message gives the right to see them. */
  private rewatchFor(user: UserId): void {
    if ((this.presence.people.get().get(user)?.state ?? "unknown") !== "unknown") return;
    this.watch.forget();
    this.watchPeers();
  }

  private async renewNow(): Promise<void> {
    this.session.expireAccessToken();
    await this.session.accessToken().catch(() => null);
  }

  private makeSync(place: SyncPlace): Sync {
    return new Sync(place, {
      fetch: (since) => this.api.sync(since),
      newEpoch: () => {
        this.era += 1;
        this.chats.forgetAll();
        this.marks.open.clear();
        for (const history of this.histories.values()) history.forget();
        this.historyVersion.set(this.historyVersion.get() + 1);
      },
      take: (chats) => this.takeChats(chats),
      store: (next) => { this.place = next; this.cache.changed(); },
      done: () => {
        this.directory.want(this.chats.ordered.get().map((summary) => peerOf(summary, this.me.id)));
        this.loaded.set(true);
        this.connection.synced();
        this.blocks.load().catch(() => {}); // the next sync asks again
        this.marks.repeat();
        // Whatever was asked for before the sync was refused then: open chats load now.
        for (const [chat, history] of this.histories) history.heardOf(this.chats.get(chat)?.lastSeq ?? 0);
        this.historyVersion.set(this.historyVersion.get() + 1);
      },
    }, this.environment.clock, this.environment.random);
  }

  private restore(snapshot: Snapshot): void {
    this.place = snapshot.place;
    this.sync = this.makeSync(snapshot.place);
    this.directory.restore(snapshot.users);
    this.directory.learn([this.me]);
    this.chats.merge(snapshot.chats.map((summary) => ({
      chat: summary.chat, kind: "direct", last_seq: summary.lastSeq, unread: 0,
      last_message: summary.lastMessage, members: [...summary.members],
    })));
    for (const tail of snapshot.tails) {
      const last = tail[tail.length - 1];
      if (last !== undefined) this.history(last.chat).timeline.reset(tail, last.seq);
    }
    for (const chat of snapshot.marks ?? []) this.marks.open.add(chat);
    this.blocks.restore(snapshot.blocks ?? []);
    this.loaded.set(snapshot.chats.length > 0);
    this.historyVersion.set(this.historyVersion.get() + 1);
  }

  private snapshot(): Snapshot {
    const chats = this.chats.ordered.get();
    const tails: (readonly Message[])[] = [];
    for (const { chat } of chats.slice(0, tailsMax)) {
      const timeline = this.histories.get(chat)?.timeline;
      if (timeline !== undefined && timeline.loaded && timeline.atEnd) tails.push(timeline.messages.slice(-tailMax));
    }
    const users = [...this.directory.users.get().values()];
    const blocks = [...this.blocks.since.get()].map(([user_id, blocked_at]) => ({ user_id, blocked_at }));
    return { version: 1, user: this.me.id, place: this.place, chats, users, tails, marks: [...this.marks.open], blocks };
  }
}
