import { UnreachableError } from "../../kube/api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import { ChaosStream } from "./chaos-stream.ts";

/** How the way to the API server misbehaves. Rates are shares (0 to 1) of requests, or of watch events. */
export interface NetworkFaults {
  /** Answered with one of `statuses`, without effect. */
  readonly errorRate: number;
  readonly statuses: readonly number[];
  /** Lost on the way there: no answer, no effect. */
  readonly lostRate: number;
  /** The answer to a write is lost: it has its effect. */
  readonly lostAnswerRate: number;
  /** Requests and answers take up to so long, each. */
  readonly latencyMs: number;
  /** Watch events come up to so late: what caches show is so old. */
  readonly watchLagMs: number;
  readonly watchRepeatRate: number;
  /** The watch ends without a word. */
  readonly watchEndRate: number;
  /** The watch stays open and says nothing any more. */
  readonly watchHangRate: number;
  /** The watch ends with 410 Gone. */
  readonly watchGoneRate: number;
}

export const NO_NETWORK_FAULTS: NetworkFaults = {
  errorRate: 0,
  statuses: [],
  lostRate: 0,
  lostAnswerRate: 0,
  latencyMs: 0,
  watchLagMs: 0,
  watchRepeatRate: 0,
  watchEndRate: 0,
  watchHangRate: 0,
  watchGoneRate: 0,
};

export interface ChaosParts {
  readonly inner: Transport;
  readonly clock: Clock;
  readonly prng: Prng;
  /** As they are now. */
  readonly faults: () => NetworkFaults;
  /** Before a request leaves and after its answer has come: where a process may die. */
  readonly onAwait: (request: ApiRequest, when: "before" | "after") => void;
  /** A write has taken effect, just now. */
  readonly onWrite: (request: ApiRequest, response: ApiResponse) => void;
}

/** How long it takes until a lost request is given up, where the client does not do so before. */
const LOST_MS = 5_000;

/** One controller's way to the API server. */
export class ChaosNetwork implements Transport {
  readonly #parts: ChaosParts;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    const { onAwait, prng, faults } = this.#parts;
    onAwait(request, "before");
    await this.#delay(request);
    const { errorRate, statuses, lostRate, lostAnswerRate } = faults();
    if (prng.chance(lostRate)) await this.#lose(request);
    if (prng.chance(errorRate)) return failure(prng.pick(statuses));
    const response = await this.#deliver(request);
    if (request.method !== "GET" && prng.chance(lostAnswerRate)) await this.#lose(request);
    await this.#delay(request);
    onAwait(request, "after");
    return response;
  }

  async #deliver(request: ApiRequest): Promise<ApiResponse> {
    const { inner, onWrite } = this.#parts;
    const response = await inner.send(request);
    if (request.method !== "GET" && response.status < 300) onWrite(request, response);
    if (response.body.kind !== "stream") return response;
    const events = new ChaosStream(response.body.events, this.#parts);
    return { ...response, body: { kind: "stream", events } };
  }

  async #delay(request: ApiRequest): Promise<void> {
    const { clock, prng, faults } = this.#parts;
    const { latencyMs } = faults();
    if (latencyMs > 0) await sleep(clock, prng.integer(0, latencyMs), request.signal);
  }

  async #lose(request: ApiRequest): Promise<never> {
    await sleep(this.#parts.clock, LOST_MS, request.signal);
    throw new UnreachableError(`${request.method} ${request.path}: connection reset`);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalError",
};

function failure(code: number): ApiResponse {
  const value = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "the simulated network was told to fail",
    reason: REASONS[code] ?? "Unknown",
    ...(code === 429 ? { details: { retryAfterSeconds: 1 } } : {}),
    code,
  };
  return { status: code, contentType: "application/json", warnings: [], body: { kind: "json", value } };
}
