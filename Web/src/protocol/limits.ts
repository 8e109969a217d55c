// Every limit and deadline of docs/protocol.md that this client keeps.

export const bodyBytesMax = 8_000;
export const watchedUsersMax = 200;
export const historyPage = 50;
export const historyPageMax = 200;
export const usersByIdMax = 100;

export const ackDeadlineMs = 10_000;
export const pongDeadlineMs = 5_000;
/** While somebody looks at the page: a gateway or a path that stands still is left in time for the promise of 10 s. */
export const attentiveHeartbeatMs = 4_000;
export const attentivePongDeadlineMs = 4_000;
export const welcomeDeadlineMs = 10_000;
export const holeDelayMs = 250;
export const cursorIntervalMs = 500;
export const typingIntervalMs = 3_000;
export const typingExpiresMs = 6_000;

export const backoffBaseMs = 500;
export const backoffCapMs = 20_000;
export const backoffResetMs = 30_000;

const encoder = new TextEncoder();

export type BodyFault = "blank" | "too_large" | null;

/** What a message body may be; the composer asks before it sends. */
export function bodyFault(body: string): BodyFault {
  if (body.trim() === "") return "blank";
  return encoder.encode(body).length > bodyBytesMax ? "too_large" : null;
}

/** Takes out what the server refuses: control characters but line break and tab, and halves of surrogate pairs. */
export function legalBody(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, "")
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}
