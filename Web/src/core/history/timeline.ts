// What is shown of one chat: a window without holes, [first … last] by seq. Frames may repeat and arrive out of order; what
// would leave a hole waits. A hidden message has its place in that order, but none among those that are shown. The window either reaches the chat's newest message ("at the end") or was cut below, while the
// reader is far up; then new messages only raise `lastSeq`, and reading down fetches them.

import type { Message, Seq } from "../../protocol/types";

export const windowMax = 400;
/** Beyond this a hole is not filled but the newest page is loaded instead. */
export const fillMax = 200;

export type Received = "shown" | "waiting" | "dropped";

export class Timeline {
  /** Without the hidden ones. Replaced, never changed, so that the view can compare. */
  messages: readonly Message[] = [];
  /** The window's ends, hidden messages included; 0 for an empty one. */
  first: Seq = 0;
  last: Seq = 0;
  loaded = false;
  /** The highest seq known to exist. */
  lastSeq: Seq = 0;
  /** The window ends before the newest message, on purpose. */
  cutBelow = false;
  /** Somebody reads further up: the window gives way below, not above. */
  reading = false;
  /** The window begins here because too much was missed to fill it in: the page says so above this message. */
  skippedTo: Seq | null = null;
  private waiting = new Map<Seq, Message>();

  get atStart(): boolean { return this.loaded && this.first <= 1; }
  get atEnd(): boolean { return this.loaded && this.last >= this.lastSeq; }
  /** Waiting messages mean a hole: if it lasts 250 ms, it is fetched. */
  get hole(): boolean { return this.waiting.size > 0; }

  /** A live message, or an ack in the place of one. */
  receive(message: Message): Received {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (!this.loaded || message.seq <= this.last) return "dropped";
    if (message.seq === this.last + 1) {
      this.append([message]);
      return "shown";
    }
    // The reader is far up and the window was cut: its end is not where the live messages go.
    if (this.cutBelow) return "dropped";
    if (this.waiting.size < fillMax) this.waiting.set(message.seq, message);
    return "waiting";
  }

  /** The newest page, or one around a place: the window begins anew. */
  reset(page: readonly Message[], lastSeq: Seq): void {
    this.messages = page.filter(isShown);
    this.first = page[0]?.seq ?? 0;
    this.last = page[page.length - 1]?.seq ?? 0;
    this.loaded = true;
    this.lastSeq = Math.max(this.lastSeq, lastSeq, this.last);
    this.cutBelow = this.last < lastSeq;
    this.takeWaiting();
  }

  /** `byReader`: the reader came down to the window's end, so the top is what is not looked at. */
  extendDown(page: readonly Message[], lastSeq: Seq, byReader = false): void {
    this.lastSeq = Math.max(this.lastSeq, lastSeq);
    this.append(page.filter((message) => message.seq > this.last), byReader);
  }

  extendUp(page: readonly Message[]): void {
    const older = page.filter((message) => message.seq < this.first);
    const [top] = older;
    if (top === undefined || older[older.length - 1]?.seq !== this.first - 1) return;
    this.messages = [...older.filter(isShown), ...this.messages];
    this.first = top.seq;
    if (this.messages.length > windowMax) this.trim(true);
  }

  /** More was missed than is filled in, while somebody reads further up: they keep their place and read on from there. */
  leaveBelow(): void {
    this.cutBelow = true;
    this.waiting.clear();
  }

  forget(): void {
    this.messages = [];
    this.first = this.last = 0;
    this.loaded = false;
    this.cutBelow = false;
    this.skippedTo = null;
    this.waiting.clear();
  }

  private append(more: readonly Message[], byReader = false): void {
    const next: Message[] = [];
    for (const message of more) if (this.loaded && message.seq === this.last + next.length + 1) next.push(message);
    this.add(next);
    this.takeWaiting();
    if (this.messages.length > windowMax) this.trim(this.reading && !byReader);
    this.cutBelow = this.cutBelow && this.last < this.lastSeq;
  }

  private trim(keepTop: boolean): void {
    this.messages = keepTop ? this.messages.slice(0, windowMax) : this.messages.slice(-windowMax);
    if (!keepTop) this.first = this.messages[0]?.seq ?? 0;
    else {
      this.last = this.messages[windowMax - 1]?.seq ?? 0;
      this.leaveBelow();
    }
  }

  private add(next: readonly Message[]): void {
    const [first] = next;
    if (first === undefined) return;
    if (this.first === 0) this.first = first.seq;
    this.last += next.length;
    this.messages = [...this.messages, ...next.filter(isShown)];
  }

  private takeWaiting(): void {
    const next: Message[] = [];
    let seq = this.last + 1;
    for (let message = this.waiting.get(seq); message !== undefined; message = this.waiting.get(seq)) {
      next.push(message);
      seq += 1;
    }
    this.add(next);
    for (const key of [...this.waiting.keys()]) if (key <= this.last) this.waiting.delete(key);
  }
}

const isShown = (message: Message): boolean => !message.hidden;
