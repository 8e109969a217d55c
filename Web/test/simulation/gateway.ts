// One gateway's own state: who is connected, and what it knows of chats.

import type { ChatHash, Seq, ServerFrame, UserId } from "../../src/protocol/types";

/** The server's end of a socket. The network carries what is sent and closes what is closed. */
export interface ServerSocket {
  readonly name: string;
  readonly openedAt: number;
  send(frame: ServerFrame): void;
  close(code: number): void;
}

interface Connection {
  user: UserId;
  session: string;
  expiresAt: number;
}

export class Gateway {
  readonly sockets = new Map<ServerSocket, Connection | null>();
  readonly heard = new Map<ServerSocket, number>();
  tips = new Map<ChatHash, Seq>();
  swept = 0;
  epoch = "";
  draining = false;

  constructor(readonly name: string) {}
}

export interface GatewayWatch {
  /** Something about this message is on its way to one of the user's devices. */
  told(user: UserId, message: { from: UserId; body: string }): void;
}
