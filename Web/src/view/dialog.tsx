import { type ReactNode, useId } from "react";

interface Props {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** Over the page, until it is closed: by its button, by Escape, or by whoever shows it. */
export function Dialog({ title, onClose, children }: Props) {
  const id = useId();
  return (
    <dialog ref={(dialog) => { if (dialog !== null && !dialog.open) dialog.showModal(); }} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
      <form method="dialog"><button className="btn btn-outline-primary">Close</button></form>
    </dialog>
  );
}
