// What a first visit does not need (rest.ts) comes when it is asked for.

import { type ReactNode, useEffect, useState } from "react";
import { reloadFromServer } from "./new-version";

const load = () => import("./rest");
type Rest = typeof import("./rest");

/** Shows something of the rest of the page as soon as that is here. */
export function Later({ children }: { children: (rest: Rest) => ReactNode }) {
  const [rest, setRest] = useState<Rest | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => void load().then(setRest, () => setFailed(true)), []);
  const fallBack = async () => {
    // If the server answers, the chunk is gone: it was of an older version, and so is this page. Some browsers also
    // remember for as long as the page lives that a script could not be loaded.
    if (await fetch("/index.html", { cache: "no-store" }).then((page) => page.ok, () => false)) return reloadFromServer();
    setFailed(true);
  };
  const again = () => {
    setFailed(false);
    void load().then(setRest, fallBack);
  };
  if (rest !== null) return <>{children(rest)}</>;
  if (!failed) return <p className="quiet">Loading…</p>;
  return (
    <>
      <p className="bad" role="alert">This part of Parley could not be loaded.</p>
      <button className="btn btn-outline-primary" type="button" onClick={again}>Try again</button>
    </>
  );
}
