// One schedule from its seed: a while in which anything may happen, a world that heals, and the verdict.

import { calm, type Fault } from "./hostility";
import { act } from "./people";
import { Random } from "./random";
import type { Tab } from "./tab";
import { withVirtualTimers } from "./time";
import { judge } from "./verdict";
import { World } from "./world";

const healMs = 75_000;
const againMs = 20_000;
const stepMs = 3_000;

export interface Outcome {
  failure: string | null;
  /** Only if they were asked for: the run is the same, so a failed one is simply done again with them. */
  events: string[];
  messages: number;
}

export async function run(seed: number, withEvents: boolean): Promise<Outcome> {
  const events: string[] = [];
  const world = new World(new Random(seed), withEvents ? events : null);
  return withVirtualTimers(world.time, async () => {
    await hostile(world);
    if (world.checks.first === null) await healed(world);
    return { failure: world.checks.first?.message ?? null, events, messages: world.checks.written.size };
  });
}

async function hostile(world: World): Promise<void> {
  const { random, time, hostility } = world;
  const end = time.now + random.int(2_000, 40_000);
  const during = (meanMs: number, happen: () => void) => {
    const next = () => time.after(random.gap(meanMs), () => {
      if (time.now >= end) return;
      happen();
      next();
    });
    next();
  };
  for (const device of world.devices) world.openTab(device);
  const pace = random.int(300, 5_000);
  // As many doings as there are tabs, each by whoever is there then.
  during(pace / world.devices.length, () => {
    const tab = random.pick(world.tabs);
    if (tab === undefined || tab.device.asleep) return;
    tab.run(() => act(world, tab));
    world.interrupt(tab);
  });
  for (const [fault, happen] of Object.entries(world.happenings)) {
    const perMinute = hostility[fault as Fault];
    if (perMinute > 0) during(60_000 / perMinute, happen);
  }
  if (hostility.restores > 0) during(8_000, () => world.backUp());
  while (time.now < end && world.checks.first === null) await time.pass(1_000);
}

async function healed(world: World): Promise<void> {
  world.note(() => "the world heals");
  calm(world.hostility);
  for (const device of world.devices) device.wake();
  // Reloads that are under way bring their tabs back.
  await world.time.pass(2_100);
  for (const device of world.devices) if (world.tabsOf(device).length === 0) world.openTab(device);
  await pass(world, healMs);
  judge(world, false);
  if (world.checks.first !== null) return;
  // Whatever only a sync brings is there after one more connection.
  world.note(() => "all gateways are started anew");
  for (const gateway of world.gateways.all) world.gateways.closeAll(gateway, 1012);
  await pass(world, againMs);
  judge(world, true);
}

/** People are patient now: they only do what the page asks them for. */
async function pass(world: World, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0 && world.checks.first === null; left -= stepMs) {
    for (const tab of world.tabs) tab.run(() => tend(world, tab));
    await world.time.pass(stepMs);
  }
}

function tend(world: World, tab: Tab): void {
  const { account } = tab;
  if (account === null || ["replaced", "fault", "outdated"].includes(account.connection.health.get().word)) return act(world, tab);
  if (tab.chat === null) return;
  if (!tab.atBottom || account.history(tab.chat).timeline.cutBelow) tab.toNewest();
}
