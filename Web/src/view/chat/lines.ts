// From messages to what stands on the screen: day separators, the unread divider, groups of one author.

import type { Pending } from "../../core/outbox/outbox";
import type { Message, Seq, UserId } from "../../protocol/types";
import { sameDay } from "../words";

export type Line =
  | { is: "day"; key: string; at: string | number }
  | { is: "unread"; key: string }
  | { is: "skipped"; key: string }
  | { is: "message"; key: string; message: Message; starts: boolean }
  | { is: "pending"; key: string; pending: Pending; starts: boolean };

/** Messages of one author further apart than this begin a new group. */
const groupMs = 5 * 60_000;

export function makeLines(
  messages: readonly Message[], pending: readonly Pending[], unreadAfter: Seq | null, skippedTo: Seq | null, me: UserId,
): Line[] {
  const lines: Line[] = [];
  let before: { from: UserId; at: string | number } | null = null;
  const begins = (from: UserId, at: string | number): boolean => {
    const newDay = before === null || !sameDay(before.at, at);
    if (newDay) lines.push({ is: "day", key: `day ${at}`, at });
    const starts = newDay || before?.from !== from || Date.parse(String(at)) - Date.parse(String(before.at)) > groupMs;
    before = { from, at };
    return starts;
  };
  const shown = new Set<string>();
  let divided = false;
  for (const message of messages) {
    if (message.from === me) shown.add(message.id);
    const starts = begins(message.from, message.sent_at);
    if (skippedTo !== null && message.seq >= skippedTo) {
      skippedTo = null;
      lines.push({ is: "skipped", key: "skipped" });
    }
    if (!divided && unreadAfter !== null && message.seq > unreadAfter && message.from !== me) {
      divided = true;
      lines.push({ is: "unread", key: "unread" });
    }
    // The same key as the pending bubble had: the bubble becomes the message, nothing blinks.
    lines.push({ is: "message", key: `${message.from} ${message.id}`, message, starts });
  }
  for (const entry of pending) {
    if (shown.has(entry.id)) continue;
    lines.push({ is: "pending", key: `${me} ${entry.id}`, pending: entry, starts: begins(me, new Date(entry.order).toISOString()) });
  }
  return lines;
}
