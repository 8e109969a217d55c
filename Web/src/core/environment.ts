// What the core takes from the world. The page gives it the browser's own (browser.ts), tests give it a clock they turn by hand.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  after(milliseconds: number, run: () => void): Cancel;
}

/** A WebSocket, reduced to what is used. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** At most once; 1006 if it never opened. */
  closed(code: number): void;
}

export type OpenSocket = (events: SocketEvents) => Socket;

/** Small synchronous text storage (localStorage). Writes may be refused; then they are forgotten. */
export interface TextStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** Told when another tab's change of the key can be read here: words between tabs may be there before it. */
  listen(key: string, changed: () => void): void;
}

/** Runs `body` while no other tab runs one under the same name. Without Web Locks it simply runs it. */
export type ExclusiveLock = <Result>(name: string, body: () => Promise<Result>) => Promise<Result>;

/** Words between the tabs of one browser. What one posts, the others hear, never itself. */
export interface TabChannel {
  post(message: unknown): void;
  listen(hear: (message: unknown) => void): void;
}

export interface Environment {
  clock: Clock;
  /** 0 ≤ x < 1 */
  random(): number;
  makeId(): string;
  fetch: typeof fetch;
  openSocket: OpenSocket;
  storage: TextStorage;
  lock: ExclusiveLock;
  tabs: TabChannel;
  /** What the list of sessions calls this device, at most 64 characters. */
  device: string;
  /** Whether the refresh token can be left to an HttpOnly cookie: only where the page came by https. */
  cookies: boolean;
}
