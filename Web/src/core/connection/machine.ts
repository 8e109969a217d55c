// The connection as a value: an event goes in, a new state and actions come out. No socket, no timer, no clock is touched
// here; connection.ts performs the actions. Sockets are numbers; an event of a number that is no longer held is ignored, which
// is how a zombie is left behind without waiting for its close event.

import { closeAction } from "../../protocol/close-codes";
import { attentiveHeartbeatMs, attentivePongDeadlineMs, backoffResetMs, pongDeadlineMs, welcomeDeadlineMs } from "../../protocol/limits";
import type { ServerFrame, Welcome } from "../../protocol/types";
import { backoffMs } from "../backoff";
import type { Action, Event, Inputs, State, StopReason, TimerName } from "./state";

const slowReconnectMs = 10_000;
const faultsMax = 3;
const retireMs = 10_000;

export function advance(before: State, event: Event, inputs: Inputs): [State, Action[]] {
  const step = new Step({ ...before }, inputs);
  step.handle(event);
  return [step.state, step.actions];
}

class Step {
  actions: Action[] = [];

  constructor(readonly state: State, private readonly inputs: Inputs) {}

  handle(event: Event): void {
    switch (event.is) {
      case "start":
        if (this.state.running) return;
        Object.assign(this.state, { running: true, stopped: null, attempt: 0, tokenRefused: false, faults: 0 });
        return this.open();
      case "stop":
        return this.stop(event.reason);
      case "opened":
        if (event.socket === this.state.candidate) this.actions.push({ do: "hello", socket: event.socket });
        return;
      case "frame":
        return this.frame(event.socket, event.frame);
      case "closed":
        return this.closed(event.socket, event.code);
      case "timer":
        return this.timer(event.name);
      case "offline":
        this.state.online = false;
        this.state.heardSinceOffline = false;
        return this.ping();
      case "online":
        this.state.online = true;
        return this.wake();
      case "wake":
        return this.wake();
      case "attentive":
        this.state.attentive = event.attentive;
        return event.attentive ? this.wake() : undefined;
      case "reconnect_now":
        this.state.attempt = 0;
        if (!this.state.running) return this.handle({ is: "start" });
        if (this.state.candidate === null) this.open();
        return;
      case "suspect":
        return this.zombie();
      case "synced":
        return this.retirePrevious();
    }
  }

  private frame(socket: number, frame: ServerFrame): void {
    const { state } = this;
    if (socket !== state.current && socket !== state.candidate && socket !== state.previous) return;
    if (frame.type === "welcome") return this.welcomed(socket, frame);
    if (socket === state.current) this.heard(frame);
    if (frame.type === "drain") {
      if (socket === state.current) this.setTimer("drain", Math.max(0, frame.reconnect_after_ms));
      return;
    }
    this.actions.push({ do: "deliver", frame });
  }

  private welcomed(socket: number, welcome: Welcome): void {
    const { state } = this;
    if (socket === state.current) return; // a renewed token: nothing else changes
    if (socket !== state.candidate) return;
    // After a drain the old socket still carries what is on its way: it is kept until the new one has synced.
    if (state.current !== null) {
      this.retirePrevious();
      state.previous = state.current;
      this.setTimer("retire", retireMs);
    }
    Object.assign(state, {
      current: socket, candidate: null, retryAt: null, liveSince: this.inputs.now, heartbeatMs: welcome.heartbeat_ms,
      pingSentAt: null, tokenRefused: false, heardSinceOffline: true,
    });
    this.clearTimers("welcome", "retry", "pong", "drain");
    this.actions.push({ do: "live", welcome });
    this.ping(); // the services' state and the round trip are wanted at once
  }

  /** Whatever arrives proves the socket alive; only the pong measures it. */
  private heard(frame: ServerFrame): void {
    const { state } = this;
    state.heardSinceOffline = true;
    if (state.pingSentAt === null) return;
    if (frame.type === "pong" && frame.id === state.pingId) state.roundTripMs = this.inputs.now - state.pingSentAt;
    state.pingSentAt = null;
    this.clearTimers("pong");
  }

