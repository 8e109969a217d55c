import { type FormEvent, useState } from "react";
import { deleteAccount } from "../../core/delete-account";
import { useAccount } from "../account-context";
import { useSave } from "../use-save";
import { ExportButton } from "./export-data";

export function DeleteAccount() {
  const account = useAccount();
  const [open, setOpen] = useState(false);
  const { busy, fault, save } = useSave();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const messages = data.get("messages") === "erase" ? "erase" : "keep";
    void save(() => deleteAccount(account, String(data.get("password") ?? ""), messages), "Account deleted");
  };
  return (
    <section>
      <h2 id="delete">Delete account</h2>
      {!open && <button className="btn btn-outline-danger" type="button" onClick={() => setOpen(true)}>Delete my account…</button>}
      {open && (
        <>
          <p>Before you go, you may want to keep what you wrote:</p>
          <ExportButton />
        </>
      )}
      {open && (
        <form onSubmit={submit} aria-labelledby="delete">
          <p>This cannot be undone. You are signed out everywhere, and nobody gets the username @{account.me.username} again.</p>
          <div className="field" role="radiogroup" aria-label="Your messages">
            <label className="choice"><input type="radio" name="messages" value="keep" defaultChecked autoFocus /> Leave my messages to those I wrote to</label>
            <label className="choice"><input type="radio" name="messages" value="erase" /> Erase the texts of my messages everywhere</label>
          </div>
          <div className="field">
            <label className="form-label" htmlFor="delete-password">Password</label>
            <input className="form-control" id="delete-password" name="password" type="password" required autoComplete="current-password" />
          </div>
          <div className="field">
            <label className="form-label" htmlFor="delete-name">Your username, to be sure</label>
            <input className="form-control" id="delete-name" required pattern={account.me.username.replace(/\./g, "\\.")} title={account.me.username}
              autoComplete="off" autoCapitalize="none" spellCheck={false} />
          </div>
          <p className="bad" role="alert">{fault}</p>
          <div className="buttons">
            <button className="btn btn-outline-danger" type="submit" disabled={busy}>Delete for good</button>
            <button className="btn btn-outline-primary" type="button" onClick={() => setOpen(false)}>Keep my account</button>
          </div>
        </form>
      )}
    </section>
  );
}
