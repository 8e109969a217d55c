// Blocking the person one talks with, and ending it.

import { useState } from "react";
import type { UserId } from "../../protocol/types";
import { useAccount, useSelected } from "../account-context";
import { Dialog } from "../dialog";
import { Icon } from "../icon";
import { useSave } from "../use-save";

interface Props {
  peer: UserId;
  name: string;
}

export function useIsBlocked(user: UserId): boolean {
  return useSelected(useAccount().blocks.since, (blocks) => blocks.has(user));
}

function BlockButton({ peer, name, wanted }: Props & { wanted: boolean }) {
  const account = useAccount();
  const { busy, fault, save } = useSave();
  const change = async (button: HTMLElement) => {
    // A dialog that is closed, and not only gone, gives the focus back to where it was.
    if (await save(() => account.block(peer, wanted), wanted ? "Blocked" : "Unblocked")) button.closest("dialog")?.close();
  };
  return (
    <>
      <button className="btn btn-outline-primary" type="button" disabled={busy} onClick={(event) => void change(event.currentTarget)}>
        {wanted ? "Block" : "Unblock"} <bdi>{name}</bdi>
      </button>
      <p className="bad" role="alert">{fault}</p>
    </>
  );
}

/** Behind the button in the head of a chat. */
export function ChatMenu({ peer, name }: Props) {
  const [open, setOpen] = useState(false);
  const blocked = useIsBlocked(peer);
  return (
    <>
      <button className="icon-button" type="button" aria-label="Chat options" title="Chat options" onClick={() => setOpen(true)}>
        <Icon name="more" />
      </button>
      {open && (
        <Dialog title={<bdi>{name}</bdi>} onClose={() => setOpen(false)}>
          <p>
            {blocked
              ? "What they wrote while you blocked them stays hidden."
              : "You will not get what they write, and you will not see each other online. They are not told."}
          </p>
          <BlockButton peer={peer} name={name} wanted={!blocked} />
        </Dialog>
      )}
    </>
  );
}

/** In the place of the composer. */
export function BlockedComposer({ peer, name }: Props) {
  return (
    <div className="composer choices">
      <span>You blocked <bdi>{name}</bdi></span>
      <BlockButton peer={peer} name={name} wanted={false} />
    </div>
  );
}
