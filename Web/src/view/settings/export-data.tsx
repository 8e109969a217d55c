import { exportData } from "../../core/export-data";
import { useAccount } from "../account-context";
import { saveFile } from "../save-file";
import { useSave } from "../use-save";

export function ExportData() {
  return (
    <section>
      <h2>Your data</h2>
      <p className="quiet">Your profile and all your chats, as pages to read and as JSON for programs.</p>
      <ExportButton />
    </section>
  );
}

export function ExportButton() {
  const account = useAccount();
  const { busy, fault, save } = useSave();
  const start = () => void save(async () => saveFile(await exportData(account), `parley-${account.me.username}.zip`), "Downloaded");
  return (
    <>
      <button className="btn btn-outline-primary" type="button" disabled={busy} onClick={start}>{busy ? "Collecting…" : "Download my data"}</button>
      <p className="bad" role="alert">{fault}</p>
    </>
  );
}
