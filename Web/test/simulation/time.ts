// Virtual time: a queue of what is due. Nothing here waits; between two events only promises run their course.

import type { Cancel } from "../../src/core/environment";

interface Due {
  at: number;
  order: number;
  run: (() => void) | null;
}

export class Time {
  now = Date.parse("2026-01-01T00:00:00.000Z");
  private heap: Due[] = [];
  private order = 0;
  /** Set by whoever runs code of the client: only then are there promises to wait for. */
  touched = false;

  after(milliseconds: number, run: () => void): Cancel {
    const due: Due = { at: this.now + Math.max(0, milliseconds), order: this.order++, run };
    this.push(due);
    return () => { due.run = null; };
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await this.settle();
    for (let due = this.heap[0]; due !== undefined && due.at <= end; due = this.heap[0]) {
      this.pop();
      const { run } = due;
      if (run === null) continue;
      this.now = due.at;
      run();
      if (this.touched) await this.settle();
    }
    this.now = end;
  }

  /** node runs its tick queue only when no promise is left to run: one turn drains them all, and costs half a microsecond. */
  private async settle(): Promise<void> {
    this.touched = false;
    await new Promise<void>((done) => process.nextTick(done));
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.length;
    for (heap.push(due); at > 0;) {
      const parent = (at - 1) >> 1;
      if (!earlier(due, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child += 1;
      if (!earlier(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function earlier(a: Due, b: Due): boolean { return a.at < b.at || (a.at === b.at && a.order < b.order); }

/** http.ts keeps its deadline by the page's own setTimeout: during a schedule that is virtual time as well. */
export async function withVirtualTimers<Result>(time: Time, body: () => Promise<Result>): Promise<Result> {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const virtual = globalThis as unknown as Record<string, unknown>;
  virtual["setTimeout"] = (run: () => void, milliseconds: number) => time.after(milliseconds, () => { time.touched = true; run(); });
  virtual["clearTimeout"] = (cancel: Cancel) => cancel();
  try {
    return await body();
  } finally {
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }
}
