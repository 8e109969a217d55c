// How bad the world of one schedule is. Each schedule has only some of the faults, each with a strength of its own: together
// they would hide one another. Everything is 0 once the world has healed.

import type { Random } from "./random";

const strongest = {
  // Chances of one socket, when it is opened.
  refused: 0.5, silent: 0.3, mute: 0.3,
  // Chances of one frame on its way to the client.
  repeated: 0.3, reordered: 0.3,
  // Chances of one send at its gateway.
  ackLost: 0.3, errorBefore: 0.4, errorAfter: 0.4, commitSlow: 0.5,
  // Chances of one event or one cursor between gateways and services.
  peerLost: 0.7, cursorLost: 0.5,
  // Chances of one request.
  requestLost: 0.3, answerLost: 0.3, answerLate: 0.4, status503: 0.4, status401: 0.2, pageShort: 0.8,
  // Events per minute in the whole world.
  closes: 30, freezes: 12, drains: 8, restores: 3, revocations: 3, reloads: 15, tabs: 12, tabsClosed: 12, sleeps: 6,
  browserSigns: 20, statuses: 10, floods: 6,
};

export type Fault = keyof typeof strongest;
export type Hostility = Record<Fault, number>;

const usual = 0.3;

export function hostilityOf(random: Random): Hostility {
  const likely = random.next() * 2 * usual;
  const world = {} as Hostility;
  for (const fault of Object.keys(strongest) as Fault[]) {
    world[fault] = random.chance(likely) ? strongest[fault] * random.next() : 0;
  }
  return world;
}

export function calm(world: Hostility): void {
  for (const fault of Object.keys(world) as Fault[]) world[fault] = 0;
}
