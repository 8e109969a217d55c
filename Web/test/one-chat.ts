// A server with one chat, and an account of one of its two people.

import { Account } from "../src/core/account";
import type { Snapshot } from "../src/core/cache";
import { Session } from "../src/core/session/session";
import type { Chat, Message } from "../src/protocol/types";
import { MemoryOutbox, sentAt, settle, welcome, World } from "./world";

export const me = { id: "me", username: "ada", display_name: "Ada" };
export const message = (seq: number, from = "you"): Message => ({ chat: "c", seq, id: `id-${seq}`, from, body: `m${seq}`, sent_at: sentAt });

/** A server with one chat, whose messages a test adds. */
export async function start(history: Message[]) {
  const epoch = { is: "e1" };
  const world = new World();
  const log: string[] = [];
  const read = { me: 0 };
  const chat = (): Chat => ({
    chat: "c", kind: "direct", last_seq: history.length, unread: 0, last_message: history[history.length - 1] ?? null,
    members: [{ user_id: "me", delivered: read.me, read: read.me }, { user_id: "you", delivered: 0, read: 0 }],
  });
  world.answer = (_, path) => {
    log.push(path);
    if (path.includes("/auth/login")) {
      return { status: 200, body: { user: me, session_id: "s", access_token: "a", expires_in: 900, refresh_token: "r" } };
    }
    if (path.includes("/sync")) return { status: 200, body: { chats: [chat()], next: `n${history.length}`, more: false, epoch: epoch.is } };
    if (path.includes("/messages")) {
      const after = Number(/after=(\d+)/.exec(path)?.[1] ?? "0");
      return { status: 200, body: { messages: history.slice(after), last_seq: history.length } };
    }
    if (path.includes("/users")) return { status: 200, body: { users: [] } };
    if (path.includes("/blocks")) return { status: 200, body: { users: [] } };
    return { status: 200, body: chat() };
  };
  const environment = world.tab();
  const session = new Session(environment);
  await session.signIn("ada", "secret password");
  const outbox = new MemoryOutbox();
  let saved: Snapshot | null = null;
  const snapshots = { load: async () => saved, save: async (next: Snapshot) => { saved = next; }, clear: async () => { saved = null; } };
  const make = () => new Account(environment, session, { outbox, snapshots }, me);
  const open = async () => {
    const account = make();
    await account.start();
    await settle();
    return account;
  };
  const connect = async () => {
    await settle();
    world.socket.events.opened();
    await settle();
    world.frame(welcome());
    await settle();
  };
  return { world, log, outbox, make, open, connect, read, history, epoch };
}

export const shown = (account: Account) => account.history("c").timeline.messages.map((one) => one.seq);
