// The server as a value: what docs/protocol.md, sections 6 to 8, says about chats, without network and without time of its own.
// Every call is one committed transaction.

import type { Chat, ChatHash, Member, Message, Seq, SyncAnswer, UserId } from "../../src/protocol/types";
import type { Page } from "../../src/core/api";
import type { Random } from "./random";

interface Log {
  chat: ChatHash;
  members: Member[];
  messages: Message[];
  /** Who has opened it: an empty chat is listed for nobody else. */
  opened: Set<UserId>;
  /** The versions of its last change and of its last message. */
  changed: number;
  written: number;
}

export type Backup = readonly { chat: ChatHash; length: number; members: Member[] }[];
export type Appended = { message: Message; fresh: boolean } | { refused: string };

export const chatOf = (a: UserId, b: UserId): ChatHash => (a < b ? `${a}+${b}` : `${b}+${a}`);

export class ModelServer {
  readonly chats = new Map<ChatHash, Log>();
  private epochNumber = 1;
  private version = 0;
  /** What was refused once, by body; ids that belong to another text. */
  private refusedOnce = new Set<string>();
  private takenIds = new Set<string>();

  constructor(private readonly random: Random, private readonly now: () => number) {}

  get epoch(): string { return `epoch-${this.epochNumber}`; }

  open(by: UserId, other: UserId): Chat {
    const hash = chatOf(by, other);
    let log = this.chats.get(hash);
    if (log === undefined) {
      const members = [...new Set([by, other])].map((user_id) => ({ user_id, delivered: 0, read: 0 }));
      log = { chat: hash, members, messages: [], opened: new Set(), changed: 0, written: 0 };
      this.chats.set(hash, log);
    }
    log.opened.add(by);
    log.changed = ++this.version;
    return this.describe(log, by);
  }

  /** What was written before the schedule begins. The last part is by one of them, and the other may have read none of it. */
  fill(a: UserId, b: UserId, count: number): void {
    this.open(a, b);
    const log = this.chats.get(chatOf(a, b))!;
    if (log.messages.length > 0) return;
    const reader = this.random.pick(log.members)!;
    const writer = log.members.find((member) => member !== reader) ?? reader;
    const read = this.random.chance(0.6) ? count : this.random.int(0, count);
    const sent_at = new Date(this.now()).toISOString();
    for (let seq = 1; seq <= count; seq += 1) {
      const from = (seq > read || seq % 2 === 0 ? writer : reader).user_id;
      log.messages.push({ chat: log.chat, seq, id: `old-${log.chat}-${seq}`, from, body: `old ${log.chat} ${seq}`, sent_at });
    }
    log.changed = log.written = ++this.version;
    reader.read = reader.delivered = read;
    writer.read = writer.delivered = count;
  }

  membersOf(chat: ChatHash): UserId[] { return this.chats.get(chat)?.members.map((member) => member.user_id) ?? []; }

  memberOf(chat: ChatHash, user: UserId): Member | undefined {
    return this.chats.get(chat)?.members.find((member) => member.user_id === user);
  }

  /** P2: the same (chat, sender, id) is one message; the same id with another body is a conflict. */
  append(from: UserId, chat: ChatHash, id: string, body: string): Appended {
    const log = this.chats.get(chat);
    if (log === undefined || this.memberOf(chat, from) === undefined) return { refused: "not_found" };
    const known = log.messages.find((message) => message.id === id && message.from === from);
    if (known !== undefined) return known.body === body ? { message: known, fresh: false } : { refused: "conflict" };
    const seq = log.messages.length + 1;
    const message: Message = { chat, seq, id, from, body, sent_at: new Date(this.now()).toISOString() };
    log.messages.push(message);
    log.changed = log.written = ++this.version;
    this.raise(from, chat, seq, seq);
    return { message, fresh: true };
  }

  /** What people write decides what is refused: a final error means that the attempt had no effect. */
  refusalOf(id: string, body: string): string | null {
    if (body.startsWith("refused ")) return "too_large";
    if (body.startsWith("refused-once ") && !this.refusedOnce.has(body)) {
      this.refusedOnce.add(body);
      return "not_found";
    }
    if (body.startsWith("conflict ")) {
      if (!this.refusedOnce.has(body)) {
        this.refusedOnce.add(body);
        this.takenIds.add(id);
      }
      if (this.takenIds.has(id)) return "conflict";
    }
    return null;
  }

