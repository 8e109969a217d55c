import assert from "node:assert/strict";
import test from "node:test";
import { Connection } from "../src/core/connection/connection";
import type { Session } from "../src/core/session/session";
import { settle, welcome, World } from "./world";

function make() {
  const world = new World();
  const token = { is: "first" };
  const session = { accessToken: async () => token.is } as Session;
  const connection = new Connection(world.tab(), session, { live: () => {}, lost: () => {}, frame: () => {} });
  const renew = (next: string) => { token.is = next; connection.renew(next); };
  const hellos = () => world.socket.sent.filter((frame) => frame["type"] === "hello").map((frame) => frame["token"]);
  const open = async () => {
    await settle();
    world.socket.events.opened();
    await settle();
  };
  return { world, connection, renew, hellos, open };
}

test("a renewed token is said on the live socket, and once only", async () => {
  const { world, connection, renew, hellos, open } = make();
  connection.start();
  await open();
  world.frame(welcome());
  renew("second");
  world.frame(welcome());
  assert.deepEqual(hellos(), ["first", "second"]);
});

test("a token renewed between hello and welcome is said after the welcome", async () => {
  const { world, connection, renew, hellos, open } = make();
  connection.start();
  await open();
  renew("second");
  assert.deepEqual(hellos(), ["first"]);
  world.frame(welcome());
  assert.deepEqual(hellos(), ["first", "second"]);
});

test("a token renewed while a drain's next socket says hello reaches that one too", async () => {
  const { world, connection, renew, hellos, open } = make();
  connection.start();
  await open();
  world.frame(welcome());
  world.frame({ type: "drain", reconnect_after_ms: 0 });
  await world.pass(1);
  await open();
  renew("second");
  world.frame(welcome("c2"));
  assert.deepEqual(hellos(), ["first", "second"]);
});
