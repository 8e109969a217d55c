import assert from "node:assert/strict";
import test from "node:test";
import { Account } from "../src/core/account";
import type { Snapshot } from "../src/core/cache";
import { Session } from "../src/core/session/session";
import type { Chat, Message } from "../src/protocol/types";
import { MemoryOutbox, sentAt, settle, welcome, World } from "./world";

const me = { id: "me", username: "ada", display_name: "Ada" };
const message = (seq: number, from = "you"): Message => ({ chat: "c", seq, id: `id-${seq}`, from, body: `m${seq}`, sent_at: sentAt });

/** A server with one chat, whose messages a test adds. */
async function start(history: Message[], epoch = { is: "e1" }) {
  const world = new World();
  const log: string[] = [];
  const read = { me: 0 };
  const chat = (): Chat => ({
    chat: "c", kind: "direct", last_seq: history.length, unread: 0, last_message: history[history.length - 1] ?? null,
    members: [{ user_id: "me", delivered: read.me, read: read.me }, { user_id: "you", delivered: 0, read: 0 }],
  });
  world.answer = (_, path) => {
    log.push(path);
    if (path.includes("/auth/login")) {
      return { status: 200, body: { user: me, session_id: "s", access_token: "a", expires_in: 900, refresh_token: "r" } };
    }
    if (path.includes("/sync")) return { status: 200, body: { chats: [chat()], next: `n${history.length}`, more: false, epoch: epoch.is } };
    if (path.includes("/messages")) {
      const after = Number(/after=(\d+)/.exec(path)?.[1] ?? "0");
      return { status: 200, body: { messages: history.slice(after), last_seq: history.length } };
    }
    if (path.includes("/users")) return { status: 200, body: { users: [] } };
    return { status: 200, body: chat() };
  };
  const environment = world.tab();
  const session = new Session(environment);
  await session.signIn("ada", "secret password");
  const outbox = new MemoryOutbox();
  let saved: Snapshot | null = null;
  const snapshots = { load: async () => saved, save: async (next: Snapshot) => { saved = next; }, clear: async () => { saved = null; } };
  const open = async () => {
    const account = new Account(environment, session, { outbox, snapshots }, me);
    await account.start();
    await settle();
    return account;
  };
  const connect = async () => {
    await settle();
    world.socket.events.opened();
    await settle();
    world.frame(welcome());
    await settle();
  };
  return { world, log, outbox, open, connect, read, history };
}

const shown = (account: Account) => account.history("c").timeline.messages.map((one) => one.seq);

test("welcome comes before sync, and a chat opens with its history", async () => {
  const { world, log, open, connect } = await start([message(1), message(2)]);
  const account = await open();
  assert.ok(!log.some((path) => path.includes("/sync")));
  await connect();
  assert.equal(log.filter((path) => path.includes("/sync")).length, 1);
  account.openChat("c");
  await settle();
  assert.deepEqual(shown(account), [1, 2]);
  world.frame({ type: "message", ...message(3) });
  assert.deepEqual(shown(account), [1, 2, 3]);
});

test("an ack counts as the message, and its pending bubble is gone", async () => {
  const { world, open, connect } = await start([message(1)]);
  const account = await open();
  await connect();
  account.openChat("c");
  await settle();
  await account.write("c", "hello");
  const send = world.socket.sent.find((frame) => frame["type"] === "send");
  assert.equal(send?.["body"], "hello");
  world.frame({ type: "ack", id: String(send?.["id"]), chat: "c", seq: 2, sent_at: sentAt });
  assert.deepEqual(shown(account), [1, 2]);
  assert.equal(account.outbox.pending.get().length, 0);
  assert.equal(account.history("c").timeline.messages[1]?.body, "hello");
});

test("a message whose ack was lost is settled by the sync, without a second bubble", async () => {
  const { world, open, connect, history, outbox } = await start([message(1)]);
  const account = await open();
  await connect();
  account.openChat("c");
  await settle();
  await account.write("c", "hello");
  const id = account.outbox.pending.get()[0]?.id ?? "";
  history.push({ ...message(2, "me"), id, body: "hello" });
  world.socket.events.closed(1006);
  await world.pass(1_000);
  await connect();
  assert.deepEqual(shown(account), [1, 2]);
  assert.equal(account.outbox.pending.get().length, 0);
  await settle();
  assert.equal(outbox.entries.size, 0);
});

test("resync fetches what the socket missed", async () => {
  const { world, open, connect, history } = await start([message(1)]);
  const account = await open();
  await connect();
  account.openChat("c");
  await settle();
  history.push(message(2), message(3));
  world.frame({ type: "resync", chats: [{ chat: "c", last_seq: 3 }] });
  await settle();
  assert.deepEqual(shown(account), [1, 2, 3]);
  assert.equal(account.chats.get("c")?.lastSeq, 3);
});

test("a chat that could not be fetched is asked for again", async () => {
  const { world, open, connect, history } = await start([message(1)]);
  const account = await open();
  await connect();
  const answer = world.answer;
  world.answer = (method, path, body) => path === "/api/v1/chats/d" ? { status: 503, body: null } : answer(method, path, body);
  world.frame({ type: "message", ...history[0]!, chat: "d" });
  await settle();
  assert.equal(account.chats.get("d"), undefined);
  world.answer = (method, path, body) => {
    const { status, body: chat } = answer(method, path, body);
    return { status, body: path === "/api/v1/chats/d" ? { ...(chat as Chat), chat: "d" } : chat };
  };
  await world.pass(2_000);
  assert.equal(account.chats.get("d")?.lastSeq, 1);
});

test("the next visit shows the last messages before the network answers", async () => {
  const { world, open, connect } = await start([message(1), message(2)]);
  const first = await open();
  await connect();
  first.openChat("c");
  await settle();
  await world.pass(1_000);
  first.stop();
  const second = await open();
  assert.deepEqual(shown(second), [1, 2]);
  assert.equal(second.loaded.get(), true);
});

test("a new epoch drops what was cached and reads again", async () => {
  const epoch = { is: "e1" };
  const { world, open, connect, history } = await start([message(1), message(2)], epoch);
  const account = await open();
  await connect();
  account.openChat("c");
  await settle();
  epoch.is = "e2";
  history.pop();
  world.socket.events.closed(1012);
  await world.pass(1_000);
  await connect();
  account.openChat("c");
  await settle();
  assert.deepEqual(shown(account), [1]);
});

test("read is sent at most every 500 ms, newest value, and again when a sync shows less", async () => {
  const { world, open, connect } = await start([message(1), message(2), message(3)]);
  const account = await open();
  await connect();
  await world.pass(600);
  const cursors = () => world.socket.sent.filter((frame) => frame["type"] === "cursor").map((frame) => frame["read"]);
  account.seen("c", 1);
  account.seen("c", 2);
  account.seen("c", 3);
  await world.pass(600);
  assert.deepEqual(cursors().slice(-2), [1, 3]);
  world.socket.events.closed(1006);
  await world.pass(1_000);
  await connect();
  await world.pass(600);
  assert.deepEqual(cursors().slice(-1), [3]);
});
