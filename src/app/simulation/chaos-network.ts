import { UnreachableError } from "../../kube/api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import { sleep } from "../../lib/clock.ts";
import { ChaosStream } from "./chaos-stream.ts";
import type { ChaosParts } from "./network-faults.ts";

/** How long it takes until a lost request is given up, where the client does not do so before. */
const LOST_MS = 5_000;

/** So many requests at one instant are answered at once: more come of a controller that never stops, and would fill the memory. */
const MOST_AT_ONCE = 5_000;
const CROWDED_MS = 1_000;

/** One controller's way to the API server. */
export class ChaosNetwork implements Transport {
  readonly #parts: ChaosParts;
  #instantMs = 0;
  #atOnce = 0;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    const { onAwait, prng, faults, line } = this.#parts;
    onAwait(request, "before");
    if (this.#isCrowded()) await sleep(this.#parts.clock, CROWDED_MS, request.signal);
    await this.#delay(request);
    if (line?.isDown === true) await this.#lose(request);
    const { errorRate, statuses, lostRate, lostAnswerRate } = faults();
    if (prng.chance(lostRate)) await this.#lose(request);
    if (prng.chance(errorRate)) return failure(prng.pick(statuses));
    const cuts = line?.cuts;
    line?.carries(request);
    const response = await this.#deliver(request);
    const isLost = request.method !== "GET" && prng.chance(lostAnswerRate);
    if (isLost || line?.cuts !== cuts) await this.#lose(request);
    await this.#delay(request);
    onAwait(request, "after");
    return response;
  }

  #isCrowded(): boolean {
    const nowMs = this.#parts.clock.now();
    this.#atOnce = nowMs === this.#instantMs ? this.#atOnce + 1 : 1;
    this.#instantMs = nowMs;
    return this.#atOnce > MOST_AT_ONCE;
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
