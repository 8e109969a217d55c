// The browser's own clock, socket, storage, locks and channels, as the core wants them. The only file of the core that
// names them.

import type { Environment, OpenSocket, TextStorage } from "./environment";

function browserStorage(): TextStorage {
  // Refused in private modes of some browsers: then it lasts as long as the page.
  const fallback = new Map<string, string>();
  return {
    get(key) {
      try { return localStorage.getItem(key) ?? fallback.get(key) ?? null; } catch { return fallback.get(key) ?? null; }
    },
    set(key, value) {
      try { localStorage.setItem(key, value); } catch { fallback.set(key, value); }
    },
    remove(key) {
      fallback.delete(key);
      try { localStorage.removeItem(key); } catch { /* there was nothing in it */ }
    },
    listen: (key, changed) => addEventListener("storage", (event) => { if (event.key === key) changed(); }),
  };
}

const openSocket: OpenSocket = (events) => {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  let closed = false;
  socket.onopen = () => events.opened();
  socket.onmessage = (event) => { if (typeof event.data === "string" && !closed) events.received(event.data); };
  socket.onclose = (event) => { if (!closed) events.closed(event.code); closed = true; };
  return {
    send: (text) => { if (socket.readyState === WebSocket.OPEN) socket.send(text); },
    close: () => { closed = true; socket.close(); },
  };
};

/** crypto.randomUUID is missing on plain http; getRandomValues is not. */
function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** "Firefox on Android": what people recognise their devices by. */
function deviceName(agent: string): string {
  const first = (names: readonly [RegExp, string][], other: string) => names.find(([sign]) => sign.test(agent))?.[1] ?? other;
  // Every browser also claims to be the ones below it.
  const browser = first([[/Edg/, "Edge"], [/OPR/, "Opera"], [/Firefox|FxiOS/, "Firefox"], [/Chrom|CriOS/, "Chrome"], [/Safari/, "Safari"]], "Browser");
  const system = first([[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/CrOS/, "ChromeOS"], [/Windows/, "Windows"], [/Mac/, "macOS"], [/Linux/, "Linux"]], "");
  return system === "" ? browser : `${browser} on ${system}`;
}

export function browserEnvironment(): Environment {
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("parley");
  return {
    clock: {
      now: () => Date.now(),
      after: (milliseconds, run) => {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
    },
    random: Math.random,
    makeId,
    fetch: (input, init) => fetch(input, init),
    openSocket,
    storage: browserStorage(),
    lock: (name, body) => {
      // TypeScript's lib does not know that the lock hands its body's result on.
      const locks = (navigator as { locks?: LockManager }).locks;
      return locks === undefined ? body() : (locks.request(name, body) as ReturnType<typeof body>);
    },
    tabs: {
      post: (message) => channel?.postMessage(message),
      listen: (hear) => channel?.addEventListener("message", (event) => hear(event.data)),
    },
    device: deviceName(navigator.userAgent),
    cookies: location.protocol === "https:",
  };
}
