// What is compared when the world has healed and time has passed: the server's logs, what was written, what each tab shows.

import type { Pending } from "../../src/core/outbox/outbox";
import type { Message } from "../../src/protocol/types";
import type { Checks, Written } from "./checks";
import type { Device } from "./devices";
import type { ModelServer } from "./server";
import type { Tab } from "./tab";

/**
 * Not for ever refused, and tried by several tabs at once: one may be left with a refusal that another's attempt has refuted,
 * or, after a conflict, two may take a new id each. In life ids do not meet, and what is refused once is refused again.
 */
const undecided = /^(refused-once|conflict)/;

interface Healed {
  checks: Checks;
  server: ModelServer;
  devices: readonly Device[];
  tabs: readonly Tab[];
}

/** `exact`: after one more sync everybody also knows every cursor; before it, a lost cursor is no fault. */
export function judge(world: Healed, exact: boolean): void {
  written(world);
  for (const tab of world.tabs) {
    if (tab.account === null) world.checks.fail(`${tab.name} is not signed in`);
    else if (!tab.account.connection.live) world.checks.fail(`${tab.name} is not connected: ${tab.account.connection.health.get().word}`);
    timelines(world, tab);
    chatList(world, tab, exact);
  }
}

function written({ checks, server, devices, tabs }: Healed): void {
  const places = new Map<string, Message[]>();
  for (const log of server.chats.values()) {
    for (const message of log.messages) if (checks.written.has(message.body)) places.set(message.body, [...(places.get(message.body) ?? []), message]);
  }
  const left = new Map<string, Pending[]>();
  const inMemory = tabs.flatMap((tab) => tab.account?.outbox.pending.get() ?? []);
  const shown = [...inMemory, ...devices.flatMap((device) => [...device.outbox.values()])];
  for (const entry of shown) left.set(entry.body, [...(left.get(entry.body) ?? []), entry]);

  const last = new Map<string, [Written, Message]>();
  for (const one of checks.written.values()) {
    const [place, second] = places.get(one.body) ?? [];
    const entries = left.get(one.body) ?? [];
    const what = `"${one.body}" in ${one.chat}`;
    if (second !== undefined && !one.body.startsWith("conflict")) checks.fail(`${what} is on the server twice`);
    if (entries.some((entry) => entry.failed === null)) checks.fail(`${what} is still pending`);
    else if (entries.length > 0 && !/^(refused|conflict)/.test(one.body)) checks.fail(`${what} is shown as ${entries[0]!.failed}`);
    else if (entries.length > 0 && place !== undefined && !undecided.test(one.body)) checks.fail(`${what} is sent and also shown as failed`);
    else if (place === undefined && entries.length === 0 && !one.perhaps && !one.deleted && !(one.lost && one.told)) checks.fail(`${what} is lost`);
    // Only what was written once and went its straight way has an order that was promised.
    if (place === undefined || one.retried || one.perhaps || one.lost || /^(refused|conflict)/.test(one.body)) continue;
    const key = `${one.lineage} ${one.chat}`;
    const [before, beforePlace] = last.get(key) ?? [];
    if (before !== undefined && beforePlace!.seq > place.seq) checks.fail(`${what} stands before "${before.body}", which was written first`);
    last.set(key, [one, place]);
  }
}

function timelines({ checks, server }: Healed, tab: Tab): void {
  for (const [chat, { timeline }] of tab.inside?.histories ?? []) {
    const log = server.chats.get(chat)?.messages ?? [];
    const opened = tab.chat === chat;
    if (!timeline.loaded) {
      if (opened) checks.fail(`${tab.name} did not load ${chat}`);
      continue;
    }
    for (const message of timeline.messages) {
      const there = log[message.seq - 1];
      if (there?.id !== message.id || there.body !== message.body) return checks.fail(`${tab.name} shows another ${message.seq} in ${chat} than the server has`);
    }
    if (timeline.messages.length === 0 && log.length > 0) checks.fail(`${tab.name} shows nothing of ${chat}`);
    if (timeline.lastSeq !== log.length) checks.fail(`${tab.name} believes that ${chat} ends at ${timeline.lastSeq}, not ${log.length}`);
    if ((opened || !timeline.cutBelow) && timeline.last !== log.length) checks.fail(`${tab.name} shows ${chat} up to ${timeline.last} of ${log.length}`);
  }
}

function chatList({ checks, server }: Healed, tab: Tab, exact: boolean): void {
  const user = tab.device.user.id;
  const shown = tab.account?.chats.ordered.get() ?? [];
  for (const { chat, last_seq } of server.listed(user)) {
    // An empty chat that another device opened is told of by the next sync only.
    if (shown.some((summary) => summary.chat === chat) || (last_seq === 0 && !exact)) continue;
    checks.fail(`${tab.name} does not list ${chat}`);
  }
  for (const summary of shown) {
    // Asked for by its hash, an empty chat is given to its members, though it is not listed for both.
    const chat = server.chat(user, summary.chat);
    const where = `${tab.name}'s list, ${summary.chat}`;
    if (summary.lastSeq !== chat?.last_seq) checks.fail(`${where}: last_seq is ${summary.lastSeq}, not ${chat?.last_seq}`);
    if (summary.lastMessage?.id !== chat?.last_message?.id) checks.fail(`${where}: another last message`);
    if (!exact) continue;
    for (const member of chat?.members ?? []) {
      const known = summary.members.find((one) => one.user_id === member.user_id);
      if (known?.delivered === member.delivered && known.read === member.read) continue;
      checks.fail(`${where}: cursors of ${member.user_id} are ${known?.delivered}/${known?.read}, not ${member.delivered}/${member.read}`);
    }
  }
  const times = shown.map((summary) => summary.lastMessage?.sent_at ?? "9");
  if (times.some((time, index) => index > 0 && time > times[index - 1]!)) checks.fail(`${tab.name}'s list is not in the order of activity`);
}
