import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, sleep } from "../lib/clock.ts";
import { LoadTester } from "./load-tester.ts";

/** What a webhook does when it is called. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
  readonly delayMs: number;
  /** It takes the request and never answers. */
  readonly hangs: boolean;
}

export interface WebhookCall {
  readonly atMs: number;
  readonly path: string;
  readonly body: string;
}

const NOT_THERE: WebhookAnswer = { status: 404, body: "no such webhook", delayMs: 0, hangs: false };

/** Calls that are remembered; the oldest go first. */
const MAX_CALLS = 10_000;

/** Hosts at which Flagger's load tester is installed, by its chart and in its docs. */
const LOAD_TESTERS = /^(flagger-)?loadtester\b/;

/**
 * Webhooks that answer as a scenario says, by the path of their URL, whatever their host; but at a host that is called so,
 * Flagger's load tester answers.
 */
export class ScriptedWebhooks {
  readonly loadTester: LoadTester;
  readonly calls: WebhookCall[] = [];
  readonly #clock: Clock;
  readonly #answers = new Map<string, WebhookAnswer>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.loadTester = new LoadTester(clock);
  }

  set(path: string, answer: WebhookAnswer): void {
    this.#answers.set(path, answer);
  }

  /** How often each was called, by path. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { path } of this.calls) counts.set(path, (counts.get(path) ?? 0) + 1);
    return counts;
  }

  /** Rejects with the signal's reason when that aborts first. */
  async post(
    { url, body }: { readonly url: string; readonly body: string },
    signal: AbortSignal,
  ): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }> {
    const { pathname, hostname } = new URL(url);
    this.calls.push({ atMs: this.#clock.now(), path: pathname, body });
    if (this.calls.length > MAX_CALLS) this.calls.shift();
    if (LOAD_TESTERS.test(hostname))
      return { headers: {}, ...(await this.loadTester.answer(pathname, body, signal)) };
    const answer = this.#answers.get(pathname) ?? NOT_THERE;
    if (answer.hangs)
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    if (answer.delayMs > 0) await sleep(this.#clock, answer.delayMs, signal);
    return { status: answer.status, headers: {}, body: answer.body };
  }
}

const MAX_BODY_BYTES = 1_048_576;

/** The same webhooks on a socket, as those of the host `as`. Port 0 takes a free one. */
export async function listenWebhooks(
  webhooks: Pick<ScriptedWebhooks, "post">,
  { as, ...address }: { readonly as: string; readonly host: string; readonly port: number },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    let body = "";
    for await (const chunk of request) if (body.length < MAX_BODY_BYTES) body += String(chunk);
    const url = `http://${as}${request.url ?? "/"}`;
    const answer = await webhooks.post({ url, body }, gone.signal).catch(() => null);
    if (answer === null) return;
    response.writeHead(answer.status, { "content-type": "text/plain; charset=utf-8" });
    response.end(answer.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
