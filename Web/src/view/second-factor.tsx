// After the password of somebody who wants more than a password.

import { type FormEvent, useState } from "react";
import type { RequestOptions } from "../core/passkeys";
import type { Session } from "../core/session/session";
import type { Challenge } from "../protocol/types";
import { showPasskey } from "./passkey";
import { passkeysPossible } from "./passkeys-possible";
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
  const { passkey } = challenge;
  const show = (options: RequestOptions) => void save(async () => session.answer(challenge, { credential: await showPasskey(options) }), "Signed in");
  const hasRecovery = challenge.methods.includes("recovery_code");
  const { busy, fault, save } = useSave();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code") ?? "").trim();
    void save(() => session.answer(challenge, recovering ? { recovery_code: code } : { code: code.replace(/\s/g, "") }), "Signed in");
  };
  return (
    <>
      {passkey !== undefined && passkeysPossible() && (
        <>
          <button className="btn btn-primary" type="button" disabled={busy} autoFocus onClick={() => show(passkey)}>Use your passkey</button>
          <p />
        </>
      )}
      {!hasApp && !hasRecovery && !passkeysPossible() && <p className="bad">Your passkey does not work at this address, or not in this browser.</p>}
      {(hasApp || hasRecovery) && <form key={String(recovering)} onSubmit={submit}>
        <div className="field">
          <label className="form-label" htmlFor="code">{recovering ? "Recovery code" : "Code of your authenticator app"}</label>
          <input className="form-control" id="code" name="code" required autoFocus={passkey === undefined || recovering === hasApp} autoCapitalize="none" spellCheck={false}
            {...(recovering ? { autoComplete: "off" } : { autoComplete: "one-time-code", inputMode: "numeric", maxLength: 7 })} />
          {recovering && <div className="form-text">One of the ten that you kept. Each works once.</div>}
        </div>
        <button className="btn btn-primary" type="submit" disabled={busy}>Sign in</button>
      </form>}
      <p className="bad" role="alert">{fault}</p>
      {hasApp && hasRecovery && (
        <button className="btn btn-outline-primary" type="button" onClick={() => setRecovering(!recovering)}>
          {recovering ? "Use the authenticator app" : "Use a recovery code"}
        </button>
      )}
      <p />
      <button className="btn btn-outline-primary" type="button" onClick={onBack}>Back</button>
    </>
  );
}
