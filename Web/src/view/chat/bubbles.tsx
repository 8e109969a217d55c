import { memo } from "react";
import type { Pending } from "../../core/outbox/outbox";
import type { Message } from "../../protocol/types";
import { useAccount } from "../account-context";
import { announce } from "../announcer";
import { erasedWords, explainFailure, timeOf } from "../words";
import { Icon, type IconName } from "../icon";
import { LinkedText } from "./linked-text";

export type Tick = "pending" | "sent" | "delivered" | "read" | null;

const icons: Record<Exclude<Tick, null>, IconName> = { pending: "pending", sent: "sent", delivered: "both", read: "both" };

function Stamp({ at, tick }: { at: string | number; tick: Tick }) {
  return (
    <span className="stamp">
      {timeOf(at)}
      {tick !== null && (
        <span className={`tick ${tick}`} data-tick={tick}>
          <Icon name={icons[tick]} />
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

/** One to three emoji and nothing else are shown large. */
const onlyEmoji = /^(?:(?:\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}\ufe0f\u200d]*|[\u{1f1e6}-\u{1f1ff}]{2}) ?){1,3}$/u;

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
        {message.erased
          ? <i className="quiet">{erasedWords}</i>
          : <span dir="auto" className={onlyEmoji.test(message.body) ? "big" : undefined}><LinkedText text={message.body} /></span>}
        <Stamp at={message.sent_at} tick={tick} />
      </div>
      {!message.erased && <button className="icon-button copy" type="button" aria-label="Copy" title="Copy" onClick={() => copy(message.body)}><Icon name="copy" /></button>}
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
