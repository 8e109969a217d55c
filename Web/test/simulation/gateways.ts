// The gateways: sockets that said hello, sends and their answers, live delivery, and the sweep that finds what live delivery
// lost (docs/protocol.md, sections 3, 4 and 7; the order of registration, welcome and sweep is the real gateway's).

import type { ChatHash, ClientFrame, Member, Message, Seq, ServerFrame, UserId } from "../../src/protocol/types";
import type { Accounts } from "./accounts";
import { Gateway, type GatewayWatch, type ServerSocket } from "./gateway";
import type { Hostility } from "./hostility";
import type { Random } from "./random";
import type { ModelServer } from "./server";
import type { Time } from "./time";

const sweepMs = 2_000;
const sweepGraceMs = 300;
const cursorGatherMs = 250;
const helloMs = 10_000;
const silenceMs = 40_000;

export class Gateways {
  readonly all: Gateway[];
  private gathered = new Map<string, { chat: ChatHash; user: UserId; delivered: Seq; read: Seq; origin: ServerSocket | null }>();

  constructor(
    count: number,
    private readonly time: Time,
    private readonly random: Random,
    private readonly server: ModelServer,
    private readonly accounts: Accounts,
    private readonly world: Hostility,
    private readonly watch: GatewayWatch,
  ) {
    this.all = Array.from({ length: count }, (_, index) => new Gateway(`g${index + 1}`));
    for (const gateway of this.all) this.beginSweeps(gateway);
  }

  accept(gateway: Gateway, socket: ServerSocket): void {
    gateway.sockets.set(socket, null);
    gateway.heard.set(socket, this.time.now);
  }

  gone(gateway: Gateway, socket: ServerSocket): void {
    gateway.sockets.delete(socket);
    gateway.heard.delete(socket);
  }

  received(gateway: Gateway, socket: ServerSocket, frame: ClientFrame): void {
    const connection = gateway.sockets.get(socket);
    if (connection === undefined) return;
    gateway.heard.set(socket, this.time.now);
    if (frame.type === "hello") return this.hello(gateway, socket, frame.token);
    if (connection === null) return;
    switch (frame.type) {
      case "send":
        return this.write(gateway, socket, connection.user, frame);
      case "cursor":
        return this.cursor(socket, connection.user, frame.chat, frame.delivered ?? 0, frame.read ?? 0);
      case "ping":
        return socket.send({ type: "pong", id: frame.id, ...this.health("ok") });
      case "typing":
        return this.publish(gateway, frame.chat, socket, [connection.user], { ...frame, user: connection.user });
      case "watch":
        for (const user of frame.users) socket.send({ type: "presence", user, state: "online" });
        return;
    }
  }

  status(gateway: Gateway): void {
    for (const socket of gateway.sockets.keys()) socket.send({ type: "status", ...this.health(this.random.chance(0.5) ? "ok" : "degraded") });
  }

  drain(gateway: Gateway): void {
    for (const [socket, connection] of gateway.sockets) {
      if (connection !== null) socket.send({ type: "drain", reconnect_after_ms: this.random.int(0, 2_000) });
    }
    gateway.draining = true;
    this.time.after(3_000, () => this.closeAll(gateway, 1001));
  }

  /** A new process: it knows of nobody, and takes its first cursor before it accepts a socket. */
  closeAll(gateway: Gateway, code: number): void {
    for (const socket of [...gateway.sockets.keys()]) socket.close(code);
    gateway.tips = new Map();
    this.begin(gateway);
  }

  private begin(gateway: Gateway): void {
    gateway.draining = false;
    gateway.swept = this.server.changes;
    gateway.epoch = this.server.epoch;
  }

  /** The socket is in the registry before its welcome is sent: what is committed later arrives here. */
  private hello(gateway: Gateway, socket: ServerSocket, token: string): void {
    const verified = this.accounts.verify(token);
    if (verified === "expired") return socket.close(4003);
    if (verified === "ended") return socket.close(this.random.chance(0.5) ? 4502 : 4501);
    gateway.sockets.set(socket, verified);
    socket.send({
      type: "welcome", user: verified.user, session: verified.session, connection: socket.name, gateway: gateway.name,
      heartbeat_ms: 20_000, server_time: new Date(this.time.now).toISOString(), history_epoch: gateway.epoch,
    });
  }

  private write(gateway: Gateway, socket: ServerSocket, user: UserId, frame: Extract<ClientFrame, { type: "send" }>): void {
    const { random, world } = this;
    // A final refusal is told at once: an attempt that is still on its way must not have it otherwise later.
    const refused = this.server.refusalOf(frame.id, frame.body);
    if (refused !== null) return this.refuse(socket, frame.id, refused, random.int(1, 20));
    if (random.chance(world.errorBefore)) return this.refuse(socket, frame.id, this.someError(true), random.int(1, 200));
    let latency = random.int(1, 30);
    if (random.chance(world.commitSlow)) latency = random.int(30, 6_000);
    const error = random.chance(world.errorAfter);
    // The outcome is unknown: the commit may come before this error, or a little after it.
    if (error) this.refuse(socket, frame.id, this.someError(false), latency + random.int(-500, 500));
    this.time.after(latency, () => {
      const written = this.server.append(user, frame.chat, frame.id, frame.body);
      if ("refused" in written) {
        if (!error) this.refuse(socket, frame.id, written.refused, random.int(1, 20));
        return;
      }
      const { message } = written;
      if (!error && !random.chance(world.ackLost)) {
        this.time.after(random.int(1, 20), () => {
          this.watch.told(user, message);
          socket.send({ type: "ack", id: message.id, chat: message.chat, seq: message.seq, sent_at: message.sent_at });
        });
      }
      this.publish(gateway, message.chat, socket, [], { type: "message", ...message });
    });
  }

