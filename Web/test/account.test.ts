import assert from "node:assert/strict";
import test from "node:test";
import type { Chat } from "../src/protocol/types";
import { message, shown, start } from "./one-chat";
import { sentAt, settle } from "./world";

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

test("a chat that could not be fetched, for whatever reason, is asked for again", async () => {
  const { world, open, connect, history } = await start([message(1)]);
  const account = await open();
  await connect();
  const answer = world.answer;
  world.answer = (method, path, body) => path === "/api/v1/chats/d" ? { status: 401, body: null } : answer(method, path, body);
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
  const { world, open, connect, history, epoch } = await start([message(1), message(2)]);
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

test("news of a chat while its answer is on the way: it is asked for once more", async () => {
  const { world, open, connect, history } = await start([message(1)]);
  const account = await open();
  await connect();
  let letGo = () => {};
  world.delay = (path) => path.includes("/chats/c") ? new Promise((resolve) => { letGo = resolve; }) : null;
  for (const seq of [2, 3]) {
    history.push(message(seq));
    world.frame({ type: "resync", chats: [{ chat: "c", last_seq: seq }] });
    await settle();
  }
  world.delay = () => null;
  letGo();
  await settle();
  assert.equal(account.chats.get("c")?.lastMessage?.seq, 3);
});

test("a page that knows of a newer message than the list of chats brings the list up to date", async () => {
  const { world, open, connect, history } = await start([message(1)]);
  const account = await open();
  await connect();
  await account.write("c", "hello");
  const id = account.outbox.pending.get()[0]?.id ?? "";
  history.push({ ...message(2, "me"), id, body: "hello" });
  account.openChat("c");
  await settle();
  world.frame({ type: "ack", id, chat: "c", seq: 2, sent_at: sentAt });
  assert.equal(account.chats.get("c")?.lastMessage?.body, "hello");
});

test("an ack of a message that another tab knew to be sent is news of its chat", async () => {
  const { world, open, connect, history } = await start([message(1)]);
  const account = await open();
  await connect();
  account.openChat("c");
  await account.write("c", "hello");
  const id = account.outbox.pending.get()[0]?.id ?? "";
  history.push({ ...message(2, "me"), id, body: "hello" });
  world.tab().tabs.post({ outbox: "me", gone: id });
  world.frame({ type: "ack", id, chat: "c", seq: 2, sent_at: sentAt });
  await settle();
  assert.deepEqual(shown(account), [1, 2]);
  assert.equal(account.chats.get("c")?.lastSeq, 2);
});

test("a chat that is not known is not asked for before the first sync, which may list it", async () => {
  const { log, open, connect } = await start([message(1)]);
  const account = await open();
  account.openChat("c");
  await connect();
  assert.ok(!log.includes("/api/v1/chats/c"));
  assert.equal(account.chats.get("c")?.lastSeq, 1);
});

test("an account that is left while it starts opens no socket", async () => {
  const { world, make } = await start([message(1)]);
  const account = make();
  const starting = account.start();
  account.stop();
  await starting;
  await settle();
  assert.equal(world.sockets.length, 0);
});
