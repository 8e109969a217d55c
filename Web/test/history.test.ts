import assert from "node:assert/strict";
import test from "node:test";
import { HistoryLoader } from "../src/core/history/loader";
import { Timeline, windowMax } from "../src/core/history/timeline";
import type { Message } from "../src/protocol/types";
import { sentAt, settle, World } from "./world";

const message = (seq: number): Message => ({ chat: "c", seq, id: `id-${seq}`, from: "u", body: `m${seq}`, sent_at: sentAt });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const shown = (timeline: Timeline) => timeline.messages.map((one) => one.seq);

test("messages are shown in order, repeats are dropped, what leaves a hole waits", () => {
  const timeline = new Timeline();
  timeline.reset(range(1, 3), 3);
  assert.equal(timeline.receive(message(3)), "dropped");
  assert.equal(timeline.receive(message(6)), "waiting");
  assert.equal(timeline.receive(message(5)), "waiting");
  assert.deepEqual(shown(timeline), [1, 2, 3]);
  assert.equal(timeline.receive(message(4)), "shown");
  assert.deepEqual(shown(timeline), [1, 2, 3, 4, 5, 6]);
  assert.equal(timeline.hole, false);
});

test("a page below what is shown extends up without a hole, and the window stays bounded", () => {
  const timeline = new Timeline();
  timeline.reset(range(901, 1000), 1000);
  for (let first = 901; first > 1; first -= 50) timeline.extendUp(range(first - 50, first - 1));
  assert.equal(timeline.first, 1);
  assert.equal(timeline.messages.length, windowMax);
  assert.ok(timeline.cutBelow && !timeline.atEnd);
  assert.equal(timeline.receive(message(1001)), "dropped");
  assert.equal(timeline.lastSeq, 1001);
  timeline.extendDown(range(windowMax + 1, 1001), 1001);
  assert.ok(timeline.atEnd && !timeline.cutBelow);
});

function loaderOf(world: World, to: () => number) {
  const asked: string[] = [];
  let ready = true;
  const loader = new HistoryLoader("c", {
    page: async (_, place, limit = 50) => {
      asked.push(JSON.stringify(place));
      if ("after" in place) return { messages: range(place.after + 1, Math.min(to(), place.after + limit)), last_seq: to() };
      return { messages: range(Math.max(1, to() - limit + 1), to()), last_seq: to() };
    },
  }, world.tab().clock, () => ready, () => {});
  return { loader, asked, setReady: (value: boolean) => { ready = value; } };
}

test("a hole that closes within 250 ms is not fetched; one that lasts is, once", async () => {
  const world = new World();
  let end = 3;
  const { loader, asked } = loaderOf(world, () => end);
  await loader.open(3, 3);
  end = 7;
  loader.receive(message(5));
  loader.receive(message(4));
  await world.pass(300);
  assert.deepEqual(asked, ["{}"]);
  loader.receive(message(7));
  await world.pass(249);
  assert.deepEqual(asked, ["{}"]);
  await world.pass(1);
  assert.deepEqual(asked, ["{}", '{"after":5}']);
  assert.deepEqual(shown(loader.timeline), [1, 2, 3, 4, 5, 6, 7]);
});

test("a message that comes while the first page is on its way is fetched after it", async () => {
  const { loader, asked } = loaderOf(new World(), () => 3);
  const opening = loader.open(3, 3);
  loader.receive(message(4));
  await opening;
  await settle();
  assert.deepEqual(asked, ["{}", '{"after":3}']);
});

test("no fetch before the first sync is done, and the newest page when too far behind", async () => {
  const world = new World();
  let end = 3;
  const { loader, asked, setReady } = loaderOf(world, () => end);
  await loader.open(3, 3);
  setReady(false);
  end = 5;
  loader.heardOf(5);
  await world.pass(1000);
  assert.deepEqual(asked, ["{}"]);
  setReady(true);
  end = 5000;
  loader.heardOf(5000);
  await world.pass(10);
  assert.deepEqual(asked, ["{}", "{}"]);
  assert.equal(loader.timeline.last, 5000);
  assert.equal(loader.timeline.skippedTo, loader.timeline.first);
});

test("too far behind while reading further up: the reader keeps their place and reads on from there", async () => {
  const world = new World();
  let end = 30;
  const { loader, asked } = loaderOf(world, () => end);
  await loader.open(30, 30);
  loader.timeline.reading = true;
  end = 5000;
  loader.heardOf(5000);
  await world.pass(10);
  assert.deepEqual([loader.timeline.last, loader.timeline.lastSeq, loader.timeline.cutBelow], [30, 5000, true]);
  await loader.newer();
  assert.deepEqual([asked[1], loader.timeline.last], ['{"after":30}', 80]);
});

test("live messages never make the window longer: it gives way above, or below while somebody reads further up", () => {
  const timeline = new Timeline();
  timeline.reset(range(1, 50), 50);
  for (let seq = 51; seq <= 1000; seq += 1) timeline.receive(message(seq));
  assert.equal(timeline.messages.length, windowMax);
  assert.equal(timeline.last, 1000);
  timeline.reading = true;
  assert.equal(timeline.receive(message(1001)), "shown");
  assert.deepEqual([timeline.last, timeline.lastSeq, timeline.cutBelow], [1000, 1001, true]);
  timeline.extendDown([message(1001)], 1001, true);
  assert.deepEqual([timeline.last, timeline.cutBelow, timeline.messages.length], [1001, false, windowMax]);
});
