import { type FormEvent, useState } from "react";
import { useAccount, useObservable } from "../account-context";
import { useSave } from "../use-save";
import { useSettingsApi } from "./use-settings-api";

export function NameForm() {
  const account = useAccount();
  const state = useObservable(account.session.state);
  const [name, setName] = useState(state.is === "signed_in" ? state.user.display_name : "");
  const api = useSettingsApi();
  const { busy, fault, saved, save } = useSave();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(() => api.rename(name.trim()), "Name saved");
  };
  return (
    <section>
      <h2>Your name</h2>
      <form onSubmit={submit}>
        <div className="field">
          <label className="form-label" htmlFor="display-name">As others see it</label>
          <input className="form-control" id="display-name" value={name} required maxLength={64} dir="auto" autoComplete="name"
            onChange={(event) => setName(event.target.value)} />
        </div>
        <p className="bad" role="alert">{fault}</p>
        <button className="btn btn-outline-primary" type="submit" disabled={busy}>{saved ? "Saved" : "Save name"}</button>
      </form>
    </section>
  );
}
