import { useEffect, useRef, useState } from "react";
import type { User } from "../protocol/types";
import { useAccount } from "./account-context";
import { announce } from "./announcer";
import { Avatar } from "./avatar";
import { chatLink, go } from "./route";
import { explain } from "./words";

const quietMs = 250;

export function FindPeople() {
  const account = useAccount();
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<readonly User[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    setFault(null);
    const text = query.trim();
    if ([...text].length < 2) return setFound(null);
    let current = true;
    const timer = setTimeout(() => {
      account.api.findUsers(text).then(
        (users) => {
          if (!current) return;
          setFound(users);
          announce(users.length === 0 ? "Nobody found" : `${users.length} found`);
        },
        (error) => { if (current) setFault(explain(error)); },
      );
    }, quietMs);
    return () => { current = false; clearTimeout(timer); };
  }, [query, account]);
  const start = (user: User) => {
    account.startChat(user).then((chat) => go(chatLink(chat)), (error) => setFault(explain(error)));
  };
  return (
    <>
      <label className="form-label" htmlFor="query">Name or username</label>
      <input className="form-control" id="query" type="search" ref={field} value={query} maxLength={64} dir="auto"
        autoComplete="off" autoCapitalize="none" spellCheck={false} onChange={(event) => setQuery(event.target.value)} />
      <p className="bad" role="alert">{fault}</p>
      {found?.length === 0 && <p className="quiet">Nobody has a name that begins so.</p>}
      <ul className="rows">
        {found?.map((user) => (
          <li key={user.id}>
            <button className="row-link" type="button" onClick={() => start(user)}>
              <Avatar user={user.id} name={user.display_name} online={false} />
              <bdi className="line name">{user.display_name}</bdi>
              <span />
              <span className="line quiet">{user.id === account.me.id ? "you: notes to yourself" : `@${user.username}`}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
