// Asks for single chats: those that a message or a resync names.

import type { ChatHash } from "../../protocol/types";
import type { Clock } from "../environment";
import { ApiError } from "../http";

const againMs = 2_000;

export class ChatFetcher {
  private stopped = false;
  /** What is asked for; true if there was news of it since. */
  private asked = new Map<ChatHash, boolean>();

  constructor(private readonly ask: (chat: ChatHash) => Promise<unknown>, private readonly clock: Clock) {}

  fetch(chat: ChatHash): void {
    const underWay = this.asked.has(chat);
    this.asked.set(chat, underWay);
    if (underWay) return;
    const landed = () => {
      const again = this.asked.get(chat);
      this.asked.delete(chat);
      return again;
    };
    this.ask(chat).then(
      // The answer may be older than the news.
      () => { if (landed()) this.fetch(chat); },
      (error) => {
        landed();
        // Nobody else would ask again: its messages arrived, only the chat is not known.
        if (!(error instanceof ApiError) || error.status === 404 || this.stopped) return;
        this.clock.after(againMs, () => this.fetch(chat));
      },
    );
  }

  stop(): void { this.stopped = true; }
}
