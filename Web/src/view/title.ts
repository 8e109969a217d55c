import { useEffect } from "react";
import { unreadOf } from "../core/chats/chat-list";
import { useAccount, useObservable } from "./account-context";

export function usePageTitle(): void {
  const account = useAccount();
  const chats = useObservable(account.chats.ordered);
  const unread = chats.reduce((sum, summary) => sum + unreadOf(summary, account.me.id), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : "Parley";
    // And on the icon of the installed page, where the system shows such a thing.
    void (navigator as { setAppBadge?: (count: number) => Promise<void> }).setAppBadge?.(unread).catch(() => {});
  }, [unread]);
}
