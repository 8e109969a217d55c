// What the page shows before the network answers: chats, names and the last messages of the last visit, with the sync cursor
// that belongs to exactly that state. Stored as one value, so cursor and chats can never disagree.

import type { Block, ChatHash, Message, User, UserId } from "../protocol/types";
import type { ChatSummary } from "./chats/chat-list";
import type { Cancel, Clock } from "./environment";
import type { SyncPlace } from "./sync";

export interface Snapshot {
  version: 1;
  user: UserId;
  place: SyncPlace;
  chats: readonly ChatSummary[];
  users: readonly User[];
  tails: readonly (readonly Message[])[];
  /** Chats of which the server may not know my cursors. Absent from older visits. */
  marks?: readonly ChatHash[];
  blocks?: readonly Block[];
}

export interface SnapshotStorage {
  load(user: UserId): Promise<Snapshot | null>;
  save(snapshot: Snapshot): Promise<void>;
  clear(): Promise<void>;
}

export const tailMax = 60;
export const tailsMax = 30;
const quietMs = 800;

export class Cache {
  private timer: Cancel | null = null;

  constructor(private readonly storage: SnapshotStorage, private readonly clock: Clock, private readonly take: () => Snapshot) {}

  async load(user: UserId): Promise<Snapshot | null> {
    const snapshot = await this.storage.load(user).catch(() => null);
    return snapshot?.version === 1 && snapshot.user === user ? snapshot : null;
  }

  changed(): void {
    this.timer ??= this.clock.after(quietMs, () => {
      this.timer = null;
      void this.storage.save(this.take()).catch(() => {});
    });
  }

  stop(): void {
    this.timer?.();
    this.timer = null;
  }
}
