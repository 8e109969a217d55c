// Who is online, and who is typing where. Both are forgotten when the connection is lost: nobody would tell us of a change.

import { typingExpiresMs, typingIntervalMs } from "../../protocol/limits";
import type { ChatHash, ClientFrame, PresenceState, UserId } from "../../protocol/types";
import type { Cancel, Clock } from "../environment";
import { Observable } from "../observable";

export interface Presence {
  state: PresenceState;
  lastSeen: string | null;
}

export class PresenceBook {
  readonly people = new Observable<ReadonlyMap<UserId, Presence>>(new Map());
  /** The chats somebody else types in. */
  readonly typing = new Observable<ReadonlySet<ChatHash>>(new Set());
  private expiries = new Map<ChatHash, Cancel>();
  private lastSaid = new Map<ChatHash, number>();

  constructor(private readonly clock: Clock, private readonly send: (frame: ClientFrame) => boolean) {}

  receive(user: UserId, state: PresenceState, lastSeen: string | null): void {
    this.people.set(new Map(this.people.get()).set(user, { state, lastSeen }));
  }

  receiveTyping(chat: ChatHash, active: boolean): void {
    this.expiries.get(chat)?.();
    this.expiries.delete(chat);
    if (active) this.expiries.set(chat, this.clock.after(typingExpiresMs, () => this.receiveTyping(chat, false)));
    if (this.typing.get().has(chat) === active) return;
    const next = new Set(this.typing.get());
    if (active) next.add(chat);
    else next.delete(chat);
    this.typing.set(next);
  }

  /** I type: said every 3 s while it goes on, and once when it ends. */
  sayTyping(chat: ChatHash, active: boolean): void {
    const said = this.lastSaid.get(chat);
    const now = this.clock.now();
    if (active ? said !== undefined && now - said < typingIntervalMs : said === undefined) return;
    if (!this.send({ type: "typing", chat, active })) return;
    if (active) this.lastSaid.set(chat, now);
    else this.lastSaid.delete(chat);
  }

  /** A message of mine ends typing by itself. */
  wrote(chat: ChatHash): void { this.lastSaid.delete(chat); }

  forget(): void {
    this.people.set(new Map());
    for (const chat of [...this.typing.get()]) this.receiveTyping(chat, false);
    this.lastSaid.clear();
  }
}
