// What must be true of every schedule: while it runs, and after the world has healed.

import type { Account } from "../../src/core/account";
import type { Timeline } from "../../src/core/history/timeline";
import { windowMax } from "../../src/core/history/timeline";
import type { Pending } from "../../src/core/outbox/outbox";
import type { ChatHash, ClientFrame, Message, Seq, ServerFrame, UserId } from "../../src/protocol/types";
import type { Link } from "./network";
import type { ModelServer } from "./server";
import type { Tab } from "./tab";

export interface Written {
  body: string;
  user: UserId;
  chat: ChatHash;
  lineage: string;
  /** Its place among what this tab wrote. */
  number: number;
  stored: boolean;
  /** The page ended before the browser had written it down: it may or may not exist. */
  perhaps: boolean;
  /** A device of the writer was told that it is on the server, or a restore took it from there. */
  told: boolean;
  lost: boolean;
  retried: boolean;
  deleted: boolean;
  mendedAt: number;
}

export class Violation extends Error {}

export class Checks {
  readonly written = new Map<string, Written>();
  private numbers = 0;
  /** The highest seq a person saw, by epoch, user and chat. */
  private seen = new Map<string, Seq>();
  private flights = new Map<Tab, Map<ChatHash, { id: string; link: Link }>>();
  private checked = new WeakMap<Timeline, readonly Message[]>();
  first: Violation | null = null;

  constructor(private readonly server: ModelServer) {}

  /** Kept, not thrown: a promise of the product must not swallow it. */
  fail(words: string): void { this.first ??= new Violation(words); }

  write(tab: Tab, chat: ChatHash, kind: string): string {
    const number = ++this.numbers;
    const body = `${kind}${tab.lineage} ${number}`;
    this.written.set(body, {
      body, chat, number, user: tab.device.user.id, lineage: tab.lineage,
      stored: false, perhaps: false, told: false, lost: false, retried: false, deleted: false, mendedAt: 0,
    });
    return body;
  }

  stored(pending: Pending): void { this.note(pending.body, (one) => { one.stored = true; }); }

  unstored(entries: readonly Pending[]): void {
    for (const { body } of entries) this.note(body, (one) => { one.perhaps ||= !one.stored; });
  }

  told(user: UserId, message: { from: UserId; body: string }): void {
    if (message.from === user) this.note(message.body, (one) => { one.told = true; });
  }

  /** Restored away: gone for good if its writer was told; else it is still pending, and must come again. */
  lose(messages: readonly Message[]): void {
    for (const { body } of messages) this.note(body, (one) => { one.lost = true; });
  }

  saw(tab: Tab, chat: ChatHash, seq: Seq): void {
    const key = this.seenKey(tab, chat);
    this.seen.set(key, Math.max(seq, this.seen.get(key) ?? 0));
  }

  begin(tab: Tab, account: Account): void {
    const { api } = account;
    const page = api.page.bind(api);
    const underWay = new Set<ChatHash>();
    api.page = (chat, place, limit) => {
      if (!tab.synced) this.fail(`${tab.name} asked for history of ${chat} before the first sync was done`);
      if (underWay.has(chat)) this.fail(`${tab.name} has two fetches of ${chat} in flight`);
      underWay.add(chat);
      return page(chat, place, limit).finally(() => underWay.delete(chat));
    };
    account.historyVersion.subscribe(() => this.timelines(tab));
  }

  private timelines(tab: Tab): void {
    for (const [chat, { timeline }] of tab.inside?.histories ?? []) {
      const { messages } = timeline;
      if (this.checked.get(timeline) === messages) continue;
      this.checked.set(timeline, messages);
      if (messages.length > windowMax) this.fail(`${tab.name} shows ${messages.length} messages of ${chat}`);
      const broken = messages.find((message, index) => index > 0 && message.seq !== messages[index - 1]!.seq + 1);
      if (broken !== undefined) this.fail(`${tab.name} shows ${chat} not in order, or with a hole, at ${broken.seq}`);
    }
  }

  sent(tab: Tab, link: Link, frame: ClientFrame): void {
    if (frame.type === "send") this.sentMessage(tab, link, frame.id, frame.chat, frame.body);
    if (frame.type === "cursor") this.sentCursor(tab, frame.chat, frame.read ?? 0);
  }

  private sentMessage(tab: Tab, link: Link, id: string, chat: ChatHash, body: string): void {
    if (this.written.get(body)?.stored === false && !tab.device.refusesStorage) this.fail(`${tab.name} sent ${body} before it was stored`);
    const flights = this.flights.get(tab) ?? new Map<ChatHash, { id: string; link: Link }>();
    this.flights.set(tab, flights);
    const before = flights.get(chat);
    const pending = tab.account?.outbox.pending.get().some((entry) => entry.id === before?.id && entry.failed === null);
    if (before !== undefined && before.id !== id && before.link === link && pending) this.fail(`${tab.name} has two sends of ${chat} in flight`);
    flights.set(chat, { id, link });
  }

  private sentCursor(tab: Tab, chat: ChatHash, read: Seq): void {
    // What a tab says of a history that was restored away is about other messages.
    if (tab.inside?.sync.place.epoch !== this.server.epoch) return;
    const known = this.server.memberOf(chat, tab.device.user.id)?.read ?? 0;
    const seen = this.seen.get(this.seenKey(tab, chat)) ?? 0;
    if (read > Math.max(known, seen)) this.fail(`${tab.name} says ${chat} is read up to ${read}, but only ${Math.max(known, seen)} was seen`);
  }

  received(tab: Tab, _: Link, frame: ServerFrame): void {
    if (frame.type !== "ack" && frame.type !== "error") return;
    for (const [chat, flight] of this.flights.get(tab) ?? []) if (flight.id === frame.id) this.flights.get(tab)?.delete(chat);
  }

  private seenKey(tab: Tab, chat: ChatHash): string { return `${tab.inside?.sync.place.epoch} ${tab.device.user.id} ${chat}`; }

  private note(body: string, change: (one: Written) => void): void {
    const one = this.written.get(body);
    if (one !== undefined) change(one);
  }
}
