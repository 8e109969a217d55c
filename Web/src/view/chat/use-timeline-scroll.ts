// The timeline never jumps: at the bottom it sticks there; elsewhere the first visible row stays where it is, whatever is
// added or dropped above and below. Done by hand, because the browser's own anchoring fails at scrollTop 0 and in Safari.

import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

const bottomSlack = 60;
const pageAhead = 600;

interface Anchor {
  row: HTMLElement;
  seq: string | undefined;
  top: number;
}

/** How many rows end above this line. Asked at every frame of a scroll, so by halving. */
function countAbove(rows: NodeListOf<HTMLElement>, line: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > line) high = middle;
    else low = middle + 1;
  }
  return low;
}

export interface TimelineScroll {
  box: RefObject<HTMLDivElement>;
  atBottom: boolean;
  toBottom: () => void;
  /** Sticks to the bottom when the next change is drawn. */
  stick: () => void;
  onScroll: () => void;
}

interface Wants {
  version: unknown;
  older: () => void;
  newer: () => void;
  /** The highest seq of which the end is on the screen. */
  seen: (seq: number) => void;
  /** Whether the reader is further up than the bottom. */
  reading: (up: boolean) => void;
}

export function useTimelineScroll({ version, older, newer, seen, reading }: Wants): TimelineScroll {
  const box = useRef<HTMLDivElement>(null);
  const anchor = useRef<Anchor | null>(null);
  const sticking = useRef(true);
  const opened = useRef(false);
  const [atBottom, setAtBottom] = useState(true);

  const look = useCallback(() => {
    const view = box.current;
    if (view === null) return;
    const bounds = view.getBoundingClientRect();
    const rows = view.querySelectorAll<HTMLElement>("[data-seq]");
    const first = rows[countAbove(rows, bounds.top)];
    anchor.current = first === undefined ? null
      : { row: first, seq: first.dataset["seq"], top: first.getBoundingClientRect().top - bounds.top };
    const below = view.scrollHeight - view.scrollTop - view.clientHeight;
    sticking.current = below < bottomSlack;
    setAtBottom(sticking.current);
    reading(!sticking.current);
    if (opened.current && view.scrollTop < pageAhead) older();
    if (opened.current && below < pageAhead) newer();
    const seq = Number(rows[countAbove(rows, bounds.bottom + bottomSlack) - 1]?.dataset["seq"] ?? 0);
    if (opened.current && seq > 0 && document.visibilityState === "visible" && document.hasFocus()) seen(seq);
  }, [older, newer, seen, reading]);

  useLayoutEffect(() => {
    const view = box.current;
    if (view === null) return;
    const divider = view.querySelector<HTMLElement>("[data-unread]");
    if (!opened.current) {
      if (view.querySelector("[data-seq], [data-pending]") === null) return;
      opened.current = true;
      if (divider !== null) view.scrollTop = divider.offsetTop - 60;
      else view.scrollTop = view.scrollHeight;
    } else if (sticking.current) {
      view.scrollTop = view.scrollHeight;
    } else if (anchor.current !== null) {
      const { row, seq, top } = anchor.current;
      const same = row.isConnected ? row : view.querySelector<HTMLElement>(`[data-seq="${seq ?? ""}"]`);
      if (same !== null) view.scrollTop += same.getBoundingClientRect().top - view.getBoundingClientRect().top - top;
    }
    look();
    // `version` is what changes the rows.
  }, [version, look]);

  useLayoutEffect(() => {
    const view = box.current;
    if (view === null) return undefined;
    // The keyboard of a phone or a growing composer makes the box smaller: the bottom stays in sight.
    const sizes = new ResizeObserver(() => {
      if (sticking.current) view.scrollTop = view.scrollHeight;
      look();
    });
    sizes.observe(view);
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      reading(false);
      sizes.disconnect();
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [look, reading]);

  const stick = useCallback(() => { sticking.current = true; }, []);
  const toBottom = useCallback(() => {
    sticking.current = true;
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, []);
  return { box, atBottom, toBottom, stick, onScroll: look };
}