  /** Gives the member if anything rose. */
  raise(user: UserId, chat: ChatHash, delivered: Seq, read: Seq): Member | null {
    const member = this.memberOf(chat, user);
    const log = this.chats.get(chat);
    if (member === undefined || log === undefined) return null;
    const cut = (seq: Seq) => Math.min(seq, log.messages.length);
    const next = { delivered: Math.max(member.delivered, cut(delivered), cut(read)), read: Math.max(member.read, cut(read)) };
    if (next.delivered === member.delivered && next.read === member.read) return null;
    Object.assign(member, next);
    log.changed = ++this.version;
    return { ...member };
  }

  listed(user: UserId): Chat[] {
    return [...this.chats.values()].filter((log) => this.isListed(log, user)).map((log) => this.describe(log, user));
  }

  chat(user: UserId, chat: ChatHash): Chat | null {
    const log = this.chats.get(chat);
    return log === undefined || this.memberOf(chat, user) === undefined ? null : this.describe(log, user);
  }

  /** Pages as the service makes them: in the order of the hashes, up to the version of the first page. */
  sync(user: UserId, cursor: string | null, pageMax: number): SyncAnswer {
    const [epoch, since = "0", upTo = "", after = ""] = cursor?.split("/") ?? [];
    const known = epoch === this.epoch;
    const from = known ? Number(since) : 0;
    const end = known && upTo !== "" ? Number(upTo) : this.version;
    const changed = [...this.chats.values()]
      .filter((log) => log.changed > from && this.isListed(log, user) && (!known || log.chat > after))
      .sort((a, b) => (a.chat < b.chat ? -1 : 1));
    const page = changed.slice(0, pageMax);
    const more = changed.length > page.length;
    const next = more ? `${this.epoch}/${from}/${end}/${page[page.length - 1]!.chat}` : `${this.epoch}/${end}`;
    return { chats: page.map((log) => this.describe(log, user)), next, more, epoch: this.epoch };
  }

  /** `short`: a page may be shorter than its limit, but is always next to the place that was asked for. */
  page(user: UserId, chat: ChatHash, place: URLSearchParams, short: boolean): Page | null {
    const log = this.chats.get(chat);
    if (log === undefined || this.memberOf(chat, user) === undefined) return null;
    const { messages } = log;
    const limit = Number(place.get("limit") ?? "50");
    const size = short ? this.random.int(1, limit) : limit;
    const before = place.get("before"), after = place.get("after"), around = place.get("around");
    let from = messages.length - size, to = messages.length;
    if (before !== null) [from, to] = [Number(before) - 1 - size, Number(before) - 1];
    if (after !== null) [from, to] = [Number(after), Number(after) + size];
    if (around !== null) {
      from = Math.max(0, Math.min(Number(around) - 1 - (size >> 1), messages.length - size));
      to = from + size;
    }
    return { messages: messages.slice(Math.max(0, from), Math.max(0, to)), last_seq: messages.length };
  }

  get changes(): number { return this.version; }

  /** Chats with a message since then, for the sweep of the gateways. */
  tips(since: number): { chat: ChatHash; lastSeq: Seq }[] {
    const written = [...this.chats.values()].filter((log) => log.written > since);
    return written.map(({ chat, messages }) => ({ chat, lastSeq: messages.length }));
  }

  backup(): Backup {
    const copy = (members: Member[]) => members.map((member) => ({ ...member }));
    return [...this.chats.values()].map(({ chat, messages, members }) => ({ chat, length: messages.length, members: copy(members) }));
  }

  /** A chat that is not in the backup stays, empty: who writes into a chat that is gone has not_found, which is another story. */
  restore(backup: Backup): Message[] {
    const lost: Message[] = [];
    this.epochNumber += 1;
    for (const log of this.chats.values()) {
      const kept = backup.find((one) => one.chat === log.chat);
      lost.push(...log.messages.splice(kept?.length ?? 0));
      log.members = kept?.members.map((member) => ({ ...member })) ?? log.members.map((member) => ({ ...member, delivered: 0, read: 0 }));
      log.changed = log.written = ++this.version;
    }
    return lost;
  }

  private isListed(log: Log, user: UserId): boolean {
    return log.members.some((member) => member.user_id === user) && (log.messages.length > 0 || log.opened.has(user));
  }

  private describe(log: Log, user: UserId): Chat {
    const { chat, messages } = log;
    const read = log.members.find((member) => member.user_id === user)?.read ?? 0;
    return {
      chat, kind: "direct", last_seq: messages.length, unread: messages.length - read,
      last_message: messages[messages.length - 1] ?? null, members: log.members.map((member) => ({ ...member })),
    };
  }
}