  private someError(mayBeFinalForNow: boolean): string {
    return this.random.pick(mayBeFinalForNow ? ["unavailable", "internal", "rate_limited"] : ["unavailable", "internal"])!;
  }

  private refuse(socket: ServerSocket, id: string, code: string, afterMs: number): void {
    const again = ["unavailable", "internal", "rate_limited"].includes(code);
    const wait = again && this.random.chance(0.7) ? { retry_after_ms: this.random.int(0, 2_000) } : {};
    this.time.after(afterMs, () => socket.send({ type: "error", id, code, message: "", retryable: again, ...wait }));
  }

  /** Gathered over 250 ms. A hint: it may be lost, and the client says it again when a sync shows less. */
  private cursor(socket: ServerSocket, user: UserId, chat: ChatHash, delivered: Seq, read: Seq): void {
    if (this.random.chance(this.world.cursorLost)) return;
    const key = `${chat} ${user}`;
    const known = this.gathered.get(key);
    if (known === undefined) {
      this.gathered.set(key, { chat, user, delivered, read, origin: socket });
      this.time.after(cursorGatherMs, () => this.raise(key));
    } else {
      Object.assign(known, { delivered: Math.max(known.delivered, delivered), read: Math.max(known.read, read) });
      if (known.origin !== socket) known.origin = null;
    }
  }

  private raise(key: string): void {
    const gathered = this.gathered.get(key)!;
    this.gathered.delete(key);
    const raised: Member | null = this.server.raise(gathered.user, gathered.chat, gathered.delivered, gathered.read);
    if (raised === null) return;
    const home = this.all.find((gateway) => gathered.origin !== null && gateway.sockets.has(gathered.origin)) ?? this.all[0]!;
    const frame = { type: "cursor", chat: gathered.chat, user: raised.user_id, delivered: raised.delivered, read: raised.read } as const;
    this.publish(home, gathered.chat, gathered.origin, [], frame);
  }

  /** To the sockets here at once, to those of the other gateways by an event each, which may be lost. */
  private publish(gateway: Gateway, chat: ChatHash, origin: ServerSocket | null, except: UserId[], frame: ServerFrame): void {
    const recipients = this.server.membersOf(chat).filter((user) => !except.includes(user));
    this.deliver(gateway, recipients, origin, frame);
    for (const peer of this.all) {
      if (peer === gateway || this.random.chance(this.world.peerLost)) continue;
      this.time.after(this.random.int(1, 15), () => this.deliver(peer, recipients, origin, frame));
    }
  }

  private deliver(gateway: Gateway, recipients: readonly UserId[], origin: ServerSocket | null, frame: ServerFrame): void {
    if (frame.type === "message") gateway.tips.set(frame.chat, Math.max(frame.seq, gateway.tips.get(frame.chat) ?? 0));
    for (const [socket, connection] of gateway.sockets) {
      if (connection === null || socket === origin || !recipients.includes(connection.user)) continue;
      if (frame.type === "message") this.watch.told(connection.user, frame as Message);
      socket.send(frame);
    }
  }

  private beginSweeps(gateway: Gateway): void {
    this.begin(gateway);
    const sweep = () => {
      this.sweep(gateway);
      this.tick(gateway);
      this.time.after(sweepMs, sweep);
    };
    this.time.after(this.random.int(0, sweepMs), sweep);
  }

  private sweep(gateway: Gateway): void {
    const { server } = this;
    const tips = server.tips(gateway.swept);
    gateway.swept = server.changes;
    if (gateway.epoch !== server.epoch) {
      gateway.epoch = server.epoch;
      // What was delivered before the restore says nothing about the messages that have those numbers now.
      gateway.tips = new Map();
      for (const [socket, connection] of gateway.sockets) if (connection !== null) socket.send({ type: "resync" });
      return;
    }
    const missing = () => tips.filter(({ chat, lastSeq }) => (gateway.tips.get(chat) ?? 0) < lastSeq);
    if (missing().length === 0) return;
    const { epoch } = gateway;
    this.time.after(sweepGraceMs, () => {
      if (gateway.epoch !== epoch) return;
      const late = missing();
      for (const { chat, lastSeq } of late) gateway.tips.set(chat, Math.max(lastSeq, gateway.tips.get(chat) ?? 0));
      for (const [socket, connection] of gateway.sockets) {
        if (connection === null) continue;
        const chats = late.filter(({ chat }) => server.membersOf(chat).includes(connection.user));
        if (chats.length > 0) socket.send({ type: "resync", chats: chats.map(({ chat, lastSeq }) => ({ chat, last_seq: lastSeq })) });
      }
    });
  }

  private tick(gateway: Gateway): void {
    for (const [socket, connection] of [...gateway.sockets]) {
      if (connection === null) {
        if (this.time.now - socket.openedAt >= helloMs) socket.close(4000);
      } else if (this.accounts.hasEnded(connection.session)) socket.close(4502);
      else if (connection.expiresAt <= this.time.now) socket.close(4003);
      else if (this.time.now - (gateway.heard.get(socket) ?? 0) >= silenceMs) socket.close(4002);
    }
  }

  private health(status: "ok" | "degraded") {
    return { server_time: "", status, services: { message: status === "ok" ? "up" : "down" } as Record<string, "up" | "down"> };
  }
}
