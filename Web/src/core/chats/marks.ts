// My own cursors: what this browser received, what the person saw. A hint to the server, at most one per chat per 500 ms,
// always the newest values; said again after a sync until the server shows that it has them, and after a reload.

import { cursorIntervalMs } from "../../protocol/limits";
import type { ChatHash, ClientFrame, Member, Seq } from "../../protocol/types";
import type { Clock } from "../environment";
import { type ChatList, memberOf } from "./chat-list";

export class Marks {
  /** Chats of which the server may not know my cursors. The cursors themselves are in the list of chats. */
  readonly open = new Set<ChatHash>();
  /** Said less than 500 ms ago; true if they moved since. */
  private resting = new Map<ChatHash, boolean>();

  constructor(
    private readonly chats: ChatList,
    private readonly clock: Clock,
    private readonly send: (frame: ClientFrame) => boolean,
  ) {}

  delivered(chat: ChatHash, seq: Seq): void { this.raise(chat, seq, 0); }

  read(chat: ChatHash, seq: Seq): void { this.raise(chat, seq, seq); }

  /** What an answer of the server shows. */
  shown(chat: ChatHash, said: Member): void {
    const mine = this.mine(chat);
    if (mine === undefined) return;
    if (said.delivered >= mine.delivered && said.read >= mine.read) this.open.delete(chat);
    else this.open.add(chat);
  }

  /** After a sync, which lists only what changed: a cursor that was lost changed nothing. */
  repeat(): void { for (const chat of this.open) this.flush(chat); }

  private raise(chat: ChatHash, delivered: Seq, read: Seq): void {
    const mine = this.mine(chat);
    if (mine === undefined || (delivered <= mine.delivered && read <= mine.read)) return;
    this.chats.moveCursor(chat, { user_id: this.chats.me, delivered, read });
    this.open.add(chat);
    this.flush(chat);
  }

  private flush(chat: ChatHash): void {
    if (this.resting.has(chat)) {
      this.resting.set(chat, true);
      return;
    }
    const mine = this.mine(chat);
    if (mine === undefined || !this.send({ type: "cursor", chat, delivered: mine.delivered, read: mine.read })) return;
    this.resting.set(chat, false);
    this.clock.after(cursorIntervalMs, () => {
      const moved = this.resting.get(chat);
      this.resting.delete(chat);
      if (moved) this.flush(chat);
    });
  }

  private mine(chat: ChatHash): Member | undefined {
    const summary = this.chats.get(chat);
    return summary && memberOf(summary, this.chats.me);
  }
}
