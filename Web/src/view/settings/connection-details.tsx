import { useAccount, useObservable } from "../account-context";
import { timeOf } from "../words";

export function ConnectionDetails() {
  const health = useObservable(useAccount().connection.health);
  return (
    <section>
      <h2>Connection</h2>
      <dl className="details">
        <dt>State</dt>
        <dd>{health.word}, since {timeOf(health.since)}</dd>
        <dt>Round trip</dt>
        <dd>{health.roundTripMs === null ? "not measured yet" : `${health.roundTripMs} ms`}</dd>
        <dt>Services</dt>
        <dd>{Object.entries(health.services).map(([name, state]) => `${name} ${state}`).join(", ") || "not known yet"}</dd>
        <dt>Socket</dt>
        <dd>{health.connection ?? "none"}</dd>
      </dl>
    </section>
  );
}
