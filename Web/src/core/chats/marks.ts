// My own cursors: what this browser received, what the person saw. A hint to the server, at most one per chat per 500 ms,
// always the newest values; sent again when a sync shows less.

import { cursorIntervalMs } from "../../protocol/limits";
import type { ChatHash, ClientFrame, Seq } from "../../protocol/types";
import type { Clock } from "../environment";
import { type ChatList, memberOf } from "./chat-list";

interface Mark {
  delivered: Seq;
  read: Seq;
  waiting: boolean;
  dirty: boolean;
}

export class Marks {
  private marks = new Map<ChatHash, Mark>();

  constructor(
    private readonly chats: ChatList,
    private readonly clock: Clock,
    private readonly send: (frame: ClientFrame) => boolean,
  ) {}

  delivered(chat: ChatHash, seq: Seq): void { this.raise(chat, seq, 0); }

  read(chat: ChatHash, seq: Seq): void { this.raise(chat, seq, seq); }

  /** After a sync: say again what the server does not know, `shown` being what it said. */
  repeat(chat: ChatHash, shown: { delivered: Seq; read: Seq }): void {
    const mark = this.marks.get(chat);
    if (mark === undefined || (mark.delivered <= shown.delivered && mark.read <= shown.read)) return;
    mark.dirty = true;
    this.flush(chat, mark);
  }

  private raise(chat: ChatHash, delivered: Seq, read: Seq): void {
    const summary = this.chats.get(chat);
    if (summary === undefined) return;
    const known = memberOf(summary, this.chats.me);
    const mark = this.marks.get(chat) ?? { delivered: known?.delivered ?? 0, read: known?.read ?? 0, waiting: false, dirty: false };
    this.marks.set(chat, mark);
    if (delivered <= mark.delivered && read <= mark.read) return;
    mark.delivered = Math.max(mark.delivered, delivered);
    mark.read = Math.max(mark.read, read);
    mark.dirty = true;
    this.chats.moveCursor(chat, { user_id: this.chats.me, delivered: mark.delivered, read: mark.read });
    this.flush(chat, mark);
  }

  private flush(chat: ChatHash, mark: Mark): void {
    if (mark.waiting || !mark.dirty) return;
    if (!this.send({ type: "cursor", chat, delivered: mark.delivered, read: mark.read })) return;
    mark.dirty = false;
    mark.waiting = true;
    this.clock.after(cursorIntervalMs, () => {
      mark.waiting = false;
      this.flush(chat, mark);
    });
  }
}
