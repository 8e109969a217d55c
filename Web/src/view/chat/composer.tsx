// Its state stays in here: a key pressed must not re-render the page. The draft is kept at each change.

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { bodyFault, legalBody } from "../../protocol/limits";
import type { ChatHash } from "../../protocol/types";
import { useAccount } from "../account-context";
import { Icon } from "../icon";
import { go } from "../route";

/** Where fingers type, Enter breaks the line and the button sends. */
const byTouch = (): boolean => matchMedia("(pointer: coarse)").matches;

export function Composer({ chat, onSent, onUp }: { chat: ChatHash; onSent: () => void; onUp: () => void }) {
  const account = useAccount();
  const [text, setText] = useState(() => account.drafts.get(chat));
  const [fault, setFault] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => { if (!byTouch()) field.current?.focus(); }, []);
  useEffect(() => () => account.presence.sayTyping(chat, false), [account, chat]);
  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.rows = 1;
    const line = parseFloat(getComputedStyle(area).lineHeight) || 22;
    area.rows = Math.min(8, Math.max(1, Math.floor((area.scrollHeight - 12) / line)));
  }, [text]);

  const change = (next: string) => {
    setText(next);
    setFault(null);
    account.drafts.set(chat, next);
    account.presence.sayTyping(chat, next.trim() !== "");
  };
  const send = () => {
    const body = legalBody(text);
    const wrong = bodyFault(body);
    if (wrong === "too_large") setFault("This is too long for one message. Please shorten it.");
    if (wrong !== null) return;
    setText("");
    void account.write(chat, body);
    account.drafts.set(chat, "");
    onSent();
    field.current?.focus();
  };
  const key = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !byTouch()) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      onUp();
    } else if (event.key === "Escape") {
      go("#/");
    }
  };
  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <div className="flex">
        <label className="visually-hidden" htmlFor="composer">Message</label>
        <textarea className="form-control" id="composer" ref={field} rows={1} value={text} dir="auto" placeholder="Message"
          onChange={(event) => change(event.target.value)} onKeyDown={key} />
        {fault !== null && <p className="bad" role="alert">{fault}</p>}
      </div>
      <button className="btn btn-primary send" type="submit" aria-label="Send" title="Send" onMouseDown={(event) => event.preventDefault()}>
        <Icon name="send" />
      </button>
    </form>
  );
}
