// Puts one schedule's world together, and does to it what people and faults do.

import type { User } from "../../src/protocol/types";
import { Accounts } from "./accounts";
import { Checks } from "./checks";
import { Device } from "./devices";
import { Gateways } from "./gateways";
import { type Fault, hostilityOf } from "./hostility";
import { Network } from "./network";
import type { Random } from "./random";
import { Rest } from "./rest";
import { type Backup, chatOf, ModelServer } from "./server";
import { Tab } from "./tab";
import { Time } from "./time";

const tabsMax = 3;

export class World {
  readonly time = new Time();
  readonly hostility;
  readonly server: ModelServer;
  readonly accounts: Accounts;
  readonly checks: Checks;
  readonly gateways: Gateways;
  readonly network: Network;
  readonly rest: Rest;
  readonly users: User[] = [];
  readonly devices: Device[] = [];
  tabs: Tab[] = [];
  private backup: Backup = [];
  private names = 0;
  private began = this.time.now;

  constructor(readonly random: Random, private readonly events: string[] | null) {
    const now = () => this.time.now;
    const trace = (words: () => string) => this.note(words);
    this.hostility = hostilityOf(random);
    this.server = new ModelServer(random, now);
    this.accounts = new Accounts(now, random.pick([25, 60, 900])!);
    this.checks = new Checks(this.server);
    this.people();
    this.gateways = new Gateways(random.int(1, 3), this.time, random, this.server, this.accounts, this.hostility, this.checks);
    this.network = new Network(this.time, random, this.hostility, this.gateways, trace);
    this.rest = new Rest(this.time, random, this.hostility, this.server, this.accounts, this.checks, trace);
    this.backup = this.server.backup();
    this.note(() => `a world of ${this.users.length} people and ${this.gateways.all.length} gateways, ${JSON.stringify(this.hostility)}`);
  }

  note(words: () => string): void {
    this.events?.push(`${((this.time.now - this.began) / 1000).toFixed(3).padStart(8)}  ${words()}`);
  }

  private people(): void {
    const { random, server } = this;
    for (let number = 0; number < random.int(2, 4); number += 1) this.users.push(this.accounts.add(`u${number}`));
    for (const user of this.users) {
      for (let number = 0; number < random.int(1, 2); number += 1) this.addDevice(user);
      for (const other of this.users) if (random.chance(0.5)) server.open(user.id, other.id);
      for (const other of this.users) if (random.chance(0.4)) server.fill(user.id, other.id, random.pick([1, 5, 60, 250, 700])!);
    }
  }

  private addDevice(user: User): void {
    const { random } = this;
    const name = `${user.id}.${this.devices.filter((device) => device.user === user).length + 1}`;
    const skew = random.chance(0.3) ? random.int(-3_600_000, 3_600_000) : 0;
    const makeId = () => `id-${++this.names}`;
    const diskMs = random.pick([5, 5, 300])!;
    this.devices.push(new Device(name, user, this.time, random, random.chance(0.04), skew, diskMs, makeId, (pending) => this.checks.stored(pending)));
  }

  openTab(device: Device, lineage = `${device.name}.${++this.names}`): void {
    const tab = new Tab(`${lineage}/${++this.names}`, lineage, device, this.time, this.network, this.rest, this.checks);
    this.tabs.push(tab);
    this.note(() => `${tab.name} opens`);
  }

  tabsOf(device: Device): Tab[] { return this.tabs.filter((tab) => tab.device === device); }

  endTab(tab: Tab | undefined): void {
    if (tab === undefined || tab.device.refusesStorage) return;
    this.note(() => `${tab.name} ends, with ${tab.account?.outbox.pending.get().length ?? 0} pending`);
    tab.end();
    this.tabs = this.tabs.filter((other) => other !== tab);
  }

  // Faults that happen at some moment, by the names of Hostility: to this tab, or to any.

