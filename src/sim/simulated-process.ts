import type { ApiBody, ApiRequest, ApiResponse, Transport } from "../kube/transport.ts";
import type { Clock, Timer } from "../lib/clock.ts";

/**
 * A process that can die as by `kill -9`, although it runs inside ours: what lives in it uses this clock and these
 * transports only. Once killed, its timers never fire and no answer reaches it, so nothing in it ever goes on; what it
 * has sent may still take effect, as in reality.
 */
export class SimulatedProcess {
  readonly clock: Clock;
  #isDead = false;
  readonly #timers = new Set<Timer>();
  readonly #streams = new Set<AsyncIterator<unknown>>();

  constructor(clock: Clock) {
    this.clock = {
      now: () => clock.now(),
      setTimer: (delayMs, fire) => this.#setTimer(clock, delayMs, fire),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  kill(): void {
    this.#isDead = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    // A dead process's connections are closed by its kernel.
    for (const stream of this.#streams) stream.return?.().catch(() => {});
    this.#streams.clear();
  }

  /** The same promise, which never settles once the process is dead. */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => {
          if (!this.#isDead) resolve(value);
        },
        (error: unknown) => {
          if (!this.#isDead) reject(error);
        },
      );
    });
  }

  /** The API server as this process reaches it. */
  transport(inner: Transport): Transport {
    return { send: (request) => this.#send(inner, request) };
  }

  async #send(inner: Transport, request: ApiRequest): Promise<ApiResponse> {
    if (this.#isDead) return new Promise(() => {});
    const response = await this.until(inner.send(request));
    return { ...response, body: this.#body(response.body) };
  }

  #body(body: ApiBody): ApiBody {
    if (body.kind !== "stream") return body;
    const events = body.events[Symbol.asyncIterator]();
    this.#streams.add(events);
    const iterator: AsyncIterableIterator<unknown> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => this.until(events.next()),
      return: async () => {
        this.#streams.delete(events);
        await events.return?.();
        return { done: true, value: undefined };
      },
    };
    return { kind: "stream", events: iterator };
  }

  #setTimer(clock: Clock, delayMs: number, fire: () => void): Timer {
    if (this.#isDead) return { cancel: () => {} };
    const timer = clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      fire();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }
}
