import { useEffect, useState } from "react";
import { Account } from "../core/account";
import type { Environment } from "../core/environment";
import { outboxStorage, snapshotStorage } from "../core/indexed-db";
import type { Session } from "../core/session/session";
import type { User } from "../protocol/types";
import { AccountProvider, useObservable } from "./account-context";
import { Announcer } from "./announcer";
import { Banner } from "./banner";
import { ChatList } from "./chat-list";
import { ChatPane } from "./chat/chat-pane";
import { NewVersion } from "./new-version";
import { notifyOfNews } from "./notifications";
import { FindPeople } from "./find-people";
import { useRoute } from "./route";
import { Settings } from "./settings/settings";
import { SignIn } from "./sign-in";
import { usePageTitle } from "./title";
import { watchPage } from "./watch-page";

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
  return (
    <div className="app">
      <Banner />
      <NewVersion />
      <Announcer />
      <main className={route.at === "list" ? "panes route-list" : "panes route-other"}>
        <ChatList open={route.at === "chat" ? route.chat : null} />
        {route.at === "chat" && <ChatPane key={route.chat} chat={route.chat} />}
        {route.at === "find" && <FindPeople />}
        {route.at === "settings" && <Settings />}
        {route.at === "list" && <section className="main"><div className="empty">Choose a chat, or find people to write to.</div></section>}
      </main>
    </div>
  );
}
