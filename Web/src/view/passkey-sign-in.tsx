import { useEffect } from "react";
import type { RequestOptions } from "../core/passkeys";
import type { Session } from "../core/session/session";
import { showPasskey } from "./passkey";
import { useSave } from "./use-save";

interface Props {
  session: Session;
  /** Back to name and password. */
  onBack: () => void;
}

/** Without a name and a password: the browser knows which passkeys it has for this site. */
export function PasskeySignIn({ session, onBack }: Props) {
  const { busy, fault, save } = useSave();
  const start = () => void save(async () => {
    const { challenge, options } = (await session.ask("passkeys/options", {})) as { challenge: string; options: RequestOptions };
    await session.enter("passkeys/login", { challenge, credential: await showPasskey(options) });
  }, "Signed in");
  useEffect(start, [session]);
  return (
    <>
      <p role="status">{busy ? "Your browser asks for the passkey." : ""}</p>
      <p className="bad" role="alert">{fault}</p>
      <button className="btn btn-primary" type="button" disabled={busy} onClick={start}>Sign in with a passkey</button>
      <p />
      <button className="btn btn-outline-primary" type="button" onClick={onBack}>Back</button>
    </>
  );
}
