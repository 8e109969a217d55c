// Passkeys: add, look at, remove.

import { type FormEvent, useState } from "react";
import { useAccount } from "../account-context";
import type { Passkey } from "../../protocol/types";
import { makePasskey } from "../passkey";
import { passkeysPossible } from "../passkeys-possible";
import { useSave } from "../use-save";
import { dayOf } from "../words";
import { useSettingsApi } from "./use-settings-api";

interface Props {
  passkeys: readonly Passkey[];
  /** They changed. */
  onChange: () => Promise<void>;
}

export function Passkeys({ passkeys, onChange }: Props) {
  const { environment } = useAccount();
  const api = useSettingsApi();
  /** "add", or the id of the one to be removed. */
  const [asked, setAsked] = useState<string | null>(null);
  const { busy, fault, save, clear } = useSave();
  const ask = (what: string | null) => { setAsked(what); clear(); };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const field = (name: string) => String(data.get(name) ?? "");
    void save(async () => {
      if (asked === "add") {
        const { challenge, options } = await api.offerPasskey(field("password"));
        await api.addPasskey(challenge, field("name").trim(), await makePasskey(options));
      } else if (asked !== null) await api.removePasskey(asked, field("password"));
      await onChange();
      setAsked(null);
    }, asked === "add" ? "Passkey added" : "Passkey removed");
  };
  const removed = passkeys.find((one) => one.id === asked);
  return (
    <>
      <h3>Passkeys</h3>
      {passkeys.length === 0 && <p className="quiet">A passkey signs you in without a password, and nobody can steal it from afar.</p>}
      <ul className="rows">
        {passkeys.map((one) => (
          <li key={one.id} className="session">
            <span>
              <bdi>{one.name}</bdi> <span className="quiet">
                added {dayOf(one.created_at)}, {one.last_used_at === undefined ? "not used yet" : `last used ${dayOf(one.last_used_at)}`}
              </span>
            </span>
            <button className="btn btn-outline-primary" type="button" aria-label={`Remove ${one.name}`} onClick={() => ask(one.id)}>Remove</button>
          </li>
        ))}
      </ul>
      {asked !== null && (
        <form key={asked} onSubmit={submit}>
          {asked === "add" && (
            <div className="field">
              <label className="form-label" htmlFor="passkey-name">What to call it</label>
              <input className="form-control" id="passkey-name" name="name" required maxLength={32} defaultValue={environment.device} dir="auto" />
            </div>
          )}
          <div className="field">
            <label className="form-label" htmlFor="passkey-password">
              {removed === undefined ? "Your password" : <>To remove <bdi>{removed.name}</bdi>: your password</>}
            </label>
            <input className="form-control" id="passkey-password" name="password" type="password" required autoFocus autoComplete="current-password" />
          </div>
          <div className="buttons">
            <button className="btn btn-primary" type="submit" disabled={busy}>{asked === "add" ? "Add this device" : "Remove"}</button>
            <button className="btn btn-outline-primary" type="button" onClick={() => ask(null)}>Cancel</button>
          </div>
        </form>
      )}
      <p className="bad" role="alert">{fault}</p>
      {asked === null && passkeysPossible() && (
        <button className="btn btn-outline-primary" type="button" onClick={() => ask("add")}>Add a passkey</button>
      )}
      {!passkeysPossible() && <p className="quiet">They need a browser that knows them, and this page by https.</p>}
    </>
  );
}
