import { UnreachableError } from "../kube/api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "../kube/transport.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import type { Prng } from "../lib/prng.ts";

/** How the API server misbehaves towards those who reach it through ApiFaults. */
export type ApiFault =
  /** Connections are refused, and open watches break. */
  | { readonly kind: "down" }
  /** A share (0 to 1) of requests is answered with this status, and has no effect. */
  | { readonly kind: "errors"; readonly rate: number; readonly status: number }
  /** Every answer comes this late; it takes effect before. */
  | { readonly kind: "slow"; readonly delayMs: number };

/** A Transport that fails when told to. */
export class ApiFaults implements Transport {
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #streams = new Set<BreakableStream>();
  #fault: ApiFault | null = null;

  constructor(inner: Transport, clock: Clock, prng: Prng) {
    this.#inner = inner;
    this.#clock = clock;
    this.#prng = prng;
  }

  /** Null: healthy again. */
  set(fault: ApiFault | null): void {
    this.#fault = fault;
    if (fault?.kind !== "down") return;
    for (const stream of this.#streams) stream.break();
    this.#streams.clear();
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    const fault = this.#fault;
    if (fault?.kind === "down") {
      throw new UnreachableError(`${request.method} ${request.path}: connection refused`);
    }
    if (fault?.kind === "errors" && this.#prng.chance(fault.rate)) return failure(fault.status);
    const response = await this.#inner.send(request);
    if (fault?.kind === "slow") await sleep(this.#clock, fault.delayMs, request.signal);
    if (response.body.kind !== "stream") return response;
    const stream = new BreakableStream(response.body.events, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return { ...response, body: { kind: "stream", events: stream } };
  }
}

/** A stream that can be ended from outside while its reader waits for the next event. */
class BreakableStream implements AsyncIterableIterator<unknown> {
  readonly #events: AsyncIterator<unknown>;
  readonly #onEnd: () => void;
  #isBroken = false;
  #wake: (() => void) | null = null;

  constructor(events: AsyncIterable<unknown>, onEnd: () => void) {
    this.#events = events[Symbol.asyncIterator]();
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#isBroken) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve({ done: true, value: undefined });
      this.#events.next().then((result) => {
        if (result.done === true) this.#onEnd();
        resolve(result);
      }, reject);
    });
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#onEnd();
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  break(): void {
    this.#isBroken = true;
    this.#wake?.();
    // The server's side is closed in passing; nobody is left to hear how that went.
    this.#events.return?.().catch(() => {});
  }
}

function failure(code: number): ApiResponse {
  const message = "the embedded API server was told to fail";
  const value = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "InternalError",
    code,
  };
  return { status: code, contentType: "application/json", warnings: [], body: { kind: "json", value } };
}
