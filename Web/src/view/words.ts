// Everything that turns a value into words for people.

import { ApiError } from "../core/http";

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export const timeOf = (at: string | number): string => clock.format(new Date(at));

const longestDayMs = 25 * 3_600_000;

export function sameDay(a: string | number, b: string | number): boolean {
  const [one, other] = [new Date(a), new Date(b)];
  return one.getDate() === other.getDate() && Math.abs(one.getTime() - other.getTime()) < longestDayMs;
}

export function dayOf(at: string | number): string {
  const today = new Date();
  if (sameDay(at, today.getTime())) return "Today";
  if (sameDay(at, today.getTime() - 86_400_000)) return "Yesterday";
  return day.format(new Date(at));
}

export const listTime = (at: string): string => (sameDay(at, Date.now()) ? timeOf(at) : shortDay.format(new Date(at)));

export function lastSeenOf(at: string | null): string {
  if (at === null) return "offline";
  return `last seen ${sameDay(at, Date.now()) ? "" : `${dayOf(at)}, `}${timeOf(at)}`;
}

export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return "That did not work. Please try again.";
  switch (error.code) {
    case "unreachable":
      return "The server cannot be reached. Please try again in a moment.";
    case "unavailable":
    case "internal":
      return "The server cannot do this right now. Please try again in a moment.";
    case "rate_limited":
      return "Too many tries. Please wait a moment.";
    default:
      return error.message;
  }
}

export const erasedWords = "Message deleted";

const failures: Record<string, string> = {
  too_large: "It is too long.",
  not_found: "This chat is not yours to write in.",
  conflict: "It was mixed up with another message.",
  bad_frame: "It contains something that cannot be sent.",
};

export const explainFailure = (code: string): string => failures[code] ?? "The server refused it.";
