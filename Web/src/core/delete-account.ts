import type { Account } from "./account";
import { SettingsApi } from "./settings-api";

/** Deletes the account on the server, then whatever this browser holds of it; throws what the request throws. */
export async function deleteAccount(account: Account, password: string, messages: "keep" | "erase"): Promise<void> {
  await new SettingsApi(account.session).deleteAccount(password, messages);
  for (const entry of account.outbox.pending.get()) account.outbox.remove(entry.id);
  for (const { chat } of account.chats.ordered.get()) account.drafts.set(chat, "");
  account.session.leave();
}
