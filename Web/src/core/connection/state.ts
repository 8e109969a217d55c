// What the machine (machine.ts) works with: the state of a connection, the events that change it, the actions that follow.

import type { ClientFrame, ServerFrame, Welcome } from "../../protocol/types";

export type StopReason = "signed_out" | "replaced" | "outdated" | "fault";
export type TimerName = "retry" | "welcome" | "heartbeat" | "pong" | "drain" | "retire";

export interface State {
  running: boolean;
  stopped: StopReason | null;
  /** What the browser says; it may be wrong either way, so it never keeps us from trying. */
  online: boolean;
  /** Heard from the current socket since the browser said offline. */
  heardSinceOffline: boolean;
  /** The socket that had its welcome. */
  current: number | null;
  /** The socket that is being opened. */
  candidate: number | null;
  /** The socket that a drain left behind, until the sync after its successor's welcome is done. */
  previous: number | null;
  nextSocket: number;
  attempt: number;
  /** When the first of these tries failed. */
  failingSince: number;
  liveSince: number | null;
  retryAt: number | null;
  heartbeatMs: number;
  /** Somebody looks at the page. */
  attentive: boolean;
  pingId: number;
  pingSentAt: number | null;
  roundTripMs: number | null;
  /** A 4501 renews the token once; a second one in a row signs out. */
  tokenRefused: boolean;
  faults: number;
}

export type Event =
  | { is: "start" }
  | { is: "stop"; reason: StopReason | null }
  | { is: "opened"; socket: number }
  | { is: "frame"; socket: number; frame: ServerFrame }
  | { is: "closed"; socket: number; code: number }
  | { is: "timer"; name: TimerName }
  | { is: "offline" }
  | { is: "online" }
  | { is: "wake" }
  | { is: "attentive"; attentive: boolean }
  | { is: "reconnect_now" }
  /** No answer to a send within its deadline: the same doubt as a missing pong. */
  | { is: "suspect" }
  | { is: "synced" };

export type Action =
  | { do: "open"; socket: number }
  | { do: "hello"; socket: number }
  | { do: "send"; socket: number; frame: ClientFrame }
  | { do: "close"; socket: number }
  | { do: "set_timer"; name: TimerName; ms: number }
  | { do: "clear_timer"; name: TimerName }
  | { do: "expire_token" }
  | { do: "sign_out" }
  | { do: "live"; welcome: Welcome }
  | { do: "lost" }
  | { do: "deliver"; frame: ServerFrame };

export interface Inputs {
  now: number;
  random: () => number;
}

export const initialState: State = {
  running: false, stopped: null, online: true, heardSinceOffline: true, current: null, candidate: null, previous: null,
  nextSocket: 1, attempt: 0, failingSince: 0, liveSince: null, retryAt: null, heartbeatMs: 20_000, attentive: false, pingId: 0, pingSentAt: null,
  roundTripMs: null, tokenRefused: false, faults: 0,
};
