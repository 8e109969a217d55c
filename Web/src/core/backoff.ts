import { backoffBaseMs, backoffCapMs } from "../protocol/limits";

/**
 * Full jitter: before try n a random time between 0 and min(20 s, 0.5 s × 2^n). Where it is known for how long nothing has
 * worked, not longer than that either, so that an outage lasts for nobody more than twice as long.
 */
export function backoffMs(attempt: number, random: () => number, failingForMs = Infinity): number {
  const doubled = backoffBaseMs * 2 ** Math.min(attempt, 16);
  return Math.floor(random() * Math.min(backoffCapMs, doubled, Math.max(backoffBaseMs, failingForMs)));
}
