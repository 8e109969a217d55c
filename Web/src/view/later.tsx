// What few need at once comes in a chunk of its own, when it is asked for.

import { type ReactNode, useCallback, useEffect, useState } from "react";
import { reloadFromServer } from "./new-version";

interface Props<Part> {
  load: () => Promise<Part>;
  children: (part: Part) => ReactNode;
}

export function Later<Part>({ load, children }: Props<Part>) {
  const [part, setPart] = useState<Part | null>(null);
  const [failed, setFailed] = useState(false);
  const get = useCallback(() => load().then(setPart), [load]);
  useEffect(() => void get().catch(() => setFailed(true)), [get]);
  const fallBack = async () => {
    // If the server answers, the chunk is gone: it was of an older version, and so is this page. Some browsers also
    // remember for as long as the page lives that a script could not be loaded.
    if (await fetch("/index.html", { cache: "no-store" }).then((page) => page.ok, () => false)) return reloadFromServer();
    setFailed(true);
  };
  const again = () => {
    setFailed(false);
    void get().catch(fallBack);
  };
  if (part !== null) return <>{children(part)}</>;
  if (!failed) return <p className="quiet">Loading…</p>;
  return (
    <>
      <p className="bad" role="alert">This part of Parley could not be loaded.</p>
      <button className="btn btn-outline-primary" type="button" onClick={again}>Try again</button>
    </>
  );
}
