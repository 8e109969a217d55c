// The sockets between tabs and gateways. A frame may come late, twice, or after the one sent behind it; a socket may never
// open, open without a word behind it, end at any moment, or freeze. What TCP cannot do does not happen: a frame in the middle
// that is missing while the socket goes on.

import type { Socket, SocketEvents } from "../../src/core/environment";
import type { ClientFrame, ServerFrame } from "../../src/protocol/types";
import type { Gateway, ServerSocket } from "./gateway";
import type { Gateways } from "./gateways";
import type { Hostility } from "./hostility";
import type { Random } from "./random";
import type { Time } from "./time";

/** The page at the client's end: runs its code if it still lives, later if its machine sleeps. */
export interface Page {
  readonly name: string;
  run(work: () => void): void;
  readonly links: Set<Link>;
  /** For the checks: what the page really saw and said. */
  saw(link: Link, frame: ServerFrame): void;
  said(link: Link, frame: ClientFrame): void;
  ended(link: Link): void;
}

export class Network {
  readonly links = new Set<Link>();
  epoch = 0;
  private numbers = 0;

  constructor(
    readonly time: Time,
    readonly random: Random,
    readonly world: Hostility,
    readonly gateways: Gateways,
    readonly trace: (words: () => string) => void,
  ) {}

  open(page: Page, events: SocketEvents): Socket {
    const { random, world } = this;
    const gateway = random.pick(this.gateways.all.filter((one) => !one.draining));
    const link = new Link(this, `${page.name}#${++this.numbers}`, page, events, gateway);
    this.links.add(link);
    page.links.add(link);
    if (gateway === undefined || random.chance(world.refused)) link.fail(random.int(1, 3_000));
    else if (!random.chance(world.silent)) link.establish(random.int(1, 60), random.chance(world.mute));
    return link.client;
  }
}

/** Frames that nothing overtakes: what comes before and after them has another meaning, as with the answers to one id. */
const barrier = (frame: ServerFrame) =>
  frame.type === "welcome" || frame.type === "drain" || frame.type === "error" || (frame.type === "resync" && frame.chats === undefined);

export class Link {
  readonly client: Socket = { send: (text) => this.up(text), close: () => this.closeFromPage() };
  readonly server: ServerSocket;
  private clientOpen = true;
  private serverOpen = false;
  private frozen = false;
  private mute = false;
  private held: (() => void)[] = [];
  private upAt = 0;
  private downAt = 0;
  private lastDown = 0;

  constructor(
    private readonly network: Network, readonly name: string, readonly page: Page,
    private readonly events: SocketEvents, private readonly gateway: Gateway | undefined,
  ) {
    const openedAt = network.time.now;
    this.server = { name, openedAt, send: (frame) => this.down(frame), close: (code) => this.closeFromServer(code) };
  }

  get usable(): boolean { return this.clientOpen && this.serverOpen && !this.frozen; }

  fail(afterMs: number): void { this.later(afterMs, () => this.endClient(1006)); }

  establish(afterMs: number, mute: boolean): void {
    this.later(afterMs, () => {
      if (!this.clientOpen) return;
      this.mute = mute;
      if (!mute) {
        this.serverOpen = true;
        this.network.gateways.accept(this.gateway!, this.server);
      }
      this.page.run(() => { if (this.clientOpen) this.events.opened(); });
    });
  }

  // The client's end.

  private up(text: string): void {
    if (!this.clientOpen) return;
    const frame = JSON.parse(text) as ClientFrame;
    this.page.said(this, frame);
    this.network.trace(() => `${this.name} → ${text}`);
    this.upAt = Math.max(this.upAt, this.network.time.now + this.network.random.int(1, 15));
    this.later(this.upAt - this.network.time.now, () => {
      if (this.serverOpen && this.gateway !== undefined) this.network.gateways.received(this.gateway, this.server, frame);
    });
  }

  private closeFromPage(): void {
    if (!this.clientOpen) return;
    this.network.trace(() => `${this.name} closed by the page`);
    this.forget();
    this.later(this.network.random.int(1, 20), () => this.endServer());
  }

  // The server's end.

  private down(frame: ServerFrame): void {
    if (!this.serverOpen) return;
    const { random, world, time } = this.network;
    const text = JSON.stringify(frame);
    const { epoch } = this.network;
    const once = (extra: number) => {
      const at = Math.max(this.downAt, time.now + random.int(1, 15)) + extra;
      this.lastDown = Math.max(this.lastDown, at);
      if (extra === 0) this.downAt = at;
      // A database is not restored while a frame is on its way: those of the past came before, or never.
      this.later(at - time.now, () => { if (epoch === this.network.epoch || (barrier(frame) && frame.type !== "error")) this.receive(frame, text); });
    };
    if (barrier(frame)) {
      this.downAt = Math.max(this.downAt, this.lastDown);
      return once(0);
    }
    once(random.chance(world.reordered) ? random.int(1, 1_500) : 0);
    if (random.chance(world.repeated)) once(random.int(1, 1_500));
  }

  private receive(frame: ServerFrame, text: string): void {
    this.page.run(() => {
      if (!this.clientOpen) return;
      this.network.trace(() => `${this.name} ← ${text}`);
      this.page.saw(this, frame);
      this.events.received(text);
    });
  }

  private closeFromServer(code: number): void {
    if (!this.serverOpen) return;
    this.endServer();
    this.later(Math.max(1, this.lastDown - this.network.time.now), () => this.endClient(code));
  }

  // Faults.

  /** Nothing goes either way until the thaw, if there is one. */
  freeze(thawAfterMs: number | null): void {
    this.network.trace(() => `${this.name} freezes ${thawAfterMs === null ? "for ever" : `for ${thawAfterMs} ms`}`);
    this.frozen = true;
    if (thawAfterMs === null) return;
    this.network.time.after(thawAfterMs, () => {
      this.frozen = false;
      for (const act of this.held.splice(0)) this.network.time.after(0, act);
    });
  }

  cut(code: number): void {
    if (this.mute) this.fail(1);
    this.closeFromServer(code);
  }

  /** The page is gone, and with it the socket; the server may learn of it late, or never. */
  abandon(): void {
    if (!this.clientOpen) return;
    this.clientOpen = false;
    this.network.links.delete(this);
    if (this.network.random.chance(0.8)) this.later(this.network.random.int(1, 50), () => this.endServer());
  }

  private later(milliseconds: number, act: () => void): void {
    this.network.time.after(milliseconds, () => {
      if (this.frozen) this.held.push(act);
      else act();
    });
  }

  private endClient(code: number): void {
    this.page.run(() => {
      if (!this.clientOpen) return;
      this.network.trace(() => `${this.name} closed with ${code}`);
      this.forget();
      this.events.closed(code);
    });
  }

  private forget(): void {
    this.clientOpen = false;
    this.network.links.delete(this);
    this.page.ended(this);
  }

  private endServer(): void {
    if (!this.serverOpen || this.gateway === undefined) return;
    this.serverOpen = false;
    this.network.gateways.gone(this.gateway, this.server);
  }
}
