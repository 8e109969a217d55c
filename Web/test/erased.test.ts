import assert from "node:assert/strict";
import test from "node:test";
import { message, shown, start } from "./one-chat";
import { settle } from "./world";

test("what was erased is read again, and its text is nowhere in the browser", async () => {
  const { world, open, connect, history } = await start([message(1), message(2)]);
  const account = await open();
  await connect();
  account.openChat("c");
  await settle();
  for (const one of history) Object.assign(one, { body: "", erased: true });
  world.frame({ type: "resync" });
  await settle();
  account.openChat("c"); // as the pane does that shows it
  await settle();
  assert.deepEqual(account.history("c").timeline.messages.map((one) => [one.body, one.erased]), [["", true], ["", true]]);
  assert.equal(account.chats.get("c")?.lastMessage?.erased, true);
});

test("when somebody known turns out to have deleted their account, what is held of the chat is read again", async () => {
  const { world, open, connect, log } = await start([message(1)]);
  const answer = world.answer;
  let user: object = { id: "you", username: "bob", display_name: "Bob" };
  world.answer = (method, path, body) => path.includes("/users?") ? { status: 200, body: { users: [user] } } : answer(method, path, body);
  const first = await open();
  await connect();
  first.openChat("c");
  await world.pass(1_000);
  assert.equal(first.directory.users.get().get("you")?.display_name, "Bob");
  first.stop();
  user = { id: "you", username: "", display_name: "Deleted user", deleted: true };
  const second = await open();
  assert.deepEqual(shown(second), [1]);
  await connect();
  const before = log.filter((path) => path.includes("/messages")).length;
  await world.pass(1_000);
  assert.deepEqual(shown(second), []);
  second.openChat("c");
  await settle();
  assert.deepEqual(shown(second), [1]);
  assert.equal(log.filter((path) => path.includes("/messages")).length, before + 1);
});
