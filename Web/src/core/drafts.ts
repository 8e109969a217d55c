// A draft per chat, kept at each change. Only the composer of the chat writes it, so nothing overwrites what is being typed.

import type { ChatHash, UserId } from "../protocol/types";
import type { TextStorage } from "./environment";

export class Drafts {
  constructor(private readonly storage: TextStorage, private readonly user: UserId) {}

  get(chat: ChatHash): string { return this.storage.get(this.key(chat)) ?? ""; }

  set(chat: ChatHash, text: string): void {
    if (text === "") this.storage.remove(this.key(chat));
    else this.storage.set(this.key(chat), text);
  }

  private key(chat: ChatHash): string { return `parley.draft.${this.user}.${chat}`; }
}
