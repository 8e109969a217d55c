import { useObservable } from "./account-context";
import { Observable } from "../core/observable";
import { go } from "./route";

const waiting = new Observable<ServiceWorker | null>(null);

/** On plain http over a network there is no service worker: the page works without one. */
export function registerWorker(): void {
  const workers = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (workers === undefined) return;
  const hadOne = workers.controller !== null;
  workers.addEventListener("controllerchange", () => { if (hadOne) location.reload(); });
  workers.addEventListener("message", (event) => {
    const open = (event.data as { open?: unknown } | null)?.open;
    if (typeof open === "string") go(open);
  });
  workers.register("/worker.js").then((registration) => {
    const look = () => { if (registration.waiting !== null && hadOne) waiting.set(registration.waiting); };
    look();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
  }, () => {});
}

/** Without its worker, which would bring the old page once more: the new page brings its own. */
export async function reloadFromServer(): Promise<void> {
  const workers = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  await (await workers?.getRegistration())?.unregister();
  location.reload();
}

export function NewVersion() {
  const worker = useObservable(waiting);
  if (worker === null) return null;
  return (
    <section className="banner" aria-label="New version">
      <span role="status">A new version of Parley is ready.</span>
      <button type="button" onClick={() => worker.postMessage("use the new version")}>Use it now</button>
    </section>
  );
}
