import { type FormEvent } from "react";
import { useAccount } from "../account-context";
import { useSave } from "../use-save";
import { useSettingsApi } from "./use-settings-api";

export function PasswordForm() {
  const account = useAccount();
  const api = useSettingsApi();
  const { busy, fault, saved, save } = useSave();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const field = (name: string) => String(data.get(name) ?? "");
    if (await save(() => api.changePassword(field("current"), field("next")), "Password changed")) form.reset();
  };
  return (
    <section>
      <h2>Password</h2>
      <form onSubmit={(event) => void submit(event)}>
        <input type="hidden" name="username" autoComplete="username" value={account.me.username} readOnly />
        <div className="field">
          <label className="form-label" htmlFor="current">Current password</label>
          <input className="form-control" id="current" name="current" type="password" required autoComplete="current-password" />
        </div>
        <div className="field">
          <label className="form-label" htmlFor="next">New password</label>
          <input className="form-control" id="next" name="next" type="password" required minLength={8} maxLength={128}
            autoComplete="new-password" />
          <div className="form-text">Your other devices will be signed out.</div>
        </div>
        <p className="bad" role="alert">{fault}</p>
        <button className="btn btn-outline-primary" type="submit" disabled={busy}>{saved ? "Changed" : "Change password"}</button>
      </form>
    </section>
  );
}
