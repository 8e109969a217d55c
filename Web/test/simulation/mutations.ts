// Single safeguards of the core, each taken away by a change of one method. The simulator must notice every one of them.

import { Account } from "../../src/core/account";
import { ChatList } from "../../src/core/chats/chat-list";
import { Marks } from "../../src/core/chats/marks";
import { Connection } from "../../src/core/connection/connection";
import { HistoryLoader } from "../../src/core/history/loader";
import { Timeline } from "../../src/core/history/timeline";
import { Outbox, type Pending } from "../../src/core/outbox/outbox";
import { Session } from "../../src/core/session/session";
import { Sync } from "../../src/core/sync";

/** What is changed here is private, and meant to be. */
type Any = any;
type Method = (this: Any, ...given: Any[]) => Any;

export interface Mutation {
  name: string;
  /** Takes the safeguard away, and gives what brings it back. */
  apply(): () => void;
}

const made: Mutation[] = [];

/** `change` gets the method as it was. */
function mutation(name: string, owner: { prototype: object }, method: string, change: (was: Method) => Method): void {
  made.push({
    name,
    apply() {
      const methods = owner.prototype as Record<string, Method>;
      const was = methods[method];
      if (was === undefined) throw new Error(`${method} is no more: mend the mutation "${name}"`);
      methods[method] = change(was);
      return () => { methods[method] = was; };
    },
  });
}

const nothing = (): Method => () => {};

mutation("sync before welcome", Connection, "hello", (was) => function (number) {
  // What Account does at the welcome, done at the hello.
  this.events.live({ history_epoch: "" });
  this.events.live = () => {};
  return was.call(this, number);
});
mutation("no sync after a reconnect", Sync, "begin", (was) => function (epoch) {
  if (this.place.cursor === null) return was.call(this, epoch);
  this.stop();
  this.ended(true);
});
mutation("an interrupted sync goes on in its middle", Sync, "pages", (was) => function (generation) {
  const { fetch } = this.host;
  this.place = { ...this.place, cursor: this.middle ?? this.place.cursor };
  this.host.fetch = async (since: string | null) => {
    const answer = await fetch(since);
    this.middle = answer.next;
    return answer;
  };
  return was.call(this, generation).finally(() => { this.host.fetch = fetch; });
});
mutation("a new id on every try", Outbox, "connected", (was) => function () {
  this.pending.set(this.pending.get().map((entry: Pending) => (entry.failed === null ? { ...entry, id: this.environment.makeId() } : entry)));
  return was.call(this);
});
mutation("taken out of the outbox when sent", Outbox, "pump", (was) => function (chat) {
  was.call(this, chat);
  const { id } = this.flights.get(chat) ?? {};
  if (id !== undefined) this.settled(id);
});
mutation("two in flight", Outbox, "pump", () => function (chat) {
  if (!this.live) return;
  for (const { id, body, failed, chat: of } of this.pending.get()) {
    if (of === chat && failed === null && !this.unstored.has(id)) this.wire.send({ type: "send", id, chat, body });
  }
});
mutation("sent before it is stored", Outbox, "store", (was) => function (...given) {
  void was.apply(this, given);
  this.unstored.clear();
  return Promise.resolve();
});
mutation("not stored", Outbox, "store", () => () => Promise.resolve());
mutation("not forgotten by the storage", Outbox, "settled", (was) => function (id) {
  const { storage } = this;
  this.storage = { ...storage, remove: () => Promise.resolve() };
  was.call(this, id);
  this.storage = storage;
});
mutation("what a closed tab left is nobody's", Outbox, "heard", nothing);
mutation("no answer is waited for without end", Outbox, "connected", (was) => function () {
  this.wire = { send: this.wire.send.bind(this.wire), suspect: () => {} };
  return was.call(this);
});
mutation("unavailable is final", Outbox, "refused", (was) => function (error) { return was.call(this, { ...error, retryable: false, code: "internal" }); });
mutation("an ack settles nothing", Account, "acked", nothing);
mutation("appended without a look at seq", Timeline, "receive", () => function (message) {
  this.lastSeq = Math.max(this.lastSeq, message.seq);
  if (!this.loaded) return "dropped";
  this.messages = [...this.messages, message];
  return "shown";
});
mutation("a window without end", Timeline, "trim", nothing);
mutation("resync of named chats is ignored", Account, "resync", (was) => function (named) { if (named === undefined) was.call(this, named); });
mutation("resync of everything is ignored", Sync, "request", nothing);
mutation("a hole stays", HistoryLoader, "fillHole", nothing);
mutation("history before the first sync", HistoryLoader, "fetch", (was) => function (...given) {
  this.mayFetch = () => true;
  return was.apply(this, given);
});
mutation("two fetches of a chat at once", HistoryLoader, "fetch", (was) => function (...given) {
  this.loading = false;
  return was.apply(this, given);
});
mutation("what came during the first page is forgotten", HistoryLoader, "reset", () => function (place, limit) {
  return this.fetch(place, limit, (page: Any) => this.timeline.reset(page.messages, page.last_seq));
});
mutation("a new epoch is ignored", ChatList, "forgetAll", nothing);
mutation("a new epoch keeps the histories", HistoryLoader, "forget", nothing);
mutation("more counts as read than was seen", Marks, "read", (was) => function (chat, seq) { return was.call(this, chat, seq + 1); });
mutation("a lost cursor stays lost", Marks, "repeat", nothing);
mutation("a zombie is waited for", Connection, "on", (was) => function (event) {
  if (event.is !== "timer" || event.name !== "pong") was.call(this, event);
});
mutation("a token that ended is used on", Session, "renew", () => function () { return Promise.resolve(this.record.accessToken); });
mutation("an account that was left goes on", Account, "stop", nothing);

export const mutations: readonly Mutation[] = made;
