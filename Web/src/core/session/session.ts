// Who is signed in, and a token that works. The record is shared by all tabs through local storage; one tab refreshes for
// all, because a refresh token is good for one use and the lock lets the others find its successor already there.

import type { Challenge, FactorProof, SignedIn, User } from "../../protocol/types";
import { backoffMs } from "../backoff";
import type { Cancel, Environment } from "../environment";
import { ApiError, request } from "../http";
import { Observable } from "../observable";

interface SessionRecord {
  user: User;
  sessionId: string;
  accessToken: string;
  renewAt: number;
  expiresAt: number;
  /** Absent where an HttpOnly cookie holds it. */
  refreshToken?: string;
}

export type SessionState =
  | { is: "signed_out"; ended: boolean }
  | { is: "signed_in"; user: User; sessionId: string };

const storageKey = "parley.session";
const lockName = "parley.refresh";
/** A token that ends within this time is not worth sending. */
const graceMs = 5_000;

export class SignedOut extends Error {}

export class Session {
  readonly state: Observable<SessionState>;
  /** Told after a renewal, here or in another tab. */
  onRenewed: (accessToken: string) => void = () => {};
  private record: SessionRecord | null;
  private renewing: Promise<string> | null = null;
  private cancelTimer: Cancel = () => {};
  private failures = 0;

  constructor(private readonly environment: Environment) {
    this.record = this.stored();
    this.state = new Observable<SessionState>(describe(this.record, false));
    this.schedule();
    environment.storage.listen(storageKey, () => this.adopt());
    environment.tabs.listen((message) => {
      if (message === "session renewed") this.adopt();
      if (message === "session ended") this.forget(true);
    });
  }

