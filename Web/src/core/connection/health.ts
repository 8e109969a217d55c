// What the banner and the details panel say, derived from the connection's state and from what the gateway reported last.

import type { Health, Services, Welcome } from "../../protocol/types";
import type { State, StopReason } from "./state";

export type HealthWord = "connected" | "degraded" | "connecting" | "waiting" | "offline" | StopReason | "idle";

export interface ConnectionHealth {
  word: HealthWord;
  /** Since when the word is so (ms since 1970). */
  since: number;
  retryAt: number | null;
  roundTripMs: number | null;
  connection: string | null;
  gateway: string | null;
  services: Services;
}

export const unknownHealth: ConnectionHealth = {
  word: "idle", since: 0, retryAt: null, roundTripMs: null, connection: null, gateway: null, services: {},
};

function healthWord(state: State, reported: Health | null): HealthWord {
  if (!state.running) return state.stopped ?? "idle";
  if (state.current !== null && (state.online || state.heardSinceOffline)) {
    return reported?.status === "degraded" ? "degraded" : "connected";
  }
  if (!state.online) return "offline";
  return state.retryAt === null ? "connecting" : "waiting";
}

export function describeHealth(
  before: ConnectionHealth, state: State, reported: Health | null, welcome: Welcome | null, now: number,
): ConnectionHealth {
  const word = healthWord(state, reported);
  return {
    word,
    since: word === before.word ? before.since : now,
    retryAt: state.retryAt,
    roundTripMs: state.roundTripMs,
    connection: (state.current !== null && welcome?.connection) || null,
    gateway: (state.current !== null && welcome?.gateway) || null,
    services: reported?.services ?? {},
  };
}
