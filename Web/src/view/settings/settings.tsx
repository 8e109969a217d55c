import { useAccount } from "../account-context";
import { Authenticator } from "./authenticator";
import { BlockedPeople } from "./blocked-people";
import { DeleteAccount } from "./delete-account";
import { DeviceSessions } from "./device-sessions";
import { ExportData } from "./export-data";
import { NameForm } from "./name-form";
import { NotificationChoice } from "./notification-choice";
import { PasswordForm } from "./password-form";
import { ThemeChoice } from "./theme-choice";

export function Settings() {
  const account = useAccount();
  return (
    <>
      <p className="quiet">Signed in as @{account.me.username}</p>
      <NameForm />
      <ThemeChoice />
      <NotificationChoice />
      <PasswordForm />
      <Authenticator />
      <DeviceSessions />
      <BlockedPeople />
      <button className="btn btn-outline-primary" type="button" onClick={() => void account.session.signOut()}>Sign out</button>
      <hr />
      <ExportData />
      <DeleteAccount />
    </>
  );
}
