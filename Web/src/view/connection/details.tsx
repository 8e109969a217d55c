import type { ConnectionHealth, HealthWord } from "../../core/connection/health";
import { dayOf, sameDay, timeOf } from "../words";

export const stateNames: Record<HealthWord, string> = {
  connected: "Connected", degraded: "Connected, but some parts are down", connecting: "Connecting", waiting: "No connection",
  offline: "Offline", replaced: "Paused: open in many other windows", outdated: "Stopped: this page is too old",
  fault: "Stopped after several failures", signed_out: "Signed out", idle: "Not started",
};

/** What somebody who asks for help, or gives it, wants to know about the connection. */
export function ConnectionDetails({ health }: { health: ConnectionHealth }) {
  const day = sameDay(health.since, Date.now()) ? "" : `${dayOf(health.since)}, `;
  const services = Object.entries(health.services);
  return (
    <dl className="details">
      <dt>State</dt>
      <dd>{stateNames[health.word]}</dd>
      <dt>Since</dt>
      <dd>{health.since === 0 ? "–" : `${day}${timeOf(health.since)}`}</dd>
      <dt>Round trip</dt>
      <dd>{health.roundTripMs === null ? "not measured yet" : `${health.roundTripMs} ms`}</dd>
      <dt>Services</dt>
      <dd>
        {services.length === 0 && "not known yet"}
        {services.map(([name, state]) => <div key={name} className={state === "up" ? "" : "bad"}>{name} is {state}</div>)}
      </dd>
      <dt>Gateway</dt>
      <dd>{health.gateway ?? "none"}</dd>
      <dt>Connection</dt>
      <dd>{health.connection ?? "none"}</dd>
    </dl>
  );
}
