// Sign-in by password and a code of an authenticator app (TOTP), and the recovery codes for whoever loses the app.

import { type FormEvent, useCallback, useEffect, useState } from "react";
import type { Factors, OfferedApp } from "../../protocol/types";
import { dayOf } from "../words";
import { useSave } from "../use-save";
import { Passkeys } from "./passkeys";
import { QRImage } from "./qr-image";
import { RecoveryCodes } from "./recovery-codes";
import { useSettingsApi } from "./use-settings-api";

type Asked = "add" | "remove" | "codes";

const titles: Record<Asked, string> = {
  add: "Add an authenticator app", remove: "Remove the authenticator app", codes: "Make new recovery codes",
};

export function Authenticator() {
  const api = useSettingsApi();
  const [factors, setFactors] = useState<Factors | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [offered, setOffered] = useState<OfferedApp | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const { busy, fault, save, clear } = useSave();
  const load = useCallback(async () => setFactors(await api.factors()), [api]);
  useEffect(() => void save(load, ""), [load]);

  const ask = (what: Asked | null) => { setAsked(what); setOffered(null); setCodes(null); clear(); };
  const field = (event: FormEvent<HTMLFormElement>, name: string) => {
    event.preventDefault();
    return String(new FormData(event.currentTarget).get(name) ?? "");
  };
  const withPassword = (event: FormEvent<HTMLFormElement>) => {
    const password = field(event, "password");
    void save(async () => {
      if (asked === "add") setOffered(await api.offerApp(password));
      if (asked === "remove") await api.removeApp(password);
      if (asked === "codes") setCodes(await api.newRecoveryCodes(password));
      if (asked !== "add") await load();
      setAsked(null);
    }, asked === "remove" ? "Removed" : "");
  };
  const confirm = (event: FormEvent<HTMLFormElement>) => {
    const code = field(event, "code").replace(/\s/g, "");
    void save(async () => {
      setCodes(await api.confirmApp(code));
      setOffered(null);
      await load();
    }, "The authenticator app is in use");
  };

  const button = (what: Asked) => <button className="btn btn-outline-primary" type="button" onClick={() => ask(what)}>{titles[what]}</button>;
  return (
    <section aria-labelledby="factors">
      <h2 id="factors">Second factor</h2>
      {factors !== null && (
        <p className="quiet">
          {factors.totp.enabled
            ? `Signing in needs a code of your authenticator app${factors.totp.since === undefined ? "" : ` (since ${dayOf(factors.totp.since)})`}. ${factors.recovery_codes_left} of 10 recovery codes are left.`
            : factors.passkeys.length > 0
              ? `Signing in with your password needs a passkey besides. ${factors.recovery_codes_left} of 10 recovery codes are left, for when you lose it.`
              : "Signing in needs your password only. With an authenticator app a stolen password is not enough."}
        </p>
      )}
      {codes !== null && <RecoveryCodes codes={codes} onDone={() => ask(null)} />}
      {offered !== null && <AppSecret offered={offered} />}
      {offered !== null && (
        <form onSubmit={confirm}>
          <div className="field">
            <label className="form-label" htmlFor="app-code">The code that the app shows now</label>
            <input className="form-control" id="app-code" name="code" required inputMode="numeric" maxLength={7} autoComplete="one-time-code" />
          </div>
          <div className="buttons">
            <button className="btn btn-primary" type="submit" disabled={busy}>Use this app</button>
            <button className="btn btn-outline-primary" type="button" onClick={() => ask(null)}>Cancel</button>
          </div>
        </form>
      )}
      {asked !== null && (
        <form onSubmit={withPassword}>
          <div className="field">
            <label className="form-label" htmlFor="factor-password">{titles[asked]}: your password</label>
            <input className="form-control" id="factor-password" name="password" type="password" required autoFocus autoComplete="current-password" />
          </div>
          <div className="buttons">
            <button className="btn btn-primary" type="submit" disabled={busy}>Continue</button>
            <button className="btn btn-outline-primary" type="button" onClick={() => ask(null)}>Cancel</button>
          </div>
        </form>
      )}
      <p className="bad" role="alert">{fault}</p>
      {asked === null && offered === null && codes === null && factors !== null && (
        <div className="buttons">
          {(factors.totp.enabled || factors.passkeys.length > 0) && button("codes")}
          {button(factors.totp.enabled ? "remove" : "add")}
        </div>
      )}
      {factors !== null && <Passkeys passkeys={factors.passkeys} onChange={load} />}
    </section>
  );
}

/** For a camera, for an app on this very device, and for a keyboard. */
function AppSecret({ offered }: { offered: OfferedApp }) {
  return (
    <>
      <p>Point the app at this code:</p>
      <QRImage text={offered.uri} label="The key as a QR code" />
      <p>Or <a href={offered.uri}>open the app on this device</a>, or type this key into it:</p>
      <p><code className="secret">{(offered.secret.match(/.{1,4}/g) ?? []).join(" ")}</code></p>
    </>
  );
}
