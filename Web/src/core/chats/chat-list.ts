// What is known of every chat: members and their cursors, the last message, how many are unread. Values only rise, so frames
// and answers may come in any order.

import type { Chat, ChatHash, Member, Message, Seq, UserId } from "../../protocol/types";
import { Observable } from "../observable";

export interface ChatSummary {
  chat: ChatHash;
  lastSeq: Seq;
  lastMessage: Message | null;
  members: readonly Member[];
}

export class ChatList {
  /** Newest activity first; a chat does not move up for what somebody writes who is blocked. */
  readonly ordered = new Observable<readonly ChatSummary[]>([]);
  private chats = new Map<ChatHash, ChatSummary>();

  constructor(readonly me: UserId, private readonly blockedAt: (user: UserId) => string | undefined = () => undefined) {}

  get(chat: ChatHash): ChatSummary | undefined { return this.chats.get(chat); }

  /** Adds a chat, or takes from it whatever is newer than what is known. */
  merge(answers: readonly Chat[]): void {
    for (const answer of answers) {
      const known = this.chats.get(answer.chat);
      const members = answer.members.map((member) => raise(known?.members.find((m) => m.user_id === member.user_id), member));
      this.chats.set(answer.chat, {
        chat: answer.chat,
        lastSeq: Math.max(known?.lastSeq ?? 0, answer.last_seq),
        lastMessage: newer(known?.lastMessage ?? null, answer.last_message),
        members,
      });
    }
    this.publish();
  }

  /** Gives false for a chat that is not known yet. */
  receive(message: Message): boolean {
    const known = this.chats.get(message.chat);
    if (known === undefined) return false;
    const lastSeq = Math.max(known.lastSeq, message.seq);
    // Who writes has seen what came before: the server raises the sender's cursors to their own message. What is hidden
    // from me counts as read.
    const reads = (user: UserId) => user === message.from || (message.hidden && user === this.me);
    const members = known.members.map((m) =>
      reads(m.user_id) ? raise(m, { user_id: m.user_id, delivered: message.seq, read: message.seq }) : m);
    this.chats.set(message.chat, { ...known, lastSeq, lastMessage: newer(known.lastMessage, message), members });
    this.publish();
    return true;
  }

  moveCursor(chat: ChatHash, moved: Member): void {
    const known = this.chats.get(chat);
    if (known === undefined) return;
    const members = known.members.map((m) => (m.user_id === moved.user_id ? raise(m, moved) : m));
    this.chats.set(chat, { ...known, members });
    this.publish();
  }

  forgetAll(): void {
    this.chats.clear();
    this.publish();
  }

  /** Called also when blocks changed. */
  publish(): void {
    const time = (summary: ChatSummary) => {
      const at = summary.lastMessage?.sent_at ?? "9";
      const blockedAt = this.blockedAt(peerOf(summary, this.me)) ?? at;
      return blockedAt < at ? blockedAt : at;
    };
    this.ordered.set([...this.chats.values()].sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0)));
  }
}

export function memberOf(summary: ChatSummary, user: UserId): Member | undefined {
  return summary.members.find((member) => member.user_id === user);
}

/** The other person; oneself in notes to oneself. */
export function peerOf(summary: ChatSummary, me: UserId): UserId {
  return summary.members.find((member) => member.user_id !== me)?.user_id ?? me;
}

export function unreadOf(summary: ChatSummary, me: UserId): number {
  return Math.max(0, summary.lastSeq - (memberOf(summary, me)?.read ?? 0));
}

function raise(known: Member | undefined, said: Member): Member {
  if (known === undefined) return said;
  return { user_id: said.user_id, delivered: Math.max(known.delivered, said.delivered), read: Math.max(known.read, said.read) };
}

function newer(known: Message | null, said: Message | null): Message | null {
  if (known === null || said === null) return known ?? said;
  // A hidden one says nothing; only where nothing else is known it stands for the last.
  if (!known.hidden !== !said.hidden) return known.hidden ? said : known;
  return said.seq >= known.seq ? said : known;
}
