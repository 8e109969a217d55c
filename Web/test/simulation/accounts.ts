// Tokens and sessions as docs/protocol.md, section 10, has them.

import type { SignedIn, User, UserId } from "../../src/protocol/types";

interface SessionRow {
  id: string;
  user: UserId;
  refresh: string;
  before: { token: string; until: number } | null;
  older: Set<string>;
  ended: boolean;
}

export type Verified = { user: UserId; session: string; expiresAt: number } | "expired" | "ended";

const graceMs = 30_000;

export class Accounts {
  readonly users = new Map<UserId, User>();
  private sessions = new Map<string, SessionRow>();
  private numbers = 0;

  constructor(private readonly now: () => number, private readonly lifeSeconds: number) {}

  add(id: UserId): User {
    const user = { id, username: id, display_name: id.toUpperCase() };
    this.users.set(id, user);
    return user;
  }

  signIn(user: UserId): SignedIn {
    const session: SessionRow = { id: `s${++this.numbers}`, user, refresh: this.token("r"), before: null, older: new Set(), ended: false };
    this.sessions.set(session.id, session);
    return this.answer(session);
  }

  /** Null is a 401. One use, but the one before is good for 30 s more; an older one was stolen, so the session ends. */
  refresh(token: string): SignedIn | null {
    const rows = [...this.sessions.values()];
    const session = rows.find((row) => row.refresh === token || row.before?.token === token || row.older.has(token));
    if (session === undefined || session.ended) return null;
    if (token === session.refresh) {
      if (session.before !== null) session.older.add(session.before.token);
      session.before = { token, until: this.now() + graceMs };
    } else if (token !== session.before?.token || session.before.until < this.now()) {
      session.ended = true;
      return null;
    }
    session.refresh = this.token("r");
    return this.answer(session);
  }

  end(session: string): void {
    const row = this.sessions.get(session);
    if (row !== undefined) row.ended = true;
  }

  verify(token: string): Verified {
    const [, id = "", expiry = "0"] = token.split("/");
    const session = this.sessions.get(id);
    if (session === undefined || session.ended) return "ended";
    const expiresAt = Number(expiry);
    return expiresAt <= this.now() ? "expired" : { user: session.user, session: id, expiresAt };
  }

  hasEnded(session: string): boolean { return this.sessions.get(session)?.ended ?? true; }

  private answer(session: SessionRow): SignedIn {
    const user = this.users.get(session.user)!;
    const access_token = `${this.token("a")}/${session.id}/${this.now() + this.lifeSeconds * 1000}`;
    return { user, session_id: session.id, access_token, expires_in: this.lifeSeconds, refresh_token: session.refresh };
  }

  private token(kind: string): string { return `${kind}${++this.numbers}`; }
}
