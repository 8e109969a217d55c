import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { memberOf, peerOf, unreadOf } from "../../core/chats/chat-list";
import type { ChatHash, Member, Message, Seq, UserId } from "../../protocol/types";
import { useAccount, useName, useObservable, useSelected } from "../account-context";
import { announce } from "../announcer";
import { Avatar } from "../avatar";
import { Icon } from "../icon";
import { dayOf, lastSeenOf } from "../words";
import { BlockedComposer, ChatMenu, useIsBlocked } from "./blocking";
import { MessageBubble, PendingBubble, type Tick } from "./bubbles";
import { Composer } from "./composer";
import { makeLines } from "./lines";
import { useTimelineScroll } from "./use-timeline-scroll";

export function ChatPane({ chat }: { chat: ChatHash }) {
  const account = useAccount();
  const summaries = useObservable(account.chats.ordered);
  const summary = summaries.find((one) => one.chat === chat);
  const peer = summary === undefined ? account.me.id : peerOf(summary, account.me.id);
  const known = summary !== undefined;
  const name = useName(peer);
  const isDeleted = useIsDeleted(peer);
  return (
    <section className="main" aria-label="Chat">
      <header className="bar">
        <a className="icon-button back" href="#/" aria-label="Back to chats"><Icon name="back" /></a>
        {known && <Avatar user={peer} name={name} online={false} />}
        <div className="who">
          <h1 tabIndex={-1}><bdi>{known ? name : "…"}</bdi></h1>
          {known && peer !== account.me.id && <PeerState chat={chat} peer={peer} />}
        </div>
        {known && peer !== account.me.id && !isDeleted && <ChatMenu peer={peer} name={name} />}
      </header>
      {known && <Conversation chat={chat} peerId={peer} peerName={name} peer={memberOf(summary, peer)} />}
      {!known && <Missing chat={chat} />}
    </section>
  );
}

function useIsDeleted(user: UserId): boolean {
  return useSelected(useAccount().directory.users, (users) => users.get(user)?.deleted) === true;
}

function Missing({ chat }: { chat: ChatHash }) {
  const account = useAccount();
  const version = useObservable(account.historyVersion);
  useEffect(() => account.openChat(chat), [account, chat, version]);
  return <div className="empty">Loading…</div>;
}

function PeerState({ chat, peer }: { chat: ChatHash; peer: string }) {
  const { presence } = useAccount();
  const state = useObservable(presence.people).get(peer);
  const typing = useObservable(presence.typing).has(chat);
  if (typing) return <span className="typing" data-peer-state="typing">typing…</span>;
  if (state === undefined || state.state === "unknown") return null;
  const words = state.state === "online" ? "online" : lastSeenOf(state.lastSeen);
  return <span className="quiet" data-peer-state={state.state}>{words}</span>;
}

interface ConversationProps {
  chat: ChatHash;
  peerId: UserId;
  peerName: string;
  peer: Member | undefined;
}

