// Names of people, looked up a handful at a time.

import { usersByIdMax } from "../../protocol/limits";
import type { User, UserId } from "../../protocol/types";
import type { Clock } from "../environment";
import { Observable } from "../observable";

const gatherMs = 20;
const againMs = 5_000;

export class Directory {
  readonly users = new Observable<ReadonlyMap<UserId, User>>(new Map());
  private wanted = new Set<UserId>();
  /** Told by the server during this visit; other names are those of the last one and may have changed. */
  private fresh = new Set<UserId>();
  private gathering = false;

  constructor(
    private readonly lookUp: (ids: UserId[]) => Promise<User[]>,
    private readonly clock: Clock,
    /** Told of somebody known who deleted their account since. */
    private readonly onDeleted: (user: UserId) => void = () => {},
  ) {}

  /** What the last visit knew. */
  restore(users: readonly User[]): void { this.users.set(new Map(users.map((user) => [user.id, user]))); }

  learn(users: readonly User[]): void {
    for (const user of users) this.fresh.add(user.id);
    const before = this.users.get();
    const next = new Map(before);
    for (const user of users) next.set(user.id, user);
    this.users.set(next);
    for (const user of users) if (user.deleted && before.has(user.id) && !before.get(user.id)?.deleted) this.onDeleted(user.id);
  }

  want(ids: readonly UserId[]): void {
    for (const id of ids) if (!this.fresh.has(id)) this.wanted.add(id);
    this.gather(gatherMs);
  }

  private gather(ms: number): void {
    if (this.wanted.size === 0 || this.gathering) return;
    this.gathering = true;
    this.clock.after(ms, () => {
      const ids = [...this.wanted].slice(0, usersByIdMax);
      this.lookUp(ids).then(
        (users) => {
          for (const id of ids) {
            this.wanted.delete(id);
            this.fresh.add(id); // also those that are gone
          }
          this.gathering = false;
          this.learn(users);
          this.gather(gatherMs);
        },
        () => {
          this.gathering = false;
          this.gather(againMs);
        },
      );
    });
  }
}
