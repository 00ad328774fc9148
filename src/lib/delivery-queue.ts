import { type Backoff, backoffDelay } from "./backoff.ts";
import { type Clock, sleep } from "./clock.ts";
import { Slots } from "./slots.ts";

/** What became of one attempt to deliver. Reasons are for people and hold no secrets. */
export type Attempt =
  | { readonly result: "sent" }
  /** Another attempt may succeed, `afterMs` from now when the receiver says so. */
  | { readonly result: "retry"; readonly reason: string; readonly afterMs?: number }
  /** The same again will never be taken. */
  | { readonly result: "refused"; readonly reason: string };

export interface DeliveryQueueOptions<Job> {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** One attempt; has its own timeout and does not reject. */
  readonly attempt: (job: Job) => Promise<Attempt>;
  /** Called once for each job that was added; `attempts` from 1. */
  readonly finished: (job: Job, outcome: Attempt, attempts: number) => void;
  /** Jobs that wait or are under way, in all lanes together. */
  readonly maxPending: number;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  /** Attempts at the same time. */
  readonly maxConcurrent: number;
}

/**
 * Jobs in lanes: one after the other within a lane, so that messages arrive in order and a receiver's rate limit is
 * kept; lanes side by side, so that one dead receiver holds back nobody else.
 */
export class DeliveryQueue<Job> {
  readonly #options: DeliveryQueueOptions<Job>;
  readonly #lanes = new Map<string, Job[]>();
  readonly #slots: Slots;
  #pending = 0;
  readonly #drained = new Set<() => void>();

  constructor(options: DeliveryQueueOptions<Job>) {
    this.#options = options;
    this.#slots = new Slots(options.maxConcurrent);
  }

  get pending(): number {
    return this.#pending;
  }

  /** False when the queue is full: the job is not taken. */
  add(lane: string, job: Job): boolean {
    if (this.#pending >= this.#options.maxPending) return false;
    this.#pending += 1;
    const waiting = this.#lanes.get(lane);
    if (waiting === undefined) {
      this.#lanes.set(lane, [job]);
      void this.#work(lane);
    } else {
      waiting.push(job);
    }
    return true;
  }

  /** Resolves when nothing is pending, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#drained.delete(done);
        resolve();
      };
      const timer = this.#options.clock.setTimer(timeoutMs, done);
      this.#drained.add(done);
    });
  }

  async #work(lane: string): Promise<void> {
    const jobs = this.#lanes.get(lane) ?? [];
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await this.#deliver(job);
      this.#pending -= 1;
    }
    this.#lanes.delete(lane);
    if (this.#pending === 0) for (const done of [...this.#drained]) done();
  }

  async #deliver(job: Job): Promise<void> {
    const { clock, random, attempt, finished, maxAttempts, backoff } = this.#options;
    for (let attempts = 1; ; attempts++) {
      const outcome = await this.#slots.run(() => attempt(job));
      if (outcome.result !== "retry" || attempts >= maxAttempts) {
        finished(job, outcome, attempts);
        return;
      }
      await sleep(clock, outcome.afterMs ?? backoffDelay(backoff, attempts, random));
    }
  }
}
