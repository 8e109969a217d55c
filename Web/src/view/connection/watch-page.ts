// What the browser tells about the world: each is a reason to look whether the socket still lives.

import type { Connection } from "../../core/connection/connection";

/** A timer that comes this late was asleep. */
const tickMs = 2_000;
const jumpMs = 6_000;

export function watchPage(connection: Connection): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const wake = () => connection.wake();
  addEventListener("online", () => connection.setOnline(true), { signal });
  addEventListener("offline", () => connection.setOnline(false), { signal });
  addEventListener("pageshow", wake, { signal });
  const look = () => connection.setAttentive(!document.hidden);
  document.addEventListener("visibilitychange", look, { signal });
  look();
  document.addEventListener("resume", wake, { signal });
  if (!navigator.onLine) connection.setOnline(false);
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > jumpMs) wake();
    last = now;
  }, tickMs);
  return () => { stop.abort(); clearInterval(timer); };
}
