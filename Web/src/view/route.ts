// Routes are the fragment of the address, so that Back works and the server needs to know only one page.

import { useSyncExternalStore } from "react";
import type { ChatHash } from "../protocol/types";

export type Route = { at: "list" } | { at: "chat"; chat: ChatHash } | { at: "find" } | { at: "settings" };

function parse(fragment: string): Route {
  const chat = /^#\/chat\/([0-9a-f]{32})$/.exec(fragment)?.[1];
  if (chat !== undefined) return { at: "chat", chat };
  if (fragment === "#/find") return { at: "find" };
  if (fragment === "#/settings") return { at: "settings" };
  return { at: "list" };
}

export const chatLink = (chat: ChatHash): string => `#/chat/${chat}`;

const subscribe = (listener: () => void) => {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
};

export function useRoute(): Route {
  return parse(useSyncExternalStore(subscribe, () => location.hash));
}

export function go(fragment: string): void { location.hash = fragment; }