  readonly happenings: Record<string, (tab?: Tab) => void> = {
    closes: (tab) => {
      const code = this.random.pick([1000, 1001, 1006, 1006, 1011, 1012, 1002, 4000, 4001, 4002, 4003, 4004, 4501, 4503])!;
      this.someLink(tab)?.cut(code);
    },
    freezes: (tab) => this.someLink(tab)?.freeze(this.random.chance(0.5) ? this.random.int(100, 25_000) : null),
    drains: () => this.gateways.drain(this.random.pick(this.gateways.all)!),
    restores: () => this.restore(),
    revocations: (tab = this.random.pick(this.tabs)) => {
      const state = tab?.session.state.get();
      this.note(() => `the session of ${tab?.device.name} is ended`);
      if (state?.is === "signed_in") this.accounts.end(state.sessionId);
    },
    reloads: (tab = this.random.pick(this.tabs)) => {
      this.endTab(tab);
      if (tab?.alive === false) this.time.after(this.random.int(10, 2_000), () => this.openTab(tab.device, tab.lineage));
    },
    tabs: (tab) => {
      const device = tab?.device ?? this.random.pick(this.devices)!;
      if (this.tabsOf(device).length < tabsMax) this.openTab(device);
    },
    tabsClosed: (tab = this.random.pick(this.tabs)) => this.endTab(tab),
    sleeps: (tab) => {
      const device = tab?.device ?? this.random.pick(this.devices)!;
      const milliseconds = this.random.int(500, 60_000);
      this.note(() => `${device.name} sleeps for ${milliseconds} ms`);
      device.sleep(milliseconds);
      this.time.after(milliseconds + 1, () => this.sign(device, "wake"));
    },
    browserSigns: (tab) => this.sign(tab?.device ?? this.random.pick(this.devices)!, this.random.pick(["online", "offline", "offline", "wake"])!),
    floods: () => this.flood(),
    statuses: () => this.gateways.status(this.random.pick(this.gateways.all)!),
  };

  private someLink(tab?: Tab) { return this.random.pick([...(tab?.links ?? this.network.links)]); }

  /** Faults are worst in the middle of something: some of them follow what a person has just done. */
  interrupt(tab: Tab): void {
    const fault = this.random.pick(Object.keys(this.happenings).filter((one) => this.hostility[one as Fault] > 0));
    if (fault === undefined || !this.random.chance(0.15)) return;
    this.time.after(this.random.int(0, this.random.pick([10, 100, 1_000])!), () => {
      if (tab.alive && this.hostility[fault as Fault] > 0) this.happenings[fault]?.(tab);
    });
  }

  /** Right or wrong, as browsers are. */
  private sign(device: Device, sign: string): void {
    this.note(() => `${device.name} hears: ${sign}`);
    for (const tab of this.tabsOf(device)) {
      tab.run(() => {
        if (sign === "wake") tab.account?.connection.wake();
        else tab.account?.connection.setOnline(sign === "online");
      });
    }
  }

  private restore(): void {
    this.note(() => "the database is restored to its last backup");
    this.checks.lose(this.server.restore(this.backup));
    this.network.epoch += 1;
    // Gateways may be started anew with it, or go on and find out at their next sweep.
    if (this.random.chance(0.5)) for (const gateway of this.gateways.all) this.gateways.closeAll(gateway, 1006);
  }

  /** A program writes much at once, and nobody is told live: only a sweep or a sync brings it. */
  private flood(): void {
    const { random, server } = this;
    const user = random.pick(this.users)!.id;
    const chat = random.pick(this.chatsOf(user));
    if (chat === undefined) return;
    const count = random.pick([3, 150, 260, 450])!;
    this.note(() => `${count} messages of ${user} in ${chat} at once`);
    for (let left = count; left > 0; left -= 1) server.append(user, chat, `flood-${++this.names}`, "much");
  }

  backUp(): void { this.backup = this.server.backup(); }

  chatsOf(user: string): string[] { return this.users.map((other) => chatOf(user, other.id)).filter((chat) => this.server.chats.has(chat)); }
}
