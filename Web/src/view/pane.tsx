import { type ReactNode } from "react";
import { Icon } from "./icon";

/** One route's page beside the list of chats: its title, the way back, and what it is about. */
export function Pane({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="main" aria-label={title}>
      <header className="bar">
        <a className="icon-button back" href="#/" aria-label="Back to chats"><Icon name="back" /></a>
        <h1 tabIndex={-1}>{title}</h1>
      </header>
      <div className="scroll"><div className="page">{children}</div></div>
    </section>
  );
}
