import assert from "node:assert/strict";
import test from "node:test";
import { Sync, type SyncPlace } from "../src/core/sync";
import type { SyncAnswer } from "../src/protocol/types";
import { settle, World } from "./world";

/** Answers are given by hand, in the order of asking. */
function make(place: SyncPlace = { cursor: "start", epoch: "e1" }) {
  const asked: { since: string | null; answer: (next: string, more?: boolean, epoch?: string) => Promise<void>; fail: () => Promise<void> }[] = [];
  const events: string[] = [];
  const host = {
    fetch: (since: string | null) => new Promise<SyncAnswer>((resolve, reject) => {
      asked.push({
        since,
        answer: (next, more = false, epoch = "e1") => { resolve({ chats: [], next, more, epoch }); return settle(); },
        fail: () => { reject(new Error("lost")); return settle(); },
      });
    }),
    newEpoch: () => { events.push("new epoch"); },
    take: () => {},
    store: (next: SyncPlace) => { events.push(`at ${next.cursor ?? "nothing"}`); },
    done: () => { events.push("done"); },
  };
  return { sync: new Sync(place, host, new World().tab().clock, () => 0.5), asked, events };
}

test("a sync that a lost connection interrupted begins again where it began: the rest of its pages lacks what changed meanwhile", async () => {
  const { sync, asked, events } = make();
  sync.begin("e1");
  await asked[0]?.answer("page 2", true);
  await asked[1]?.fail();
  sync.stop();
  sync.begin("e1");
  await asked[2]?.answer("page 2", true);
  await asked[3]?.answer("end");
  assert.deepEqual(asked.map((one) => one.since), ["start", "page 2", "start", "page 2"]);
  assert.deepEqual(events.slice(-2), ["at end", "done"]);
});

test("a new connection does not wait for an answer to the old one, nor believe it", async () => {
  const { sync, asked, events } = make();
  sync.begin("e1");
  sync.stop();
  sync.begin("e1");
  assert.equal(asked.length, 2);
  await asked[0]?.answer("old");
  assert.deepEqual(events, []);
  await asked[1]?.answer("new");
  assert.deepEqual(events, ["at new", "done"]);
  assert.ok(sync.ready);
});

test("a restore before the first sync was ever done is noticed: the welcome named the epoch", async () => {
  const { sync, asked, events } = make({ cursor: null, epoch: null });
  sync.begin("e1");
  await asked[0]?.fail();
  sync.stop();
  sync.begin("e2");
  await asked[1]?.answer("all", false, "e2");
  await asked[2]?.answer("all", false, "e2");
  assert.deepEqual(events, ["new epoch", "at nothing", "new epoch", "at all", "done"]);
});
