// REST as pages see it: what is asked may be lost on the way there or back, come late, or be answered by something in between.

import type { Accounts } from "./accounts";
import type { GatewayWatch } from "./gateway";
import type { Hostility } from "./hostility";
import type { Random } from "./random";
import type { ModelServer } from "./server";
import type { Time } from "./time";

interface Answer {
  status: number;
  body: unknown;
}

const refusal = (status: number, code: string, retryable = false): Answer => ({ status, body: { error: { code, message: "", retryable } } });

/** Whose request it is: runs its code if it still lives, later if its machine sleeps. */
export interface Asker {
  readonly name: string;
  run(work: () => void): void;
  /** What it gives is handed back with the answer. */
  asks(): number;
  answered(path: string, body: unknown, asked: number): void;
}

export class Rest {
  constructor(
    private readonly time: Time,
    private readonly random: Random,
    private readonly world: Hostility,
    private readonly server: ModelServer,
    private readonly accounts: Accounts,
    private readonly watch: GatewayWatch,
    private readonly trace: (words: () => string) => void,
  ) {}

  fetchFor(asker: Asker): typeof fetch {
    return ((path: string, init: RequestInit) => new Promise<Response>((resolve, reject) => {
      const { time, random, world } = this;
      const method = init.method ?? "GET";
      const token = (init.headers as Record<string, string>)["Authorization"]?.slice(7) ?? "";
      const ask = () => this.answer(method, path, token, typeof init.body === "string" ? JSON.parse(init.body) : {});
      const lost = (why: string) => {
        this.trace(() => `${asker.name} ${method} ${path}: ${why}`);
        // An error at once, or no word until the page's own deadline.
        if (random.chance(0.5)) time.after(random.int(1, 3_000), () => asker.run(() => reject(new TypeError("lost"))));
      };
      const arrive = ({ status, body }: Answer) => asker.run(() => {
        this.trace(() => `${asker.name} ${method} ${path} ← ${status} ${JSON.stringify(body)}`);
        if (status < 300) asker.answered(path, body, asked);
        resolve(response(status, body));
      });
      const asked = asker.asks();
      init.signal?.addEventListener("abort", () => asker.run(() => reject(new TypeError("aborted"))));

      if (random.chance(world.requestLost)) return lost("lost on the way there");
      const late = () => (random.chance(world.answerLate) ? random.int(100, 14_000) : random.int(1, 30));
      time.after(late(), () => {
        if (random.chance(world.status503) && random.chance(0.5)) return time.after(late(), () => arrive(refusal(503, "unavailable", true)));
        if (token !== "" && random.chance(world.status401)) return time.after(late(), () => arrive(refusal(401, "unauthenticated")));
        const answer = ask();
        if (random.chance(world.answerLost)) return lost("answer lost");
        if (random.chance(world.status503)) return time.after(late(), () => arrive(refusal(503, "unavailable", true)));
        return time.after(late(), () => arrive(answer));
      });
    })) as typeof fetch;
  }

  private answer(method: string, path: string, token: string, body: Record<string, unknown>): Answer {
    const { accounts } = this;
    const url = new URL(path, "http://parley");
    const route = url.pathname.slice("/api/v1/".length);
    if (route === "auth/login") return { status: 200, body: accounts.signIn(String(body["username"])) };
    if (route === "auth/refresh") {
      const signedIn = accounts.refresh(String(body["refresh_token"]));
      return signedIn === null ? refusal(401, "unauthenticated") : { status: 200, body: signedIn };
    }
    const verified = accounts.verify(token);
    if (typeof verified === "string") return refusal(401, "unauthenticated");
    if (route === "auth/logout") {
      accounts.end(verified.session);
      return { status: 204, body: null };
    }
    if (route === "users") {
      const ids = url.searchParams.get("ids")?.split(",") ?? [];
      return { status: 200, body: { users: ids.flatMap((id) => accounts.users.get(id) ?? []) } };
    }
    if (route === "blocks") return { status: 200, body: { users: [] } };
    return this.ofChats(method, route, url.searchParams, verified.user);
  }

  private ofChats(method: string, route: string, query: URLSearchParams, user: string): Answer {
    const { server, random, world } = this;
    if (route === "sync") {
      const answer = server.sync(user, query.get("since"), random.chance(0.5) ? 200 : random.int(1, 3));
      for (const { last_message } of answer.chats) if (last_message !== null) this.watch.told(user, last_message);
      return { status: 200, body: answer };
    }
    const [, chat = "", messages] = /^chats\/([^/]+)(\/messages)?$/.exec(route) ?? [];
    if (messages !== undefined) {
      const page = server.page(user, chat, query, random.chance(world.pageShort));
      for (const message of page?.messages ?? []) this.watch.told(user, message);
      return page === null ? refusal(404, "not_found") : { status: 200, body: page };
    }
    const answer = method === "PUT" ? server.open(user, route.slice("chats/with/".length)) : server.chat(user, chat);
    if (answer?.last_message) this.watch.told(user, answer.last_message);
    return answer === null ? refusal(404, "not_found") : { status: 200, body: answer };
  }
}

/** As much of a Response as http.ts reads. The real one costs more than everything else in a request. */
function response(status: number, body: unknown): Response {
  const text = JSON.stringify(body);
  return { ok: status < 300, status, text: async () => text, headers: { get: () => null } } as unknown as Response;
}
