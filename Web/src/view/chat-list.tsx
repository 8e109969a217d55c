import { type KeyboardEvent, memo, useState } from "react";
import { type ChatSummary, peerOf, unreadOf } from "../core/chats/chat-list";
import type { Pending } from "../core/outbox/outbox";
import type { ChatHash } from "../protocol/types";
import { useAccount, useName, useObservable, useSelected } from "./account-context";
import { Avatar } from "./avatar";
import { useIsBlocked } from "./chat/blocking";
import { ConnectionIndicator } from "./connection/indicator";
import { Icon } from "./icon";
import { chatLink } from "./route";
import { erasedWords, listTime } from "./words";

export function ChatList({ open }: { open: ChatHash | null }) {
  const account = useAccount();
  const chats = useObservable(account.chats.ordered);
  const loaded = useObservable(account.loaded);
  const [focused, setFocused] = useState<ChatHash | null>(null);
  // One tab stop for the whole list; the arrows move in it.
  const stop = chats.some((one) => one.chat === focused) ? focused : open ?? chats[0]?.chat ?? null;
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const links = [...event.currentTarget.querySelectorAll("a")];
    links[links.indexOf(document.activeElement as HTMLAnchorElement) + step]?.focus();
  };
  return (
    <nav className="sidebar" aria-label="Chats">
      <header className="bar">
        <h1 tabIndex={-1}>Parley</h1>
        <ConnectionIndicator />
        <a className="icon-button" href="#/find" aria-label="Find people" title="Find people"><Icon name="plus" /></a>
        <a className="icon-button" href="#/settings" aria-label="Settings" title="Settings"><Icon name="sliders" /></a>
      </header>
      {chats.length === 0 && loaded && (
        <div className="empty">
          <Icon name="logo" />
          <p>No chats yet.</p>
          <a className="btn btn-primary" href="#/find">Find people</a>
        </div>
      )}
      {chats.length === 0 && !loaded && <div className="empty">Loading…</div>}
      {chats.length > 0 && (
        <div className="scroll">
          <ul className="rows" onKeyDown={move}>
            {chats.map((summary) => (
              <ChatRow key={summary.chat} summary={summary} isOpen={summary.chat === open} isStop={summary.chat === stop}
                onFocus={setFocused} />
            ))}
          </ul>
        </div>
      )}
    </nav>
  );
}

interface RowProps {
  summary: ChatSummary;
  isOpen: boolean;
  isStop: boolean;
  onFocus: (chat: ChatHash) => void;
}

const ChatRow = memo(function ChatRow({ summary, isOpen, isStop, onFocus }: RowProps) {
  const account = useAccount();
  const peer = peerOf(summary, account.me.id);
  const name = useName(peer);
  const online = useSelected(account.presence.people, (people) => people.get(peer)?.state === "online") && peer !== account.me.id;
  const typing = useSelected(account.presence.typing, (chats) => chats.has(summary.chat));
  const waiting = useSelected(account.outbox.pending, (entries) => lastOf(entries, summary.chat)?.body);
  const failed = useSelected(account.outbox.pending, (entries) => (lastOf(entries, summary.chat)?.failed ?? null) !== null);
  const unread = unreadOf(summary, account.me.id);
  const blocked = useIsBlocked(peer);
  const last = summary.lastMessage;
  const preview = failed ? `Not sent: ${waiting}` : waiting !== undefined ? `You: ${waiting}` : blocked ? "Blocked"
    : last === null || last.hidden ? "No messages yet" : last.erased ? erasedWords : `${last.from === account.me.id ? "You: " : ""}${last.body}`;
  return (
    <li>
      <a className="row-link" href={chatLink(summary.chat)} aria-current={isOpen ? "page" : undefined}
        tabIndex={isStop ? 0 : -1} onFocus={() => onFocus(summary.chat)}>
        <Avatar user={peer} name={name} online={online} />
        <bdi className="line name">{name}</bdi>
        <span className="side quiet">{last === null ? "" : listTime(last.sent_at)}</span>
        {typing
          ? <span className="line typing">typing…</span>
          : <span className={failed ? "line bad" : "line quiet"} dir="auto">{preview}</span>}
        {unread > 0 ? <span className="count">{unread > 999 ? "999+" : unread}<span className="visually-hidden"> unread</span></span> : <span />}
      </a>
    </li>
  );
});

const lastOf = (entries: readonly Pending[], chat: ChatHash) => entries.filter((entry) => entry.chat === chat).pop();
