// The service worker: keeps the shell (page, script, style, icon) so that the page opens at once and without a network.
// Nothing of the API passes through it. A new version waits until the person agrees, so a page never mixes two.

// Filled in by the build: what the shell is made of, and a name for exactly this content.
declare const SHELL_FILES: string[];
declare const SHELL_VERSION: string;

// TypeScript's DOM library has no service worker scope; this is what is used of it.
interface Scope {
  addEventListener(type: string, listener: (event: WorkerEvent) => void): void;
  skipWaiting(): Promise<void>;
  clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<PageClient[]>;
    openWindow(url: string): Promise<unknown>;
  };
}
interface PageClient {
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
}
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
  request: Request;
  data: unknown;
  notification: Notification;
}

const scope = self as unknown as Scope;
const cacheName = `shell-${SHELL_VERSION}`;

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(SHELL_FILES)));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== cacheName) await caches.delete(name);
    await scope.clients.claim();
  })());
});

scope.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !SHELL_FILES.includes(url.pathname)) return;
  event.respondWith(caches.open(cacheName).then(async (cache) => (await cache.match(url.pathname)) ?? fetch(event.request)));
});

scope.addEventListener("message", (event) => {
  if (event.data === "use the new version") void scope.skipWaiting();
});

scope.addEventListener("notificationclick", (event) => {
  const fragment = `#/chat/${event.notification.tag}`;
  event.notification.close();
  event.waitUntil((async () => {
    const [page] = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (page === undefined) return scope.clients.openWindow(`/${fragment}`);
    page.postMessage({ open: fragment });
    return page.focus();
  })());
});

export {};
