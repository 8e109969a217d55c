import assert from "node:assert/strict";
import test from "node:test";
import { makeOutbox as make } from "./outbox-world";
import { MemoryOutbox, settle, World } from "./world";

test("one send is in flight per chat, in the order of writing", async () => {
  const { outbox, bodies, id } = make();
  outbox.connected();
  void outbox.write("a", "1");
  void outbox.write("a", "2");
  void outbox.write("b", "other");
  await settle();
  assert.deepEqual(bodies(), ["1", "other"]);
  outbox.settled(id(0));
  assert.deepEqual(bodies(), ["1", "other", "2"]);
});

test("a message is stored under its id before the first try, and a slow store keeps the order", async () => {
  const storage = new MemoryOutbox();
  let letGo = () => {};
  const put = storage.put.bind(storage);
  storage.put = async (entry) => {
    if (entry.body === "1") await new Promise<void>((resolve) => { letGo = resolve; });
    return put(entry);
  };
  const { outbox, bodies } = make(new World(), storage);
  outbox.connected();
  void outbox.write("a", "1");
  void outbox.write("a", "2");
  await settle();
  assert.deepEqual(bodies(), []);
  letGo();
  await settle();
  assert.deepEqual(bodies(), ["1"]);
});

test("after a reload the same frames go out again, once and in order", async () => {
  const world = new World();
  const storage = new MemoryOutbox();
  const first = make(world, storage);
  await first.outbox.write("a", "1");
  await first.outbox.write("a", "2");
  const second = make(world, storage);
  await second.outbox.load();
  assert.deepEqual(second.bodies(), []);
  second.outbox.connected();
  assert.deepEqual(second.bodies(), ["1"]);
  assert.equal(second.id(0), [...storage.entries.keys()][0]);
  second.outbox.settled(second.id(0));
  second.outbox.settled(second.id(1));
  await settle();
  assert.equal(storage.entries.size, 0);
});

test("a lost socket repeats the same id on the next one", async () => {
  const { outbox, id } = make();
  outbox.connected();
  await outbox.write("a", "1");
  outbox.disconnected();
  outbox.connected();
  assert.equal(id(0), id(1));
});

test("no answer in 10 s casts doubt on the socket", async () => {
  const { world, outbox, suspected } = make();
  outbox.connected();
  await outbox.write("a", "1");
  await world.pass(9_999);
  assert.equal(suspected(), 0);
  await world.pass(1);
  assert.equal(suspected(), 1);
});

test("unavailable waits and repeats, nothing overtakes; a final error fails and the next goes", async () => {
  const { world, outbox, bodies, id, storage } = make();
  outbox.connected();
  await outbox.write("a", "1");
  await outbox.write("a", "2");
  outbox.refused({ type: "error", id: id(0), code: "unavailable", message: "", retryable: true, retry_after_ms: 800 });
  await world.pass(799);
  assert.deepEqual(bodies(), ["1"]);
  await world.pass(1);
  assert.deepEqual(bodies(), ["1", "1"]);
  outbox.refused({ type: "error", id: id(0), code: "too_large", message: "", retryable: false });
  assert.deepEqual(bodies(), ["1", "1", "2"]);
  await settle();
  assert.equal(storage.entries.get(id(0))?.failed, "too_large");
});

test("retry keeps the id, but takes a new one after a conflict", async () => {
  const { outbox, id, sent } = make();
  outbox.connected();
  await outbox.write("a", "1");
  outbox.refused({ type: "error", id: id(0), code: "not_found", message: "", retryable: false });
  await outbox.retry(id(0));
  assert.equal(id(1), id(0));
  outbox.refused({ type: "error", id: id(1), code: "conflict", message: "", retryable: false });
  await outbox.retry(id(1));
  assert.notEqual(id(2), id(0));
  assert.equal(sent.length, 3);
});

test("a new id takes the place of the old one in one step: no end of the page loses the message", async () => {
  const { outbox, id, storage } = make();
  outbox.connected();
  await outbox.write("a", "1");
  outbox.refused({ type: "error", id: id(0), code: "conflict", message: "", retryable: false });
  await settle();
  const sizes: number[] = [];
  for (const name of ["put", "remove"] as const) {
    const change = storage[name].bind(storage) as (...given: unknown[]) => Promise<void>;
    storage[name] = async (...given: unknown[]) => { await change(...given); sizes.push(storage.entries.size); };
  }
  await outbox.retry(id(0));
  assert.deepEqual(sizes, [1]);
  assert.deepEqual([...storage.entries.keys()], [id(1)]);
});
