// The dot beside the page's name: green, yellow or grey at a glance, and the details behind it.

import { useState } from "react";
import { useAccount, useObservable } from "../account-context";
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
        <dialog ref={(dialog) => { if (dialog !== null && !dialog.open) dialog.showModal(); }} aria-labelledby="connection"
          onClose={() => setOpen(false)}>
          <h2 id="connection">Connection</h2>
          <ConnectionDetails health={health} />
          <form method="dialog"><button className="btn btn-outline-primary">Close</button></form>
        </dialog>
      )}
    </>
  );
}