  private closed(socket: number, code: number): void {
    const { state } = this;
    if (socket === state.previous) {
      state.previous = null;
      return this.clearTimers("retire");
    }
    if (socket !== state.current && socket !== state.candidate) return;
    const wasCandidate = socket === state.candidate;
    if (wasCandidate) {
      state.candidate = null;
      this.clearTimers("welcome");
    } else {
      this.lose();
    }
    switch (closeAction(code)) {
      case "reconnect":
        return this.retry(0);
      case "reconnect_slowly":
        return this.retry(slowReconnectMs);
      case "reconnect_few_times":
        state.faults += 1;
        return state.faults > faultsMax ? this.stop("fault") : this.retry(0);
      case "renew_token":
        if (wasCandidate && state.tokenRefused) return this.signOut();
        state.tokenRefused = wasCandidate;
        this.actions.push({ do: "expire_token" });
        return this.retry(0);
      case "sign_out":
        return this.signOut();
      case "stop_replaced":
        return this.stop("replaced");
      case "stop_outdated":
        return this.stop("outdated");
    }
  }

  private timer(name: TimerName): void {
    switch (name) {
      case "retry":
      case "drain":
        if (this.state.running && this.state.candidate === null) this.open();
        return;
      case "welcome":
        if (this.state.candidate !== null) {
          this.actions.push({ do: "close", socket: this.state.candidate });
          this.closed(this.state.candidate, 1006);
        }
        return;
      case "heartbeat":
        return this.ping();
      case "pong":
        return this.zombie();
      case "retire":
        return this.retirePrevious();
    }
  }

  private ping(): void {
    const { state } = this;
    if (state.current === null) return;
    this.setTimer("heartbeat", state.attentive ? Math.min(state.heartbeatMs, attentiveHeartbeatMs) : state.heartbeatMs);
    if (state.pingSentAt !== null) return; // one is under way, with its deadline
    state.pingId += 1;
    state.pingSentAt = this.inputs.now;
    this.actions.push({ do: "send", socket: state.current, frame: { type: "ping", id: state.pingId } });
    this.setTimer("pong", state.attentive ? attentivePongDeadlineMs : pongDeadlineMs);
  }

  private wake(): void {
    if (!this.state.running) return;
    if (this.state.current !== null) return this.ping();
    // The pause was about a world that has changed since: try at once.
    this.state.attempt = 0;
    if (this.state.candidate === null) this.open();
  }

  private zombie(): void {
    const { state } = this;
    if (state.current === null) return;
    this.actions.push({ do: "close", socket: state.current });
    this.lose();
    if (state.candidate === null) this.open(); // this first try without backoff
  }

  private lose(): void {
    const { state } = this;
    if (state.liveSince !== null && this.inputs.now - state.liveSince >= backoffResetMs) {
      state.attempt = 0;
      state.faults = 0;
    }
    Object.assign(state, { current: null, liveSince: null, pingSentAt: null, roundTripMs: null });
    this.clearTimers("heartbeat", "pong", "drain");
    this.retirePrevious();
    this.actions.push({ do: "lost" });
  }

  private open(): void {
    const { state } = this;
    state.retryAt = null;
    this.clearTimers("retry");
    state.candidate = state.nextSocket;
    state.nextSocket += 1;
    this.actions.push({ do: "open", socket: state.candidate });
    this.setTimer("welcome", welcomeDeadlineMs);
  }

  private retry(atLeastMs: number): void {
    const { state } = this;
    if (!state.running || state.candidate !== null) return;
    if (state.attempt === 0) state.failingSince = this.inputs.now;
    const failingFor = this.inputs.now - state.failingSince;
    const ms = Math.max(atLeastMs, backoffMs(state.attempt, this.inputs.random, failingFor));
    state.attempt += 1;
    state.retryAt = this.inputs.now + ms;
    this.setTimer("retry", ms);
  }

  private retirePrevious(): void {
    const { state } = this;
    if (state.previous === null) return;
    this.actions.push({ do: "close", socket: state.previous });
    state.previous = null;
    this.clearTimers("retire");
  }

  private signOut(): void {
    this.stop("signed_out");
    this.actions.push({ do: "sign_out" });
  }

  private stop(reason: StopReason | null): void {
    const { state } = this;
    if (state.candidate !== null) this.actions.push({ do: "close", socket: state.candidate });
    if (state.current !== null) {
      this.actions.push({ do: "close", socket: state.current });
      this.lose();
    }
    Object.assign(state, { running: false, stopped: reason, candidate: null, retryAt: null });
    this.clearTimers("retry", "welcome", "heartbeat", "pong", "drain");
  }

  private setTimer(name: TimerName, ms: number): void {
    this.actions.push({ do: "set_timer", name, ms });
  }

  private clearTimers(...names: TimerName[]): void {
    for (const name of names) this.actions.push({ do: "clear_timer", name });
  }
}
