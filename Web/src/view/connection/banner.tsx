// What is wrong with the connection, in plain words, after a second of trouble: short ones heal before anybody reads.

import { useEffect, useState } from "react";
import type { ConnectionHealth } from "../../core/connection/health";
import { useAccount, useObservable } from "../account-context";

const quietMs = 1_000;

function degradedText(health: ConnectionHealth): string {
  const down = Object.entries(health.services).filter(([, state]) => state === "down").map(([name]) => name);
  if (down.includes("message")) return "Messages cannot be stored right now. What you write is kept here and sent as soon as it works.";
  if (down.includes("auth")) return "Signing in does not work right now. Messages do.";
  if (down.includes("presence")) return "Who is online cannot be shown right now. Messages work.";
  return "Some things do not work right now. Messages are kept until they are sent.";
}

function text(health: ConnectionHealth, seconds: number): string | null {
  switch (health.word) {
    case "degraded": return degradedText(health);
    case "offline": return "You are offline. What you write is kept here and sent when you are back.";
    case "connecting": return "Connecting… What you write is kept here and sent then.";
    case "waiting": return `No connection. Trying again ${seconds > 0 ? `in ${seconds} s` : "now"}. What you write is kept here.`;
    case "replaced": return "Parley is open in many other windows. This one is paused.";
    case "outdated": return "A newer version of this page is needed. Please reload.";
    case "fault": return "The connection failed several times.";
    default: return null;
  }
}

export function Banner() {
  const { connection } = useAccount();
  const health = useObservable(connection.health);
  const [now, setNow] = useState(Date.now());
  const fine = health.word === "connected" || health.word === "idle" || health.word === "signed_out";
  const [troubledSince, setTroubledSince] = useState<number | null>(null);
  useEffect(() => setTroubledSince(fine ? null : Date.now()), [fine]);
  useEffect(() => {
    if (fine) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [fine]);
  const seconds = Math.max(0, Math.ceil(((health.retryAt ?? now) - now) / 1000));
  const words = fine || troubledSince === null || now - troubledSince < quietMs ? null : text(health, seconds);
  const status = words === null ? "" : text(health, 0) ?? "";
  return (
    <>
      <div className="visually-hidden" role="status">{status}</div>
      {words !== null && (
        <section className="banner" aria-label="Connection" data-state={health.word}>
          <span>{words}</span>
          {health.word === "outdated"
            ? <button type="button" onClick={() => location.reload()}>Reload</button>
            : health.word !== "degraded" && health.word !== "connecting" &&
              <button type="button" onClick={() => connection.reconnectNow()}>Reconnect now</button>}
        </section>
      )}
    </>
  );
}
