// Whose presence the server is asked for: the people of the chats at the top of the list.

import { watchedUsersMax } from "../../protocol/limits";
import type { ClientFrame, UserId } from "../../protocol/types";

export class Watch {
  private told = "";

  constructor(private readonly send: (frame: ClientFrame) => boolean) {}

  /** Said only when the set changed. */
  people(users: readonly UserId[]): void {
    const wanted = [...new Set(users)].slice(0, watchedUsersMax);
    const key = [...wanted].sort().join(" ");
    if (key === "" || key === this.told) return;
    if (this.send({ type: "watch", users: wanted })) this.told = key;
  }

  /** A new socket knows of nobody; and the right to see somebody is looked at only when `watch` arrives. */
  forget(): void { this.told = ""; }
}
