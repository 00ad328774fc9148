import type { ApiRequest, ApiResponse, Transport } from "../kube/transport.ts";
import type { Clock, Timer } from "../lib/clock.ts";

/**
 * One life of a simulated process. When it ends, as with kill -9, everything stands still where it is: no timer fires,
 * no answer arrives, no request leaves. Requests that were sent before have their effect.
 */
export class Life {
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  #isOver = false;
  readonly #resolveEnded: () => void;
  /** While frozen: what is to go on afterwards, in this order. */
  #held: (() => void)[] | null = null;
  readonly #watches = new Set<AsyncIterator<unknown>>();

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    this.#resolveEnded();
    // The kernel closes a dead process's sockets: the server lets go of its watches.
    for (const watch of this.#watches) void watch.return?.();
    this.#watches.clear();
  }

  freeze(): void {
    this.#held ??= [];
  }

  thaw(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const goOn of held) goOn();
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      setTimer: (delayMs: number, fire: () => void): Timer =>
        clock.setTimer(delayMs, () => {
          this.#run(() => {
            if (!this.#isOver) fire();
          });
        }),
    };
  }

  transport(transport: Transport): Transport {
    return { send: (request: ApiRequest) => this.#answerOf(() => transport.send(request)) };
  }

  /** A call to the outside: not made when dead, and not answered when death comes first. */
  async call<T>(make: () => Promise<T>): Promise<T> {
    if (this.#isOver) return never();
    try {
      const result = await make();
      await this.#thawed();
      return this.#isOver ? await never() : result;
    } catch (error) {
      await this.#thawed();
      return this.#isOver ? await never() : Promise.reject(error);
    }
  }

  #run(work: () => void): void {
    if (this.#held === null) work();
    else this.#held.push(work);
  }

  async #thawed(): Promise<void> {
    if (this.#held !== null) await new Promise<void>((resolve) => this.#held?.push(resolve));
  }

  async #answerOf(send: () => Promise<ApiResponse>): Promise<ApiResponse> {
    const response = await this.call(send);
    if (response.body.kind !== "stream") return response;
    return { ...response, body: { kind: "stream", events: this.#mortalStream(response.body.events) } };
  }

  #mortalStream(events: AsyncIterable<unknown>): AsyncIterable<unknown> {
    const iterator = events[Symbol.asyncIterator]();
    this.#watches.add(iterator);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => this.call(() => iterator.next()),
        return: async () => {
          this.#watches.delete(iterator);
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      }),
    };
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
