import { type FormEvent, useState } from "react";
import type { Session } from "../core/session/session";
import type { Challenge } from "../protocol/types";
import { Icon } from "./icon";
import { Later } from "./later";
import { passkeysPossible } from "./passkeys-possible";
import { explain } from "./words";

export function SignIn({ session, ended }: { session: Session; ended: boolean }) {
  const [isNew, setIsNew] = useState(false);
  const [byPasskey, setByPasskey] = useState(false);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setFault(null);
    try {
      if (isNew) await session.signUp(field("username"), field("password"), field("display_name"));
      else setChallenge(await session.signIn(field("username"), field("password")));
    } catch (error) {
      setFault(explain(error));
    }
    setBusy(false);
  };

  const back = () => { setChallenge(null); setByPasskey(false); };
  if (challenge !== null || byPasskey) {
    return (
      <main className="page welcome scroll">
        <h1><Icon name="logo" /> Parley</h1>
        <Later>
          {({ PasskeySignIn, SecondFactor }) => challenge === null
            ? <PasskeySignIn session={session} onBack={back} />
            : <SecondFactor session={session} challenge={challenge} onBack={back} />}
        </Later>
      </main>
    );
  }

  return (
    <main className="page welcome scroll">
      <h1><Icon name="logo" /> Parley</h1>
      <p className="quiet">{isNew ? "A name and a password, and you can write." : "Sign in to your chats."}</p>
      {ended && fault === null && <p role="status">You were signed out. Please sign in again.</p>}
      <form onSubmit={(event) => void submit(event)}>
        <div className="field">
          <label className="form-label" htmlFor="username">Username</label>
          <input className="form-control" id="username" name="username" autoComplete="username" autoCapitalize="none"
            spellCheck={false} required minLength={3} maxLength={32} />
          {isNew && <div className="form-text">3 to 32 letters, digits, dots, dashes or underscores</div>}
        </div>
        {isNew && (
          <div className="field">
            <label className="form-label" htmlFor="display_name">Your name, as others see it</label>
            <input className="form-control" id="display_name" name="display_name" autoComplete="name" maxLength={64} dir="auto" />
          </div>
        )}
        <div className="field">
          <label className="form-label" htmlFor="password">Password</label>
          <input className="form-control" id="password" name="password" type="password" required minLength={8} maxLength={128}
            autoComplete={isNew ? "new-password" : "current-password"} />
          {isNew && <div className="form-text">At least 8 characters</div>}
        </div>
        <p className="bad" role="alert">{fault}</p>
        <button className="btn btn-primary" type="submit" disabled={busy}>{isNew ? "Create account" : "Sign in"}</button>
      </form>
      <p />
      {passkeysPossible() && !isNew && (
        <>
          <button className="btn btn-outline-primary" type="button" onClick={() => setByPasskey(true)}>Sign in with a passkey</button>
          <p />
        </>
      )}
      <button className="btn btn-outline-primary" type="button" onClick={() => { setIsNew(!isNew); setFault(null); }}>
        {isNew ? "I have an account" : "Create an account"}
      </button>
    </main>
  );
}
