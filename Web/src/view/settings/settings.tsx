import { useAccount } from "../account-context";
import { Icon } from "../icon";
import { DeviceSessions } from "./device-sessions";
import { NameForm } from "./name-form";
import { NotificationChoice } from "./notification-choice";
import { PasswordForm } from "./password-form";
import { ThemeChoice } from "./theme-choice";

export function Settings() {
  const account = useAccount();
  return (
    <section className="main" aria-label="Settings">
      <header className="bar">
        <a className="icon-button back" href="#/" aria-label="Back to chats"><Icon name="back" /></a>
        <h1 tabIndex={-1}>Settings</h1>
      </header>
      <div className="scroll">
        <div className="page">
          <p className="quiet">Signed in as @{account.me.username}</p>
          <NameForm />
          <ThemeChoice />
          <NotificationChoice />
          <PasswordForm />
          <DeviceSessions />
          <button className="btn btn-outline-primary" type="button" onClick={() => void account.session.signOut()}>Sign out</button>
        </div>
      </div>
    </section>
  );
}
