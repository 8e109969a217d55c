// Text of the socket ⇄ frames. A frame of an unknown type, or one that lacks what its type needs, is ignored: that is how
// version 1 grows, and it keeps a fault of the server from taking the page down.

import type { ClientFrame, ServerFrame } from "./types";

type Kind = "string" | "number" | "boolean" | "object";

const required: Record<ServerFrame["type"], Record<string, Kind>> = {
  welcome: { user: "string", session: "string", connection: "string", heartbeat_ms: "number" },
  ack: { id: "string", chat: "string", seq: "number", sent_at: "string" },
  message: { chat: "string", seq: "number", id: "string", from: "string", body: "string", sent_at: "string" },
  cursor: { chat: "string", user: "string", delivered: "number", read: "number" },
  typing: { chat: "string", user: "string", active: "boolean" },
  presence: { user: "string", state: "string" },
  pong: { status: "string", services: "object" },
  status: { status: "string", services: "object" },
  resync: {},
  drain: { reconnect_after_ms: "number" },
  error: { code: "string", retryable: "boolean" },
};

export function encodeFrame(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/** Gives null for whatever this version does not understand. */
export function decodeFrame(text: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Record<string, unknown>;
  const type = fields["type"];
  if (typeof type !== "string" || !Object.prototype.hasOwnProperty.call(required, type)) return null;
  for (const [name, kind] of Object.entries(required[type as ServerFrame["type"]])) {
    const field = fields[name];
    if (typeof field !== kind || field === null) return null;
  }
  if (type === "resync" && fields["chats"] !== undefined && !Array.isArray(fields["chats"])) return null;
  return value as ServerFrame;
}
