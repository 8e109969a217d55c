// An outbox on a wire that only writes down what it was given.

import { Outbox } from "../src/core/outbox/outbox";
import type { ClientFrame } from "../src/protocol/types";
import { MemoryOutbox, World } from "./world";

export function makeOutbox(world = new World(), storage = new MemoryOutbox()) {
  const sent: ClientFrame[] = [];
  let suspected = 0;
  const wire = { send: (frame: ClientFrame) => { sent.push(frame); return true; }, suspect: () => { suspected += 1; } };
  const outbox = new Outbox("me", storage, world.tab(), wire);
  const bodies = () => sent.map((frame) => (frame.type === "send" ? frame.body : ""));
  const id = (index: number) => { const frame = sent[index]; return frame?.type === "send" ? frame.id : ""; };
  return { world, storage, sent, outbox, bodies, id, suspected: () => suspected };
}

/** A browser whose tabs share a storage: an idle tab, and one with a connection that has sent these [chat, body]. */
export function browser() {
  const world = new World();
  const storage = new MemoryOutbox();
  const tab = () => makeOutbox(world, storage);
  const tabThatWrote = async (...messages: [string, string][]) => {
    const first = tab();
    first.outbox.connected();
    for (const [chat, body] of messages) await first.outbox.write(chat, body);
    return first;
  };
  return { world, storage, tab, tabThatWrote };
}
