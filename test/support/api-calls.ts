import type { ApiRequest, ApiResponse } from "../../src/kube/transport.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ApiServer, type ApiServerOptions } from "../../src/sim/apiserver/api-server.ts";

/** An object of an answer, whose members tests look at by name. */
// biome-ignore lint/suspicious/noExplicitAny: an assertion fails on a wrong guess as well as the compiler would
export type Json = Record<string, any>;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly warnings: readonly string[];
}

/** An API server on virtual time with short ways to ask it; internal errors fail the test that caused them. */
export class ApiCalls {
  readonly clock = new VirtualClock();
  readonly server: ApiServer;
  readonly errors: Error[] = [];

  constructor(options: Partial<ApiServerOptions> = {}) {
    this.server = new ApiServer({
      clock: this.clock,
      prng: new Prng(1),
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  async call(method: string, path: string, body?: unknown, headers: Json = {}): Promise<Answer> {
    const answer = await this.server.send(toRequest(method, path, body, headers));
    if (this.errors.length > 0) throw this.errors[0];
    const value = answer.body.kind === "json" ? answer.body.value : answer.body;
    return { status: answer.status, body: value as Json, warnings: answer.warnings };
  }

  get(path: string): Promise<Answer> {
    return this.call("GET", path);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.call("POST", path, body);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.call("PUT", path, body);
  }

  patch(path: string, body: unknown, type = "merge-patch+json"): Promise<Answer> {
    return this.call("PATCH", path, body, { "content-type": `application/${type}` });
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.call("DELETE", path, body);
  }

  /** Opens a watch and gathers its events until it ends. */
  async watch(path: string): Promise<Watched> {
    const answer = await this.server.send(toRequest("GET", path, undefined, {}));
    return new Watched(answer);
  }
}

/** The events of a watch, as they come. */
export class Watched {
  readonly events: Json[] = [];
  readonly done: Promise<void>;

  constructor(answer: ApiResponse) {
    if (answer.body.kind !== "stream") throw new Error(`no watch: ${JSON.stringify(answer.body)}`);
    this.done = this.#gather(answer.body.events);
  }

  async #gather(events: AsyncIterable<unknown>): Promise<void> {
    for await (const event of events) this.events.push(event as Json);
  }
}

function toRequest(method: string, path: string, body: unknown, headers: Json): ApiRequest {
  const [bare = "", query = ""] = path.split("?");
  return {
    method: method as ApiRequest["method"],
    path: bare,
    query: new URLSearchParams(query),
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": "test",
      ...headers,
    },
    body,
  };
}
