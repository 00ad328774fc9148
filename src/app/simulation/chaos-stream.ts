import { sleep } from "../../lib/clock.ts";
import type { ChaosParts } from "./network-faults.ts";

const GONE = {
  type: "ERROR",
  object: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "too old resource version",
    reason: "Expired",
    code: 410,
  },
};

/** A watch whose events come late, twice, or never. */
export class ChaosStream implements AsyncIterableIterator<unknown> {
  readonly #events: AsyncIterator<unknown>;
  readonly #parts: Pick<ChaosParts, "clock" | "prng" | "faults" | "line">;
  readonly #cuts: number | undefined;
  readonly #ended = Promise.withResolvers<IteratorResult<unknown>>();
  #last: IteratorResult<unknown> | null = null;

  constructor(events: AsyncIterable<unknown>, parts: Pick<ChaosParts, "clock" | "prng" | "faults" | "line">) {
    this.#events = events[Symbol.asyncIterator]();
    this.#parts = parts;
    this.#cuts = parts.line?.cuts;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    const { clock, prng, faults, line } = this.#parts;
    const { watchRepeatRate } = faults();
    if (this.#last !== null && prng.chance(watchRepeatRate)) return this.#repeated(this.#last);
    const result = await Promise.race([this.#events.next(), this.#ended.promise]);
    if (result.done === true) return result;
    // As they are when the event comes, which may be long after it was asked for.
    const { watchLagMs, watchHangRate, watchEndRate, watchGoneRate } = faults();
    if (prng.chance(watchHangRate) || line?.cuts !== this.#cuts) return this.#ended.promise;
    if (prng.chance(watchEndRate)) return this.return();
    if (prng.chance(watchGoneRate)) return { done: false, value: GONE };
    if (watchLagMs > 0) await sleep(clock, prng.integer(0, watchLagMs));
    this.#last = result;
    return result;
  }

  async return(): Promise<IteratorResult<unknown>> {
    const end = { done: true, value: undefined } as const;
    this.#ended.resolve(end);
    await this.#events.return?.();
    return end;
  }

  /** Once: a stream that repeats itself for ever would be another fault. */
  #repeated(last: IteratorResult<unknown>): IteratorResult<unknown> {
    this.#last = null;
    return last;
  }
}
