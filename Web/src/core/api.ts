// The REST routes the core uses, typed. Errors are ApiError or SignedOut.

import { historyPage, usersByIdMax } from "../protocol/limits";
import type { Block, Chat, ChatHash, Message, Seq, SyncAnswer, User, UserId } from "../protocol/types";
import type { Session } from "./session/session";

export type Place = { before: Seq } | { after: Seq } | { around: Seq } | Record<string, never>;

export interface Page {
  messages: Message[];
  last_seq: Seq;
}

export class Api {
  constructor(private readonly session: Session) {}

  sync(since: string | null): Promise<SyncAnswer> {
    const query = since === null ? "" : `?since=${encodeURIComponent(since)}`;
    return this.get<SyncAnswer>(`/api/v1/sync${query}`);
  }

  chat(chat: ChatHash): Promise<Chat> {
    return this.get<Chat>(`/api/v1/chats/${chat}`);
  }

  page(chat: ChatHash, place: Place, limit: number = historyPage): Promise<Page> {
    const where = Object.entries(place).map(([name, seq]) => `&${name}=${String(seq)}`).join("");
    return this.get<Page>(`/api/v1/chats/${chat}/messages?limit=${limit}${where}`);
  }

  openChatWith(user: UserId): Promise<Chat> {
    return this.session.call({ method: "PUT", path: `/api/v1/chats/with/${user}` }) as Promise<Chat>;
  }

  async users(ids: UserId[]): Promise<User[]> {
    const list = ids.slice(0, usersByIdMax).join(",");
    return (await this.get<{ users: User[] }>(`/api/v1/users?ids=${list}`)).users;
  }

  async findUsers(query: string): Promise<User[]> {
    return (await this.get<{ users: User[] }>(`/api/v1/users?query=${encodeURIComponent(query)}`)).users;
  }

  async blocks(): Promise<Block[]> {
    return (await this.get<{ users: Block[] }>("/api/v1/blocks")).users;
  }

  /** Puts or ends a block. */
  async block(user: UserId, wanted: boolean): Promise<void> {
    await this.session.call({ method: wanted ? "PUT" : "DELETE", path: `/api/v1/blocks/${user}` });
  }

  private get<Answer>(path: string): Promise<Answer> {
    return this.session.call({ method: "GET", path }) as Promise<Answer>;
  }
}
