// Every close code and what this client does about it (docs/protocol.md, section 5).

export type CloseAction =
  | "reconnect" // with backoff
  | "reconnect_slowly" // not before 10 s
  | "reconnect_few_times" // it may be our own fault: give up after a few
  | "renew_token" // refresh, then reconnect
  | "sign_out" // forget the tokens
  | "stop_replaced" // this session opened too many sockets; another page has it
  | "stop_outdated"; // this client speaks the wrong protocol

const known: Record<number, CloseAction> = {
  1002: "reconnect_few_times",
  1003: "reconnect_few_times",
  1007: "reconnect_few_times",
  1009: "reconnect_few_times",
  4003: "renew_token",
  4004: "reconnect_slowly",
  4500: "stop_outdated",
  4501: "renew_token",
  4502: "sign_out",
  4503: "stop_replaced",
};

/** Unknown codes follow their range: 4500–4999 stop, everything else reconnects. */
export function closeAction(code: number): CloseAction {
  return known[code] ?? (code >= 4500 && code <= 4999 ? "stop_outdated" : "reconnect");
}
