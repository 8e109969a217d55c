// One REST request: JSON in, JSON out, every failure one type with a code.

export class ApiError extends Error {
  constructor(
    /** A code of docs/protocol.md, or `unreachable` if no answer came. */
    readonly code: string,
    message: string,
    readonly status: number,
    readonly retryable: boolean,
    readonly retryAfterMs: number | null,
    /** All that was answered, where it was JSON. */
    readonly answer: unknown = null,
  ) {
    super(message);
  }
}

export interface Request {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  token?: string;
}

const answerDeadlineMs = 15_000;

export async function request(fetcher: typeof fetch, what: Request): Promise<unknown> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (what.body !== undefined) headers["Content-Type"] = "application/json";
  if (what.token !== undefined) headers["Authorization"] = `Bearer ${what.token}`;
  const abort = new AbortController();
  const deadline = setTimeout(() => abort.abort(), answerDeadlineMs);
  try {
    const response = await fetcher(what.path, {
      method: what.method,
      headers,
      body: what.body === undefined ? null : JSON.stringify(what.body),
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: abort.signal,
    });
    const text = await response.text();
    if (response.ok) return text === "" ? null : JSON.parse(text);
    throw refusal(response.status, text, response.headers.get("Retry-After"));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("unreachable", "The server cannot be reached.", 0, true, null);
  } finally {
    clearTimeout(deadline);
  }
}

export function refusal(status: number, text: string, retryAfter: string | null): ApiError {
  let told: { code?: string; message?: string; retryable?: boolean; retry_after_ms?: number } = {};
  let answer: unknown = null;
  try {
    answer = JSON.parse(text);
    told = (answer as { error?: typeof told }).error ?? {};
  } catch {
    // Something between us and the server answered; its status must do.
  }
  const seconds = Number(retryAfter);
  return new ApiError(
    told.code ?? (status >= 500 ? "unavailable" : "bad_request"),
    told.message ?? `status ${status}`,
    status,
    told.retryable ?? status >= 500,
    told.retry_after_ms ?? (retryAfter !== null && Number.isFinite(seconds) ? seconds * 1000 : null),
    answer,
  );
}
