import { backoffBaseMs, backoffCapMs } from "../protocol/limits";

/** Full jitter: before try n a random time between 0 and min(20 s, 0.5 s × 2^n). */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.floor(random() * Math.min(backoffCapMs, backoffBaseMs * 2 ** Math.min(attempt, 16)));
}