  /** Where a second factor is needed besides, gives what is asked for; `answer` follows. */
  async signIn(username: string, password: string): Promise<Challenge | null> {
    try {
      await this.enter("login", { username, password });
      return null;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "factor_required") throw error;
      return (error.answer as { challenge: Challenge }).challenge;
    }
  }

  /** Asks one of the routes that need no session yet. */
  ask(route: string, body: object): Promise<unknown> {
    return request(this.environment.fetch, { method: "POST", path: `/api/v1/auth/${route}`, body });
  }

  /** By one of the routes that answer with a new session. */
  async enter(route: "login" | "login/factor" | "passkeys/login" | "register", fields: object): Promise<void> {
    const cookie = this.environment.cookies ? { cookie: true } : {};
    const answer = await this.ask(route, { ...fields, device: this.environment.device, ...cookie });
    this.keep(this.toRecord(answer as SignedIn));
    this.environment.tabs.post("session renewed");
  }

  /** The second factor of a sign-in. */
  async answer(challenge: Challenge, proof: FactorProof): Promise<void> {
    await this.enter("login/factor", { challenge: challenge.token, ...proof });
  }

  async signUp(username: string, password: string, displayName: string): Promise<void> {
    const named = displayName.trim() === "" ? {} : { display_name: displayName.trim() };
    await this.enter("register", { username, password, ...named });
  }

  /** The server is told if it can be reached; this browser forgets in any case. */
  async signOut(): Promise<void> {
    const token = await this.accessToken().catch(() => null);
    this.leave();
    if (token === null) return;
    await request(this.environment.fetch, { method: "POST", path: "/api/v1/auth/logout", token }).catch(() => null);
  }

  /** The account is gone, and with it this session. */
  leave(): void {
    this.environment.tabs.post("session ended");
    this.forget(false);
  }

  /** The server ended this session. */
  end(): void {
    if (this.record === null) return;
    this.environment.tabs.post("session ended");
    this.forget(true);
  }

  /** A token that has some life left; throws SignedOut, or ApiError while auth-service cannot be reached. */
  async accessToken(): Promise<string> {
    if (this.record === null) throw new SignedOut();
    if (this.record.expiresAt - this.environment.clock.now() > graceMs) return this.record.accessToken;
    return this.renew();
  }

  /** The server refused the token: it is not to be used again, whatever its clock says. */
  expireAccessToken(refused: string | null = null): void {
    if (this.record === null || (refused !== null && refused !== this.record.accessToken)) return;
    this.record = { ...this.record, expiresAt: 0 };
  }

  async call(what: { method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; path: string; body?: unknown }): Promise<unknown> {
    const token = await this.accessToken();
    try {
      return await request(this.environment.fetch, { ...what, token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      this.expireAccessToken(token);
      return request(this.environment.fetch, { ...what, token: await this.accessToken() });
    }
  }

  rename(user: User): void {
    if (this.record !== null) this.keep({ ...this.record, user });
  }


  private renew(): Promise<string> {
    const stale = this.record?.accessToken ?? "";
    this.renewing ??= this.environment.lock(lockName, () => this.refresh(stale)).finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async refresh(stale: string): Promise<string> {
    // Another tab may have done it while we waited for the lock.
    const stored = this.stored();
    if (stored !== null && stored.accessToken !== stale && stored.expiresAt - this.environment.clock.now() > graceMs) {
      this.adopt();
      return stored.accessToken;
    }
    const mine = stored ?? this.record;
    if (mine === null || this.record === null) throw new SignedOut();
    const body = mine.refreshToken === undefined ? {} : { refresh_token: mine.refreshToken };
    try {
      const answer = await request(this.environment.fetch, { method: "POST", path: "/api/v1/auth/refresh", body });
      if (this.record === null) throw new SignedOut();
      const record = this.toRecord(answer as SignedIn);
      this.keep(record);
      this.failures = 0;
      this.environment.tabs.post("session renewed");
      this.onRenewed(record.accessToken);
      return record.accessToken;
    } catch (error) {
      // Only a 401 says that the session is over; anything else says that the server is away.
      if (error instanceof ApiError && error.status === 401) this.end();
      throw error;
    }
  }

  private toRecord(answer: SignedIn): SessionRecord {
    const now = this.environment.clock.now();
    const life = answer.expires_in * 1000;
    return {
      user: answer.user,
      sessionId: answer.session_id,
      accessToken: answer.access_token,
      renewAt: now + (life * 2) / 3,
      expiresAt: now + life,
      ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    };
  }

  private schedule(): void {
    this.cancelTimer();
    this.cancelTimer = () => {};
    if (this.record === null) return;
    const wait = Math.max(0, this.record.renewAt - this.environment.clock.now());
    const delay = this.failures === 0 ? wait : Math.max(wait, 1_000 + backoffMs(this.failures, this.environment.random));
    this.cancelTimer = this.environment.clock.after(delay, () => {
      this.renew().catch(() => {
        this.failures += 1;
        this.schedule();
      });
    });
  }

  private adopt(): void {
    const stored = this.stored();
    if (stored === null || stored.accessToken === this.record?.accessToken) return;
    this.record = stored;
    this.failures = 0;
    this.publish(false);
    this.onRenewed(stored.accessToken);
  }

  private keep(record: SessionRecord): void {
    this.record = record;
    this.environment.storage.set(storageKey, JSON.stringify(record));
    this.publish(false);
  }

  private forget(ended: boolean): void {
    if (this.record === null) return;
    this.record = null;
    this.environment.storage.remove(storageKey);
    this.publish(ended);
  }

  private publish(ended: boolean): void {
    this.schedule();
    const next = describe(this.record, ended);
    if (JSON.stringify(next) !== JSON.stringify(this.state.get())) this.state.set(next);
  }

  private stored(): SessionRecord | null {
    const text = this.environment.storage.get(storageKey);
    try {
      return text === null ? null : (JSON.parse(text) as SessionRecord);
    } catch {
      return null;
    }
  }
}

function describe(record: SessionRecord | null, ended: boolean): SessionState {
  if (record === null) return { is: "signed_out", ended };
  return { is: "signed_in", user: record.user, sessionId: record.sessionId };
}
