// All chance of a schedule comes from one generator, so that its seed is the whole schedule.

export class Random {
  constructor(private state: number) {}

  /** 0 ≤ x < 1 (mulberry32). */
  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  /** Both ends included. */
  int(from: number, to: number): number { return from + Math.floor(this.next() * (to - from + 1)); }

  chance(probability: number): boolean { return probability > 0 && this.next() < probability; }

  /** Undefined only for an empty list. */
  pick<Item>(items: readonly Item[]): Item | undefined { return items[Math.floor(this.next() * items.length)]; }

  /** Time until the next event of a process with this mean, never 0. */
  gap(meanMs: number): number { return 1 + Math.floor(-Math.log(1 - this.next()) * meanMs); }
}
