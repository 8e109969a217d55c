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
