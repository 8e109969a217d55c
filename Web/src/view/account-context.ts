import { createContext, useContext, useSyncExternalStore } from "react";
import type { Account } from "../core/account";
import type { Observable } from "../core/observable";
import type { User, UserId } from "../protocol/types";

const AccountContext = createContext<Account | null>(null);
export const AccountProvider = AccountContext.Provider;

export function useAccount(): Account {
  const account = useContext(AccountContext);
  if (account === null) throw new Error("there is no account above this component");
  return account;
}

export function useObservable<Value>(observable: Observable<Value>): Value {
  return useSyncExternalStore(observable.subscribe, observable.get);
}

/** Re-renders only when what is selected changes; it has to be a string, a number, a boolean or nothing. */
export function useSelected<Value, Part extends string | number | boolean | null | undefined>(
  observable: Observable<Value>, select: (value: Value) => Part,
): Part {
  return useSyncExternalStore(observable.subscribe, () => select(observable.get()));
}

export function useName(user: UserId): string {
  const account = useAccount();
  return useSelected(account.directory.users, (users) => nameOf(users.get(user), user === account.me.id));
}

export function nameOf(user: User | undefined, isMe: boolean): string {
  return isMe ? "Notes to myself" : user?.display_name ?? "…";
}
