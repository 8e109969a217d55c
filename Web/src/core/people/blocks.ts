// Whom I block, and since when. The server is asked after each sync, and when a message shows that another device of mine
// changed it: one that is hidden, or is not, against what is known here.

import type { Block, UserId } from "../../protocol/types";
import { Observable } from "../observable";

export interface BlockRoutes {
  blocks(): Promise<Block[]>;
  block(user: UserId, wanted: boolean): Promise<void>;
}

export class Blocks {
  readonly since = new Observable<ReadonlyMap<UserId, string>>(new Map());
  private asked = 0;

  constructor(private readonly routes: BlockRoutes) {}

  /** What the last visit knew. */
  restore(blocks: readonly Block[]): void {
    this.since.set(new Map(blocks.map((block) => [block.user_id, block.blocked_at])));
  }

  /** Throws what the request throws. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    const blocks = await this.routes.blocks();
    // An answer that was overtaken by a later question is out of date.
    if (asked === this.asked) this.restore(blocks);
  }

  async change(user: UserId, wanted: boolean): Promise<void> {
    await this.routes.block(user, wanted);
    await this.load();
  }

  /** A message of somebody that just came. */
  heard(from: UserId, hidden: boolean): void {
    if (this.since.get().has(from) !== hidden) this.load().catch(() => {});
  }
}
