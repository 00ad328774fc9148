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
  /** One attempt; has its own timeout and does not reject. `attempts` from 1. */
  readonly attempt: (job: Job, attempts: number) => Promise<Attempt>;
  /** Called once for each job that was added and not left out; `attempts` from 1. */
  readonly finished: (job: Job, outcome: Attempt, attempts: number) => void;
  /** Jobs that wait or are under way, in all lanes together. */
  readonly maxPending: number;
  /** In one lane; absent: only `maxPending` counts. */
  readonly maxPerLane?: number;
  /** What goes when there is no room: of those that wait in the lane the lowest, of several the oldest. Absent: the new one. */
  readonly rank?: (job: Job) => number;
  /** A job that waited had to make room. */
  readonly evicted?: (job: Job) => void;
  readonly maxAttempts: number;
  /** A job that has waited so long gets no further attempt; absent: only `maxAttempts` counts. */
  readonly giveUpAfterMs?: number;
  readonly backoff: Backoff;
  /** Attempts at the same time. */
  readonly maxConcurrent: number;
  /** From the end of one job to the beginning of the next in a lane; absent: at once. */
  readonly spacingMs?: (job: Job) => number;
}

interface Waiting<Job> {
  readonly job: Job;
  readonly sinceMs: number;
}

interface Lane<Job> {
  current: Job | null;
  readonly waiting: Waiting<Job>[];
}

/**
 * Jobs in lanes: one after the other within a lane, so that messages arrive in order and a receiver's rate limit is
 * kept; lanes side by side, so that one dead receiver holds back nobody else.
 */
export class DeliveryQueue<Job> {
  readonly #options: DeliveryQueueOptions<Job>;
  readonly #lanes = new Map<string, Lane<Job>>();
  readonly #slots: Slots;
  #pending = 0;
  #isClosed = false;
  readonly #drained = new Set<() => void>();

  constructor(options: DeliveryQueueOptions<Job>) {
    this.#options = options;
    this.#slots = new Slots(options.maxConcurrent);
  }

  get pending(): number {
    return this.#pending;
  }

  pendingIn(name: string): number {
    const lane = this.#lanes.get(name);
    return lane === undefined ? 0 : lane.waiting.length + (lane.current === null ? 0 : 1);
  }

  /** False when there is no room: the job is not taken. */
  add(name: string, job: Job): boolean {
    const lane = this.#lanes.get(name);
    if (this.#isClosed || !this.#makeRoom(name, job)) return false;
    this.#pending += 1;
    const entry = { job, sinceMs: this.#options.clock.now() };
    if (lane !== undefined) {
      lane.waiting.push(entry);
      return true;
    }
    this.#lanes.set(name, { current: null, waiting: [entry] });
    void this.#work(name);
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

  /** Takes no more jobs and begins no attempt any more; what was pending, with what is under way. */
  close(): readonly Job[] {
    this.#isClosed = true;
    return [...this.#lanes.values()].flatMap(({ current, waiting }) => [
      ...(current === null ? [] : [current]),
      ...waiting.splice(0).map(({ job }) => job),
    ]);
  }

  /** Evicts one that waits in the lane when it is full; false when it is the new one that has to go. */
  #makeRoom(name: string, job: Job): boolean {
    const lane = this.#lanes.get(name);
    const { maxPending, maxPerLane = Infinity, rank, evicted } = this.#options;
    if (this.#pending < maxPending && this.pendingIn(name) < maxPerLane) return true;
    if (rank === undefined || lane === undefined || lane.waiting.length === 0) return false;
    const lowest = Math.min(...lane.waiting.map((entry) => rank(entry.job)));
    if (rank(job) < lowest) return false;
    const [victim] = lane.waiting.splice(
      lane.waiting.findIndex((entry) => rank(entry.job) === lowest),
      1,
    );
    this.#pending -= 1;
    if (victim !== undefined) evicted?.(victim.job);
    return true;
  }

  async #work(name: string): Promise<void> {
    const lane = this.#lanes.get(name);
    for (
      let next = lane?.waiting.shift();
      lane !== undefined && next !== undefined;
      next = lane.waiting.shift()
    ) {
      lane.current = next.job;
      await this.#deliver(next);
      lane.current = null;
      this.#pending -= 1;
      const spacingMs = this.#options.spacingMs?.(next.job) ?? 0;
      if (spacingMs > 0 && lane.waiting.length > 0) await sleep(this.#options.clock, spacingMs);
    }
    this.#lanes.delete(name);
    if (this.#pending === 0) for (const done of [...this.#drained]) done();
  }

  async #deliver({ job, sinceMs }: Waiting<Job>): Promise<void> {
    const { clock, random, attempt, finished, backoff } = this.#options;
    for (let attempts = 1; !this.#isClosed; attempts++) {
      const outcome = await this.#slots.run(() => attempt(job, attempts));
      if (this.#isClosed) return;
      const delayMs =
        outcome.result === "retry" ? (outcome.afterMs ?? backoffDelay(backoff, attempts, random)) : 0;
      if (outcome.result !== "retry" || this.#isLast(attempts, clock.now() + delayMs - sinceMs)) {
        finished(job, outcome, attempts);
        return;
      }
      await sleep(clock, delayMs);
    }
  }

  #isLast(attempts: number, ageMs: number): boolean {
    const { maxAttempts, giveUpAfterMs = Infinity } = this.#options;
    return attempts >= maxAttempts || ageMs > giveUpAfterMs;
  }
}
