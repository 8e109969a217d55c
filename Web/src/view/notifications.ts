// Notifications of the page while it is hidden. Asked for only by the switch in the settings, never on loading.

import type { Account } from "../core/account";
import type { Message } from "../protocol/types";
import { nameOf } from "./account-context";
import { chatLink, go } from "./route";

const key = "parley.notify";

export const notificationsPossible = (): boolean => typeof Notification !== "undefined" && isSecureContext;

export function notificationsOn(): boolean {
  try {
    return notificationsPossible() && Notification.permission === "granted" && localStorage.getItem(key) === "on";
  } catch {
    return false;
  }
}

/** Says whether they are on afterwards; the browser may refuse. */
export async function switchNotifications(on: boolean): Promise<boolean> {
  if (on && (await Notification.requestPermission()) !== "granted") return false;
  try { localStorage.setItem(key, on ? "on" : "off"); } catch { return false; }
  return on;
}

export function notifyOfNews(account: Account): void {
  account.onNews = (message) => {
    if (document.hidden && notificationsOn()) void show(account, message);
  };
}

async function show(account: Account, message: Message): Promise<void> {
  const title = nameOf(account.directory.users.get().get(message.from), false);
  // One per chat: a tag is replaced by its next, also where several tabs are open.
  const options = { body: message.body.slice(0, 200), tag: message.chat, icon: "/icon-192.png" };
  const workers = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  const registration = await workers?.getRegistration();
  // Phones know only the worker's notifications.
  if (registration !== undefined) return registration.showNotification(title, options);
  const notification = new Notification(title, options);
  notification.onclick = () => { window.focus(); go(chatLink(message.chat)); notification.close(); };
}
