import { useEffect } from "react";
import { useAccount, useObservable } from "../account-context";
import { useSave } from "../use-save";

export function BlockedPeople() {
  const account = useAccount();
  const blocked = [...useObservable(account.blocks.since).keys()];
  const users = useObservable(account.directory.users);
  const { busy, fault, save } = useSave();
  useEffect(() => void save(() => account.blocks.load(), ""), [account]);
  useEffect(() => account.directory.want(blocked), [account, blocked.join()]);
  return (
    <section>
      <h2>People you block</h2>
      <p className="bad" role="alert">{fault}</p>
      {blocked.length === 0 && <p className="quiet">Nobody. The head of each chat has a button for it.</p>}
      <ul className="rows">
        {blocked.map((user) => (
          <li key={user} className="session">
            <span><bdi>{users.get(user)?.display_name ?? "…"}</bdi> <span className="quiet">{users.get(user)?.username && `@${users.get(user)?.username}`}</span></span>
            <button className="btn btn-outline-primary" type="button" disabled={busy} onClick={() => void save(() => account.block(user, false), "Unblocked")}>
              Unblock
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
