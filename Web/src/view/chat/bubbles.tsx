import { memo } from "react";
import type { Pending } from "../../core/outbox/outbox";
import type { Message } from "../../protocol/types";
import { useAccount } from "../account-context";
import { announce } from "../announcer";
import { explainFailure, timeOf } from "../words";
import { LinkedText } from "./linked-text";

export type Tick = "pending" | "sent" | "delivered" | "read" | null;

const glyphs = { pending: "◷", sent: "✓", delivered: "✓✓", read: "✓✓" };

function Stamp({ at, tick }: { at: string | number; tick: Tick }) {
  return (
    <span className="stamp">
      {timeOf(at)}
      {tick !== null && (
        <span className={`tick ${tick}`} data-tick={tick}>
          <span aria-hidden="true"> {glyphs[tick]}</span>
          <span className="visually-hidden"> {tick}</span>
        </span>
      )}
    </span>
  );
}

function copy(text: string): void {
  // Missing on plain http: then the text can still be marked by hand.
  void navigator.clipboard?.writeText(text).then(() => announce("Copied"), () => {});
}

interface MessageProps {
  message: Message;
  starts: boolean;
  tick: Tick;
  author: string;
}

export const MessageBubble = memo(function MessageBubble({ message, starts, tick, author }: MessageProps) {
  const mine = tick !== null;
  return (
    <li className={`message${mine ? " mine" : ""}${starts ? " starts" : ""}`} data-seq={message.seq} tabIndex={-1}>
      <div className="bubble">
        <span className="visually-hidden">{mine ? "You" : author}: </span>
        <span dir="auto"><LinkedText text={message.body} /></span>
        <Stamp at={message.sent_at} tick={tick} />
      </div>
      <button className="copy" type="button" onClick={() => copy(message.body)}>Copy</button>
    </li>
  );
});

export function PendingBubble({ pending, starts }: { pending: Pending; starts: boolean }) {
  const { outbox } = useAccount();
  return (
    <li className={`message mine${starts ? " starts" : ""}`} data-pending={pending.id} tabIndex={-1}>
      <div className="bubble">
        <span className="visually-hidden">You: </span>
        <span dir="auto"><LinkedText text={pending.body} /></span>
        {pending.failed === null
          ? <Stamp at={pending.order} tick="pending" />
          : (
            <span className="failed bad">
              <span>Not sent. {explainFailure(pending.failed)}</span>
              <button type="button" onClick={() => void outbox.retry(pending.id)}>Retry</button>
              <button type="button" onClick={() => outbox.remove(pending.id)}>Delete</button>
            </span>
          )}
      </div>
    </li>
  );
}
