// Performs what the machine decides: opens sockets, says hello, keeps the timers.

import { decodeFrame, encodeFrame } from "../../protocol/frames";
import type { ClientFrame, Health, ServerFrame, Welcome } from "../../protocol/types";
import type { Cancel, Environment, Socket } from "../environment";
import { Observable } from "../observable";
import type { Session } from "../session/session";
import { type ConnectionHealth, describeHealth, unknownHealth } from "./health";
import { advance } from "./machine";
import { type Action, type Event, initialState, type State, type StopReason, type TimerName } from "./state";

export interface ConnectionEvents {
  /** A welcome: sync now. */
  live(welcome: Welcome): void;
  lost(): void;
  frame(frame: ServerFrame): void;
}

const closedBeforeOpen = 1006;

export class Connection {
  readonly health = new Observable<ConnectionHealth>(unknownHealth);
  private state: State = initialState;
  private sockets = new Map<number, Socket>();
  private timers = new Map<TimerName, Cancel>();
  private reported: Health | null = null;
  private welcome: Welcome | null = null;
  /** The token of the last renewal, and the one the last new socket said. */
  private renewed: string | null = null;
  private said = "";

  constructor(
    private readonly environment: Environment,
    private readonly session: Session,
    private readonly events: ConnectionEvents,
  ) {}

  start(): void { this.on({ is: "start" }); }
  stop(reason: StopReason | null = null): void { this.on({ is: "stop", reason }); }
  reconnectNow(): void { this.on({ is: "reconnect_now" }); }
  wake(): void { this.on({ is: "wake" }); }
  setOnline(online: boolean): void { this.on({ is: online ? "online" : "offline" }); }
  setAttentive(attentive: boolean): void { this.on({ is: "attentive", attentive }); }
  suspect(): void { this.on({ is: "suspect" }); }
  synced(): void { this.on({ is: "synced" }); }

  get live(): boolean { return this.state.current !== null; }

  /** Says whether there was a socket to give the frame to. */
  send(frame: ClientFrame): boolean {
    const socket = this.state.current === null ? undefined : this.sockets.get(this.state.current);
    if (socket === undefined) return false;
    socket.send(encodeFrame(frame));
    return true;
  }

  /** A fresh token on the live socket: a second hello carries it beyond the old token's end. */
  renew(token: string): void {
    this.renewed = token;
    this.send(this.helloWith(token));
  }

  private helloWith(token: string): ClientFrame {
    return { type: "hello", protocol: 1, token, device: this.environment.device };
  }

  private on(event: Event): void {
    const inputs = { now: this.environment.clock.now(), random: this.environment.random };
    const [state, actions] = advance(this.state, event, inputs);
    this.state = state;
    for (const action of actions) this.perform(action);
    this.publish();
  }

  private publish(): void {
    const now = this.environment.clock.now();
    this.health.set(describeHealth(this.health.get(), this.state, this.reported, this.welcome, now));
  }

  private perform(action: Action): void {
    switch (action.do) {
      case "open":
        return this.open(action.socket);
      case "hello":
        return this.hello(action.socket);
      case "send":
        return this.sockets.get(action.socket)?.send(encodeFrame(action.frame));
      case "close":
        this.sockets.get(action.socket)?.close();
        this.sockets.delete(action.socket);
        return;
      case "set_timer":
        this.timers.get(action.name)?.();
        this.timers.set(action.name, this.environment.clock.after(action.ms, () => this.on({ is: "timer", name: action.name })));
        return;
      case "clear_timer":
        this.timers.get(action.name)?.();
        this.timers.delete(action.name);
        return;
      case "expire_token":
        return this.session.expireAccessToken();
      case "sign_out":
        return this.session.end();
      case "live":
        this.reported = null;
        this.welcome = action.welcome;
        // Between its hello and its welcome the token may have been renewed: this socket would end with the old one.
        if (this.renewed !== null && this.renewed !== this.said) this.renew(this.renewed);
        return this.events.live(action.welcome);
      case "lost":
        this.reported = null;
        return this.events.lost();
      case "deliver":
        if (action.frame.type === "pong" || action.frame.type === "status") this.reported = action.frame;
        return this.events.frame(action.frame);
    }
  }

  /** The token comes first: a socket that waits for one would run into the gateway's ten seconds. */
  private open(number: number): void {
    this.session.accessToken().then(
      () => {
        if (this.state.candidate !== number) return;
        this.sockets.set(number, this.environment.openSocket({
          opened: () => this.on({ is: "opened", socket: number }),
          received: (text) => {
            const frame = decodeFrame(text);
            if (frame !== null) this.on({ is: "frame", socket: number, frame });
          },
          closed: (code) => {
            this.sockets.delete(number);
            this.on({ is: "closed", socket: number, code });
          },
        }));
      },
      // Signed out (then somebody stops us) or auth-service away: the next try asks again.
      () => this.on({ is: "closed", socket: number, code: closedBeforeOpen }),
    );
  }

  private hello(number: number): void {
    this.session.accessToken().then(
      (token) => {
        this.said = token;
        this.sockets.get(number)?.send(encodeFrame(this.helloWith(token)));
      },
      () => this.on({ is: "closed", socket: number, code: closedBeforeOpen }),
    );
  }
}
