import { UnreachableError } from "../../src/kube/api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../src/kube/transport.ts";
import { type Clock, sleep } from "../../src/lib/clock.ts";
import type { Prng } from "../../src/lib/prng.ts";

/** A network that loses requests and answers, delays both, and treats watches as badly as load balancers do. */
export class FaultyTransport implements Transport {
  isFaulty = true;
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #prng: Prng;

  constructor(inner: Transport, clock: Clock, prng: Prng) {
    this.#inner = inner;
    this.#clock = clock;
    this.#prng = prng;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    await this.#delay();
    if (this.#chance(0.1)) throw new UnreachableError("connect ECONNREFUSED");
    const response = await this.#inner.send(request);
    await this.#delay();
    if (response.body.kind !== "stream") {
      if (this.#chance(0.1)) throw new UnreachableError("read ECONNRESET");
      return response;
    }
    return { ...response, body: { kind: "stream", events: this.#spoil(response.body.events) } };
  }

  /** Events come late, twice, or never: the stream ends, breaks, or stays open and says no more. */
  async *#spoil(events: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const event of events) {
      await this.#delay();
      if (this.#chance(0.05)) return;
      if (this.#chance(0.05)) throw new UnreachableError("aborted");
      if (this.#chance(0.03)) await new Promise<never>(() => {});
      yield event;
      if (this.#chance(0.1)) yield event;
    }
  }

  async #delay(): Promise<void> {
    if (this.#chance(0.3)) await sleep(this.#clock, this.#prng.integer(1, 3_000));
  }

  #chance(probability: number): boolean {
    return this.isFaulty && this.#prng.chance(probability);
  }
}
