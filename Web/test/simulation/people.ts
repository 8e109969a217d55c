// What people do at their tabs, right or wrong in time: they write, read, open chats, scroll, try again, sign in again.

import { SignedOut } from "../../src/core/session/session";
import type { Tab } from "./tab";
import type { World } from "./world";

const writeBurstMax = 4;

/** One thing that the person at this tab does now. */
export function act(world: World, tab: Tab): void {
  const { random } = world;
  const { account } = tab;
  if (account === null) return signIn(world, tab);
  const { word } = account.connection.health.get();
  if (["replaced", "fault", "outdated"].includes(word)) return account.connection.reconnectNow();
  const doings: [number, () => void][] = [
    [6, () => write(world, tab)],
    [4, () => openSome(world, tab)],
    [2, () => tab.scrollUp()],
    [2, () => tab.scrollDown()],
    [1, () => tab.toNewest()],
    [1, () => tab.open(null)],
    [1, () => { tab.focused = !tab.focused; }],
    [1, () => startChat(world, tab)],
    [1, () => tab.chat !== null && account.presence.sayTyping(tab.chat, random.chance(0.7))],
    [3, () => mend(world, tab)],
    // The banner has a button then.
    [1, () => { if (word === "waiting" || word === "offline") account.connection.reconnectNow(); }],
    [0.2, () => void tab.session.signOut()],
  ];
  let at = random.next() * doings.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, doing] of doings) if ((at -= weight) < 0) return doing();
}

function signIn(world: World, tab: Tab): void {
  world.note(() => `${tab.name}: signs in`);
  tab.session.signIn(tab.device.user.id, "secret password").catch(() => {});
}

function write(world: World, tab: Tab): void {
  const { random } = world;
  if (tab.chat === null || tab.account?.chats.get(tab.chat) === undefined) return openSome(world, tab);
  for (let left = random.int(1, writeBurstMax); left > 0; left -= 1) {
    const kind = random.chance(0.1) ? random.pick(["refused ", "refused-once ", "conflict "])! : "";
    const body = world.checks.write(tab, tab.chat, kind);
    world.note(() => `${tab.name}: writes "${body}" in ${tab.chat}`);
    void tab.account.write(tab.chat, body);
    tab.toNewest();
  }
}

function openSome(world: World, tab: Tab): void {
  const chat = world.random.pick(tab.account?.chats.ordered.get() ?? [])?.chat ?? world.random.pick(world.chatsOf(tab.device.user.id));
  world.note(() => `${tab.name}: opens ${chat}`);
  if (chat !== undefined) tab.open(chat);
}

function startChat(world: World, tab: Tab): void {
  const other = world.random.pick(world.users)!;
  world.note(() => `${tab.name}: starts a chat with ${other.id}`);
  tab.account?.startChat(other).then(
    (chat) => { if (tab.alive && tab.account !== null) tab.open(chat); },
    (error) => { if (error instanceof SignedOut) world.note(() => `${tab.name}: is signed out`); },
  );
}

/** Failed messages are tried again or deleted. */
function mend(world: World, tab: Tab): void {
  const failed = world.random.pick(tab.account?.outbox.pending.get().filter((entry) => entry.failed !== null) ?? []);
  if (failed === undefined || tab.account === null) return;
  const written = world.checks.written.get(failed.body);
  // Nobody presses in two tabs at once.
  if (written === undefined || world.time.now < written.mendedAt + 1_000) return;
  written.mendedAt = world.time.now;
  const deleted = world.random.chance(0.3);
  world.note(() => `${tab.name}: ${deleted ? "deletes" : "tries again"} "${failed.body}"`);
  if (deleted) {
    written.deleted = true;
    tab.account.outbox.remove(failed.id);
  } else {
    written.retried = true;
    void tab.account.outbox.retry(failed.id);
  }
}
