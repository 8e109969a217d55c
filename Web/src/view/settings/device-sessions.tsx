import { useCallback, useEffect, useState } from "react";
import type { DeviceSession } from "../../protocol/types";
import { dayOf, timeOf } from "../words";
import { useSave } from "../use-save";
import { useSettingsApi } from "./use-settings-api";

export function DeviceSessions() {
  const api = useSettingsApi();
  const [sessions, setSessions] = useState<readonly DeviceSession[]>([]);
  const { busy, fault, save } = useSave();
  const load = useCallback(async () => setSessions(await api.sessions()), [api]);
  useEffect(() => void save(load, ""), [load]);
  const others = sessions.filter((one) => !one.current);
  const end = (ending: () => Promise<void>) => void save(async () => {
    await ending();
    await load();
  }, "Signed out");
  return (
    <section>
      <h2>Where you are signed in</h2>
      <p className="bad" role="alert">{fault}</p>
      <ul className="rows">
        {sessions.map((one) => (
          <li key={one.id} className="session">
            <span>
              <bdi>{one.device || "unknown device"}</bdi> <span className="quiet">{one.address}, last used {dayOf(one.last_used_at)} {timeOf(one.last_used_at)}</span>
            </span>
            {one.current
              ? <span className="quiet">this one</span>
              : <button className="btn btn-outline-primary" type="button" disabled={busy} onClick={() => end(() => api.endSession(one.id))}>Sign out</button>}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <button className="btn btn-outline-primary" type="button" disabled={busy} onClick={() => end(() => api.endOtherSessions())}>Sign out all others</button>
      )}
    </section>
  );
}
