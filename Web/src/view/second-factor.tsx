// After the password of somebody who wants more than a password.

import { type FormEvent, useState } from "react";
import type { Session } from "../core/session/session";
import type { Challenge } from "../protocol/types";
import { useSave } from "./use-save";

interface Props {
  session: Session;
  challenge: Challenge;
  /** Back to name and password. */
  onBack: () => void;
}

export function SecondFactor({ session, challenge, onBack }: Props) {
  const hasApp = challenge.methods.includes("totp");
  const [recovering, setRecovering] = useState(!hasApp);
  const { busy, fault, save } = useSave();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code") ?? "").trim();
    void save(() => session.answer(challenge, recovering ? { recovery_code: code } : { code: code.replace(/\s/g, "") }), "Signed in");
  };
  return (
    <>
      <form key={String(recovering)} onSubmit={submit}>
        <div className="field">
          <label className="form-label" htmlFor="code">{recovering ? "Recovery code" : "Code of your authenticator app"}</label>
          <input className="form-control" id="code" name="code" required autoFocus autoCapitalize="none" spellCheck={false}
            {...(recovering ? { autoComplete: "off" } : { autoComplete: "one-time-code", inputMode: "numeric", maxLength: 7 })} />
          {recovering && <div className="form-text">One of the ten that you kept. Each works once.</div>}
        </div>
        <p className="bad" role="alert">{fault}</p>
        <button className="btn btn-primary" type="submit" disabled={busy}>Sign in</button>
      </form>
      <p />
      {hasApp && (
        <button className="btn btn-outline-primary" type="button" onClick={() => setRecovering(!recovering)}>
          {recovering ? "Use the authenticator app" : "Use a recovery code"}
        </button>
      )}
      <p />
      <button className="btn btn-outline-primary" type="button" onClick={onBack}>Back</button>
    </>
  );
}
