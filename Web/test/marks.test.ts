import assert from "node:assert/strict";
import test from "node:test";
import type { SyncAnswer } from "../src/protocol/types";
import { message, start } from "./one-chat";
import { settle, type World } from "./world";

/** From now on nothing changed since the client's cursor. */
function nothingNew(world: World): void {
  const answer = world.answer;
  world.answer = (method, path, body) => {
    const { status, body: said } = answer(method, path, body);
    return { status, body: path.includes("/sync") ? { ...(said as SyncAnswer), chats: [] } : said };
  };
}

const reads = (world: World) => world.socket.sent.filter((frame) => frame["type"] === "cursor").map((frame) => frame["read"]);

test("a cursor that was lost is said again after the next sync, though that lists no chat", async () => {
  const { world, open, connect } = await start([message(1), message(2)]);
  const account = await open();
  await connect();
  nothingNew(world);
  account.seen("c", 2);
  world.socket.events.closed(1006);
  await world.pass(1_000);
  await connect();
  await world.pass(600);
  assert.deepEqual(reads(world), [2]);
});

test("a cursor that was lost before a reload is said again after it", async () => {
  const { world, open, connect } = await start([message(1), message(2)]);
  const first = await open();
  await connect();
  nothingNew(world);
  first.seen("c", 2);
  await world.pass(1_000);
  first.stop();
  await open();
  await connect();
  assert.deepEqual(reads(world), [2]);
});

test("a cursor that the server has is not said again", async () => {
  const { world, open, connect, read } = await start([message(1), message(2)]);
  const account = await open();
  await connect();
  account.seen("c", 2);
  read.me = 2;
  world.socket.events.closed(1006);
  await world.pass(1_000);
  await connect();
  nothingNew(world);
  world.socket.events.closed(1006);
  await world.pass(1_000);
  await connect();
  await world.pass(600);
  assert.deepEqual(reads(world), []);
});

test("after a restore only what was seen since counts as read", async () => {
  const { world, open, connect, history, epoch } = await start([message(1), message(2), message(3)]);
  const account = await open();
  await connect();
  account.seen("c", 3);
  await world.pass(600);
  epoch.is = "e2";
  history.splice(1);
  const before = world.socket.sent.length;
  world.frame({ type: "resync" });
  await settle();
  account.seen("c", 1);
  await world.pass(600);
  history.push(message(2), message(3));
  world.frame({ type: "resync" });
  await world.pass(600);
  const said = world.socket.sent.slice(before).filter((frame) => frame["type"] === "cursor");
  assert.deepEqual(said.map((frame) => [frame["delivered"], frame["read"]]), [[1, 1], [3, 1]]);
});
