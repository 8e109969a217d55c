// The dot beside the page's name: green, yellow or grey at a glance, and the details behind it.

import { useState } from "react";
import { useAccount, useObservable } from "../account-context";
import { Dialog } from "../dialog";
import { ConnectionDetails, stateNames } from "./details";

export function ConnectionIndicator() {
  const health = useObservable(useAccount().connection.health);
  const [open, setOpen] = useState(false);
  const words = `Connection: ${stateNames[health.word]}`;
  return (
    <>
      <button className="icon-button" type="button" aria-label={words} title={words} onClick={() => setOpen(true)}>
        <span className="health" data-health={health.word} />
      </button>
      {open && (
        <Dialog title="Connection" onClose={() => setOpen(false)}><ConnectionDetails health={health} /></Dialog>
      )}
    </>
  );
}
