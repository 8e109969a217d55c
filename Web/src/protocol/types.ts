// The wire types of docs/protocol.md, version 1. Keys are the wire's own (snake_case), so that nothing is renamed on the way.

export type UserId = string;
export type ChatHash = string;
/** A message's place in its chat: 1, 2, 3, … without holes. */
export type Seq = number;

export interface User {
  id: UserId;
  username: string;
  display_name: string;
  /** They deleted their account. */
  deleted?: true;
}

export interface Message {
  chat: ChatHash;
  seq: Seq;
  /** The UUID its sender chose. */
  id: string;
  from: UserId;
  body: string;
  sent_at: string;
  /** I had blocked its sender: only its place in the order is given. */
  hidden?: true;
  /** Its sender deleted their account with its messages. */
  erased?: true;
}

export interface Member {
  user_id: UserId;
  delivered: Seq;
  read: Seq;
}

export interface Chat {
  chat: ChatHash;
  kind: string;
  last_seq: Seq;
  unread: number;
  last_message: Message | null;
  members: Member[];
}

export interface Services {
  [name: string]: "up" | "down";
}

export type PresenceState = "online" | "offline" | "unknown";

export type ClientFrame =
  | { type: "hello"; protocol: 1; token: string; device: string }
  | { type: "send"; id: string; chat: ChatHash; body: string }
  | { type: "cursor"; chat: ChatHash; delivered?: Seq; read?: Seq }
  | { type: "typing"; chat: ChatHash; active: boolean }
  | { type: "watch"; users: UserId[] }
  | { type: "ping"; id: number };

export interface Welcome {
  type: "welcome";
  user: UserId;
  session: string;
  connection: string;
  /** Absent from gateways before it was added. */
  gateway?: string;
  heartbeat_ms: number;
  server_time: string;
  history_epoch: string;
}

export interface Health {
  server_time: string;
  status: "ok" | "degraded";
  services: Services;
}

export type ServerFrame =
  | Welcome
  | { type: "ack"; id: string; chat: ChatHash; seq: Seq; sent_at: string }
  | ({ type: "message" } & Message)
  | { type: "cursor"; chat: ChatHash; user: UserId; delivered: Seq; read: Seq }
  | { type: "typing"; chat: ChatHash; user: UserId; active: boolean }
  | { type: "presence"; user: UserId; state: PresenceState; last_seen?: string }
  | ({ type: "pong"; id: number } & Health)
  | ({ type: "status" } & Health)
  | { type: "resync"; chats?: { chat: ChatHash; last_seq: Seq }[] }
  | { type: "drain"; reconnect_after_ms: number }
  | { type: "error"; id?: string | number; code: string; message: string; retryable: boolean; retry_after_ms?: number };

/** The answer of register, login and refresh. With a cookie the refresh token is left out. */
export interface SignedIn {
  user: User;
  session_id: string;
  access_token: string;
  expires_in: number;
  refresh_token?: string;
}

/** What a sign-in asks for after the password. */
export interface Challenge {
  token: string;
  expires_in: number;
  methods: string[];
  /** Options of WebAuthn as JSON, where a passkey will do. */
  passkey?: { challenge: string };
}

export type FactorProof = { code: string } | { recovery_code: string } | { credential: unknown };

export interface Factors {
  totp: { enabled: boolean; since?: string };
  recovery_codes_left: number;
  passkeys: Passkey[];
}

export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  last_used_at?: string;
}

/** The secret of an authenticator app, pending until a code of it was given. */
export interface OfferedApp {
  secret: string;
  uri: string;
}

export interface DeviceSession {
  id: string;
  device: string;
  address: string;
  created_at: string;
  last_used_at: string;
  current: boolean;
}

export interface Block {
  user_id: UserId;
  blocked_at: string;
}

export interface SyncAnswer {
  chats: Chat[];
  next: string;
  more: boolean;
  epoch: string;
}
