import { useEffect, useRef, useState } from "react";
import { Account } from "../core/account";
import type { Environment } from "../core/environment";
import { outboxStorage, snapshotStorage } from "../core/indexed-db";
import type { Session } from "../core/session/session";
import type { User } from "../protocol/types";
import { AccountProvider, useObservable } from "./account-context";
import { Announcer } from "./announcer";
import { ChatList } from "./chat-list";
import { ChatPane } from "./chat/chat-pane";
import { Banner } from "./connection/banner";
import { watchPage } from "./connection/watch-page";
import { NewVersion } from "./new-version";
import { notifyOfNews } from "./notifications";
import { Icon } from "./icon";
import { Later } from "./later";
import { Pane } from "./pane";
import { type Route, useRoute } from "./route";
import { SignIn } from "./sign-in";
import { usePageTitle } from "./title";

interface Props {
  environment: Environment;
  session: Session;
}

export function App({ environment, session }: Props) {
  const state = useObservable(session.state);
  const left = state.is === "signed_out" && !state.ended;
  // Who signs out leaves no messages behind in this browser; what was not sent yet stays for their return.
  useEffect(() => { if (left) void snapshotStorage.clear().catch(() => {}); }, [left]);
  if (state.is === "signed_out") return <div className="app"><SignIn session={session} ended={state.ended} /></div>;
  return <SignedIn key={state.user.id} environment={environment} session={session} user={state.user} />;
}

function SignedIn({ environment, session, user }: Props & { user: User }) {
  const [account, setAccount] = useState<Account | null>(null);
  useEffect(() => {
    const next = new Account(environment, session, { outbox: outboxStorage, snapshots: snapshotStorage }, user);
    setAccount(next);
    void next.start();
    const stopWatching = watchPage(next.connection);
    notifyOfNews(next);
    return () => { stopWatching(); next.stop(); };
    // A renamed user is the same account.
  }, [environment, session, user.id]);
  if (account === null) return null;
  return <AccountProvider value={account}><Screen /></AccountProvider>;
}

function Screen() {
  const route = useRoute();
  usePageTitle();
  useFocus(route);
  return (
    <div className="app">
      <Banner />
      <NewVersion />
      <Announcer />
      <main className={route.at === "list" ? "panes route-list" : "panes route-other"}>
        <ChatList open={route.at === "chat" ? route.chat : null} />
        {route.at === "chat" && <ChatPane key={route.chat} chat={route.chat} />}
        {route.at === "find" && <Pane title="Find people"><Later>{({ FindPeople }) => <FindPeople />}</Later></Pane>}
        {route.at === "settings" && <Pane title="Settings"><Later>{({ Settings }) => <Settings />}</Later></Pane>}
        {route.at === "list" && <section className="main"><div className="empty"><Icon name="logo" />Choose a chat, or find people to write to.</div></section>}
      </main>
    </div>
  );
}

/** After each change of route the focus is in what has just come, unless a field there took it: the reader hears where they are. */
function useFocus(route: Route): void {
  const place = route.at === "chat" ? route.chat : route.at;
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    const pane = document.querySelector(place === "list" ? ".sidebar" : ".main");
    if (pane === null || pane.contains(document.activeElement)) return;
    (pane.querySelector<HTMLElement>(".rows a[tabindex='0']") ?? pane.querySelector("h1"))?.focus();
  }, [place]);
}
