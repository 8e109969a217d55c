import assert from "node:assert/strict";
import test from "node:test";
import { message, shown, start } from "./one-chat";
import { settle } from "./world";

/** The next answer to a path that contains this waits until it is let go. */
function holdNext(world: { delay: (path: string) => Promise<void> | null }, part: string): () => void {
  let letGo = () => {};
  world.delay = (path) => {
    if (!path.includes(part)) return null;
    world.delay = () => null;
    return new Promise((resolve) => { letGo = resolve; });
  };
  return () => letGo();
}

/** The server goes back to a copy from when the chat had one message, and says so. */
async function restore({ world, history, epoch }: Awaited<ReturnType<typeof start>>): Promise<void> {
  epoch.is = "e2";
  history.splice(1);
  world.frame({ type: "resync" });
  await settle();
}

test("a page from before a restore is not shown after it, and settles nothing", async () => {
  const server = await start([message(1)]);
  const { world, open, connect, history } = server;
  const account = await open();
  await connect();
  await account.write("c", "hello");
  const id = account.outbox.pending.get()[0]?.id ?? "";
  history.push({ ...message(2, "me"), id, body: "hello" }, message(3));
  const letGo = holdNext(world, "/messages");
  account.openChat("c");
  await settle();
  await restore(server);
  letGo();
  await settle();
  assert.equal(account.outbox.pending.get().length, 1);
  account.openChat("c");
  await settle();
  assert.deepEqual(shown(account), [1]);
  assert.equal(account.history("c").timeline.lastSeq, 1);
});

test("a chat's answer from before a restore is forgotten", async () => {
  const server = await start([message(1)]);
  const { world, open, connect, history } = server;
  const account = await open();
  await connect();
  history.push(message(2), message(3));
  const letGo = holdNext(world, "/chats/c");
  world.frame({ type: "resync", chats: [{ chat: "c", last_seq: 3 }] });
  await settle();
  await restore(server);
  letGo();
  await settle();
  assert.equal(account.chats.get("c")?.lastSeq, 1);
});

test("what was learned before the first welcome named the history is learned anew", async () => {
  const { open, connect, history } = await start([message(1), message(2), message(3)]);
  const account = await open();
  await account.startChat({ id: "you", username: "bob", display_name: "Bob" });
  assert.equal(account.chats.get("c")?.lastSeq, 3);
  history.splice(1);
  await connect();
  assert.equal(account.chats.get("c")?.lastSeq, 1);
});
