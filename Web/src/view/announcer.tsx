import { useSyncExternalStore } from "react";
import { Observable } from "../core/observable";

const spoken = new Observable("");

/** For ears only: one polite voice for the whole page, apart from the list of messages. */
export function announce(text: string): void { spoken.set(spoken.get() === text ? `${text}\u00a0` : text); }

export function Announcer() {
  return <div className="visually-hidden" aria-live="polite">{useSyncExternalStore(spoken.subscribe, spoken.get)}</div>;
}
