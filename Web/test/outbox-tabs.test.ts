// Several tabs of one browser share a storage: each sends what it wrote, and what a tab that ended left behind.

import assert from "node:assert/strict";
import test from "node:test";
import { browser } from "./outbox-world";
import { settle } from "./world";

test("what a closed tab had not sent is sent by another one, and not before it closed", async () => {
  const { tab } = browser();
  const closing = tab();
  const staying = tab();
  staying.outbox.connected();
  await settle();
  await closing.outbox.write("a", "1");
  await settle();
  assert.deepEqual(staying.bodies(), []);
  closing.outbox.stop();
  await settle();
  assert.deepEqual(staying.bodies(), ["1"]);
});

test("what one tab deletes or tries again, the others no longer show as failed", async () => {
  const { tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "deleted"], ["b", "tried again"]);
  await settle();
  for (const index of [0, 1]) {
    first.outbox.refused({ type: "error", id: first.id(index), code: "not_found", message: "", retryable: false });
  }
  await settle();
  const second = tab();
  await second.outbox.load();
  assert.equal(second.outbox.pending.get().length, 2);
  first.outbox.remove(first.id(0));
  await first.outbox.retry(first.id(1));
  assert.deepEqual(second.outbox.pending.get(), []);
  assert.deepEqual(first.bodies(), ["deleted", "tried again", "tried again"]);
});

test("a tab that ends right after a write leaves it to one that was opened later", async () => {
  const { storage, tab } = browser();
  const closing = tab();
  const staying = tab();
  staying.outbox.connected();
  await settle();
  // Stored, but the tab had no time for another word.
  await storage.put({ id: "x", user: "me", chat: "a", body: "1", order: 1, failed: null });
  closing.outbox.stop();
  await settle();
  assert.deepEqual(staying.bodies(), ["1"]);
});

test("what one tab knows to be sent, the others neither send nor show, but wait for the answer to their own send", async () => {
  const { tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"], ["a", "2"]);
  const second = tab();
  await second.outbox.load();
  const left = () => second.outbox.pending.get().map((entry) => entry.body);
  first.outbox.settled(first.id(0));
  assert.deepEqual(left(), ["2"]);
  second.outbox.connected();
  first.outbox.settled(first.id(1));
  assert.deepEqual(left(), ["2"]);
  second.outbox.settled(second.id(0));
  assert.deepEqual(left(), []);
});

test("a message that two tabs try again at once is sent by both under one id, and not lost between them", async () => {
  const { world, storage, tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"]);
  first.outbox.refused({ type: "error", id: first.id(0), code: "not_found", message: "", retryable: false });
  await settle();
  const second = tab();
  await second.outbox.load();
  second.outbox.connected();
  world.holdWords();
  await first.outbox.retry(first.id(0));
  await second.outbox.retry(first.id(0));
  world.letWordsGo();
  assert.deepEqual([first.id(1), second.id(0)], [first.id(0), first.id(0)]);
  assert.deepEqual(second.outbox.pending.get().map((entry) => entry.failed), [null]);
  assert.equal(storage.entries.size, 1);
});

test("what one tab sends under a new id, another does not send under the old one", async () => {
  const { tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"]);
  const second = tab();
  await second.outbox.load();
  first.outbox.refused({ type: "error", id: first.id(0), code: "conflict", message: "", retryable: false });
  await first.outbox.retry(first.id(0));
  second.outbox.connected();
  assert.deepEqual(second.bodies(), []);
});

test("a refusal that comes when another tab knows the message to be sent is not shown", async () => {
  const { storage, tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"]);
  const second = tab();
  await second.outbox.load();
  second.outbox.connected();
  first.outbox.settled(first.id(0));
  second.outbox.refused({ type: "error", id: first.id(0), code: "not_found", message: "", retryable: false });
  assert.deepEqual(second.outbox.pending.get(), []);
  await settle();
  assert.equal(storage.entries.size, 0);
});

test("a tab that is still storing a refusal does not take away what another one tries again", async () => {
  const { storage, tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"]);
  const second = tab();
  await second.outbox.load();
  second.outbox.connected();
  const refusal = { type: "error", id: first.id(0), code: "not_found", message: "", retryable: false } as const;
  first.outbox.refused(refusal);
  await settle();
  const put = storage.put.bind(storage);
  let letGo = () => {};
  storage.put = async (entry) => { await new Promise<void>((resolve) => { letGo = resolve; }); return put(entry); };
  second.outbox.refused(refusal);
  storage.put = put;
  await first.outbox.retry(first.id(0));
  letGo();
  await settle();
  assert.deepEqual([...storage.entries.keys()], [first.id(0)]);
});

test("what is sent or deleted while the storage is read does not come back", async () => {
  const { tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"]);
  const second = tab();
  const loading = second.outbox.load();
  first.outbox.settled(first.id(0));
  await loading;
  assert.deepEqual(second.outbox.pending.get(), []);
});

test("what another tab said is sent, and had no time to take out of the storage, is taken out", async () => {
  const { storage, tab, tabThatWrote } = browser();
  const first = await tabThatWrote(["a", "1"]);
  const second = tab();
  const remove = storage.remove.bind(storage);
  storage.remove = () => new Promise(() => {});
  const loading = second.outbox.load();
  first.outbox.settled(first.id(0));
  storage.remove = remove;
  await loading;
  await settle();
  assert.equal(storage.entries.size, 0);
});
