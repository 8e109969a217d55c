import assert from "node:assert/strict";
import test from "node:test";
import { unreadOf } from "../src/core/chats/chat-list";
import { Timeline, windowMax } from "../src/core/history/timeline";
import type { Message } from "../src/protocol/types";
import { message, shown, start } from "./one-chat";
import { settle } from "./world";

const hidden = (seq: number): Message => ({ ...message(seq), body: "", hidden: true });

test("a hidden message has its place in the order and is not shown: no hole, no fetch", async () => {
  const { world, log, open, connect } = await start([message(1)]);
  const account = await open();
  await connect();
  account.openChat("c");
  await settle();
  const pages = () => log.filter((path) => path.includes("/messages")).length;
  const before = pages();
  world.frame({ type: "message", ...hidden(2) });
  world.frame({ type: "message", ...message(3) });
  await world.pass(1_000);
  assert.deepEqual(shown(account), [1, 3]);
  assert.equal(pages(), before);
});

test("hidden messages that come out of order wait for each other like all", async () => {
  const timeline = new Timeline();
  timeline.reset([message(1)], 1);
  assert.equal(timeline.receive(message(4)), "waiting");
  assert.equal(timeline.receive(hidden(3)), "waiting");
  assert.equal(timeline.receive(hidden(2)), "shown");
  assert.deepEqual([timeline.messages.map((one) => one.seq), timeline.last, timeline.hole], [[1, 4], 4, false]);
});

test("pages of hidden messages join the window on both sides", () => {
  const timeline = new Timeline();
  timeline.reset([hidden(11), hidden(12)], 12);
  assert.deepEqual([timeline.first, timeline.last, timeline.atEnd, timeline.atStart], [11, 12, true, false]);
  timeline.extendUp([hidden(9), hidden(10)]);
  timeline.extendUp([message(7), hidden(8)]);
  timeline.extendDown([hidden(13), message(14), hidden(15)], 15);
  assert.deepEqual([timeline.first, timeline.last, timeline.messages.map((one) => one.seq)], [7, 15, [7, 14]]);
});

test("hidden messages take no room in the window, and a window that was cut goes on where it ends", () => {
  const timeline = new Timeline();
  timeline.reset([message(1)], 1);
  for (let seq = 2; seq <= 1_000; seq += 1) timeline.receive(hidden(seq));
  assert.deepEqual([timeline.first, timeline.last, timeline.messages.length], [1, 1_000, 1]);
  timeline.reading = true;
  for (let seq = 1_001; seq <= 1_000 + windowMax; seq += 1) timeline.receive(message(seq));
  assert.deepEqual([timeline.first, timeline.last, timeline.cutBelow], [1, 999 + windowMax, true]);
});

test("a hidden message is not news, not unread, not the last one, and moves no chat up", async () => {
  const { world, open, connect, read } = await start([message(1)]);
  read.me = 1;
  const account = await open();
  await connect();
  const news: number[] = [];
  account.onNews = (one) => news.push(one.seq);
  world.frame({ type: "message", ...hidden(2), sent_at: "2026-02-02T00:00:00.000Z" });
  const summary = account.chats.get("c")!;
  assert.deepEqual([news, summary.lastSeq, unreadOf(summary, "me"), summary.lastMessage?.seq], [[], 2, 0, 1]);
  world.frame({ type: "message", ...message(3) });
  assert.deepEqual([news, unreadOf(account.chats.get("c")!, "me")], [[3], 1]);
});

test("a hidden message opens no chat that is not known", async () => {
  const { world, log, open, connect } = await start([message(1)]);
  const account = await open();
  await connect();
  world.frame({ type: "message", ...hidden(1), chat: "d" });
  await settle();
  assert.ok(!log.includes("/api/v1/chats/d"));
  assert.equal(account.chats.get("d"), undefined);
});

test("after the sync the browser knows whom I block; what another device changes shows with the next message", async () => {
  const { world, open, connect } = await start([message(1)]);
  const answer = world.answer;
  let blocks: { user_id: string; blocked_at: string }[] = [];
  world.answer = (method, path, body) => path === "/api/v1/blocks" ? { status: 200, body: { users: blocks } } : answer(method, path, body);
  const account = await open();
  await connect();
  const known = () => [...account.blocks.since.get().keys()];
  assert.deepEqual(known(), []);
  blocks = [{ user_id: "you", blocked_at: "2026-01-01T00:00:00.000Z" }];
  world.frame({ type: "message", ...hidden(2) });
  await settle();
  assert.deepEqual(known(), ["you"]);
  blocks = [];
  world.frame({ type: "message", ...message(3) });
  await settle();
  assert.deepEqual(known(), []);
});

test("a block is known at the next visit before the network answers", async () => {
  const { world, open, connect } = await start([message(1)]);
  const answer = world.answer;
  const users = [{ user_id: "you", blocked_at: "2026-01-01T00:00:00.000Z" }];
  world.answer = (method, path, body) => path === "/api/v1/blocks" ? { status: 200, body: { users } } : answer(method, path, body);
  const first = await open();
  await connect();
  await world.pass(1_000);
  first.stop();
  assert.ok((await open()).blocks.since.get().has("you"));
});

test("an answer about blocks that was overtaken by a newer question says nothing", async () => {
  const { world, open, connect } = await start([message(1)]);
  const answer = world.answer;
  let letGo = () => {};
  let users: { user_id: string; blocked_at: string }[] = [];
  world.answer = (method, path, body) => {
    if (path === "/api/v1/blocks/you") users = [{ user_id: "you", blocked_at: "2026-01-01T00:00:00.000Z" }];
    return path.startsWith("/api/v1/blocks") ? { status: 200, body: { users } } : answer(method, path, body);
  };
  world.delay = (path) => {
    if (path !== "/api/v1/blocks") return null;
    world.delay = () => null;
    return new Promise((resolve) => { letGo = resolve; });
  };
  const account = await open();
  await connect();
  await account.block("you", true);
  letGo();
  await settle();
  assert.deepEqual([...account.blocks.since.get().keys()], ["you"]);
});