function Conversation({ chat, peerId, peerName, peer }: ConversationProps) {
  const account = useAccount();
  const version = useObservable(account.historyVersion);
  const outbox = useObservable(account.outbox.pending);
  const history = account.history(chat);
  const { timeline } = history;
  const me = account.me.id;
  // The divider stays where it was when the chat was opened.
  const [unreadAfter] = useState<Seq | null>(() => {
    const summary = account.chats.get(chat);
    const read = summary === undefined ? 0 : memberOf(summary, me)?.read ?? 0;
    // Before the first paint: what is shown first decides what counts as seen.
    account.openChat(chat);
    return summary !== undefined && summary.lastSeq > read ? read : null;
  });
  const isDeleted = useIsDeleted(peerId);
  const isBlocked = useIsBlocked(peerId);
  useEffect(() => {
    if (!timeline.loaded) account.openChat(chat);
    // A page on which all is hidden has no row that could be scrolled to.
    else if (timeline.messages.length === 0) void history.older();
  }, [account, chat, history, timeline, version]);

  const { messages } = timeline;
  const pending = useMemo(() => outbox.filter((entry) => entry.chat === chat), [outbox, chat]);
  const lines = useMemo(() => makeLines(messages, pending, unreadAfter, timeline.skippedTo, me),
    [messages, pending, unreadAfter, timeline.skippedTo, me]);
  const older = useCallback(() => void history.older(), [history]);
  const newer = useCallback(() => void history.newer(), [history]);
  const seen = useCallback((seq: Seq) => account.seen(chat, seq), [account, chat]);
  const reading = useCallback((up: boolean) => { timeline.reading = up; }, [timeline]);
  const scroll = useTimelineScroll({ version: lines, older, newer, seen, reading });
  useAnnounceNews(messages, me, peerName);

  const toNewest = () => {
    if (timeline.atEnd) return scroll.toBottom();
    scroll.stick();
    void history.newest();
  };
  const sent = () => {
    if (timeline.cutBelow) void history.newest();
    scroll.stick();
  };
  const tickOf = (message: Message): Tick => {
    if (message.from !== me) return null;
    if (peerId === me || (peer !== undefined && peer.read >= message.seq)) return "read";
    return peer !== undefined && peer.delivered >= message.seq ? "delivered" : "sent";
  };
  const { list, move, focusLast } = useMessageKeys();
  const summary = account.chats.get(chat);
  const news = summary === undefined ? 0 : unreadOf(summary, me);
  return (
    <>
      <div className="messages scroll" ref={scroll.box} onScroll={scroll.onScroll} tabIndex={0} role="region" aria-label="Messages">
        {timeline.loaded && lines.length === 0 && <p className="divider">Say hello.</p>}
        {!timeline.loaded && <p className="divider">Loading…</p>}
        <ol className="rows" ref={list} onKeyDown={move}>
          {lines.map((line) => {
            if (line.is === "day") return <li key={line.key} className="divider">{dayOf(line.at)}</li>;
            if (line.is === "skipped") return <li key={line.key} className="divider">Much was written while you were away. Scroll up to read it.</li>;
            if (line.is === "unread") return <li key={line.key} className="divider unread" data-unread="">New messages</li>;
            if (line.is === "pending") return <PendingBubble key={line.key} pending={line.pending} starts={line.starts} />;
            return <MessageBubble key={line.key} message={line.message} starts={line.starts} tick={tickOf(line.message)} author={peerName} />;
          })}
        </ol>
      </div>
      {(!scroll.atBottom || timeline.cutBelow) && (
        <div className="below">
          <button className="btn btn-primary" type="button" onClick={toNewest}>
            {news > 0 ? `${news} new message${news === 1 ? "" : "s"}` : "To the newest"} <Icon name="down" />
          </button>
        </div>
      )}
      {isDeleted
        ? <p className="composer">This account was deleted. Nobody would read what you write here.</p>
        : isBlocked
          ? <BlockedComposer peer={peerId} name={peerName} />
          : <Composer key={chat} chat={chat} onSent={sent} onUp={focusLast} />}
    </>
  );
}

/** Arrows move from message to message, Escape goes back to the composer. */
function useMessageKeys() {
  const list = useRef<HTMLOListElement>(null);
  const rows = () => [...(list.current?.querySelectorAll<HTMLElement>(".message") ?? [])];
  const move = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Escape") return document.getElementById("composer")?.focus();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const row = (event.target as HTMLElement).closest<HTMLElement>(".message");
    if (step === 0 || row === null) return;
    event.preventDefault();
    const all = rows();
    const next = all[all.indexOf(row) + step];
    if (next !== undefined) next.focus();
    else if (step === 1) document.getElementById("composer")?.focus();
  };
  const focusLast = () => rows().pop()?.focus();
  return { list, move, focusLast };
}

function useAnnounceNews(messages: readonly Message[], me: string, peerName: string): void {
  const last = messages[messages.length - 1];
  const before = useRef(last?.seq ?? 0);
  useEffect(() => {
    if (last === undefined || last.seq <= before.current) return;
    if (last.from !== me && !last.erased && before.current > 0) announce(`${peerName}: ${last.body}`);
    before.current = last.seq;
  }, [last, me, peerName]);
}
