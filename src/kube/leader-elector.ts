import { type Clock, sleep, type Timer } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { isAlreadyExists, isConflict, isNotFound } from "./api-error.ts";
import type { Client } from "./client.ts";
import type { Lease } from "./kind/cluster.ts";
import { holderOf, newLease, released, renewed, taken } from "./lease-record.ts";
import { LeaseWatch } from "./lease-watch.ts";
import type { ObjectKey } from "./object.ts";
import { LEASE } from "./resources.ts";

/** One time of leading. `number` rises with every change of hands: of two terms the greater is the later. */
export interface Term {
  readonly number: number;
  readonly identity: string;
}

export interface LeaderElectorOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly lease: ObjectKey;
  /** Names this process, and no other that ever was: a pod name is not enough, its container may restart. */
  readonly identity: string;
  /** A holder that has not renewed for so long has lost the lease. Whole seconds. */
  readonly durationMs?: number;
  /** A leader that has not managed to renew for so long stops; less than `durationMs` by what a write may take. */
  readonly renewDeadlineMs?: number;
  /** Between two attempts to renew or to acquire. */
  readonly retryMs?: number;
  readonly logger?: Logger;
  readonly onElected?: (term: Term) => void;
  /** Called when this process may no longer write; it goes on as a candidate. */
  readonly onDeposed?: (reason: string) => void;
}

const DEFAULTS = {
  durationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
  logger: silentLogger,
  onElected: () => {},
  onDeposed: () => {},
};

interface Reign {
  readonly term: Term;
  lease: Lease;
  /** When the request began that last renewed the lease: what others have seen is later than this. */
  renewedAt: number;
  /** Ends the reign when no renewal succeeds; counts in real time, whatever the wall clock does. */
  deadline: Timer;
}

/**
 * Leader election over a Lease, as client-go does it, with the clocks distrusted on both sides: a candidate waits out the
 * lease by its own timers (LeaseWatch), and a leader believes in itself only until `renewDeadlineMs` after the start of its
 * last renewal, by timer and by clock. The time between that and `durationMs` is for writes under way.
 */
export class LeaderElector {
  readonly #options: Required<LeaderElectorOptions>;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #watch: LeaseWatch;
  #reign: Reign | null = null;
  #holder = "";
  #problem: string | null = null;
  #running: Promise<void> | null = null;

  constructor(options: LeaderElectorOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#logger = this.#options.logger.with({ identity: options.identity });
    this.#watch = new LeaseWatch(this.#options.durationMs);
  }

  /** Whether this process may write now. To be asked right before every write. */
  isLeader(): boolean {
    return this.writableMs() > 0;
  }

  /** How long a write that begins now may take before another process may lead; 0: this one does not lead. */
  writableMs(): number {
    if (this.#reign === null) return 0;
    const elapsedMs = this.#options.clock.now() - this.#reign.renewedAt;
    // A clock that was set back tells nothing any more, until the next renewal.
    if (elapsedMs < 0 || elapsedMs >= this.#options.renewDeadlineMs) return 0;
    return this.#options.durationMs - elapsedMs;
  }

  /** The present term; null while another leads. */
  get term(): Term | null {
    return this.#reign?.term ?? null;
  }

  /** Who leads, as far as known; "" for nobody. */
  get holder(): string {
    return this.#holder;
  }

  /** Why the Lease could not be read or written at the last attempt; null while it can. */
  get problem(): string | null {
    return this.#problem;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Gives the lease back when it is ours, so that the next leader need not wait. The caller has ceased to write. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("leader election stopped"));
    await this.#running;
    const reign = this.#reign;
    this.#end();
    if (reign !== null) await this.#release(reign);
  }

  async #release(reign: Reign): Promise<void> {
    const { client, clock, lease: key } = this.#options;
    try {
      // Read first: the answer to a last renewal may have been cut off by the stop.
      const lease = await client.get(LEASE, key);
      if (holderOf(lease) !== reign.term.identity) return;
      await client.update(LEASE, released(lease, clock.now()));
      this.#holder = "";
    } catch (error) {
      this.#logger.warn("lease not released, it will expire", { error: toError(error) });
    }
  }

  async #run(): Promise<void> {
    let sleptMs = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        if (this.#reign === null) await this.#tryToAcquire(sleptMs);
        else await this.#renew(this.#reign);
        this.#problem = null;
      } catch (error) {
        if (!this.#stopping.signal.aborted) {
          this.#problem = toError(error).message;
          this.#logger.warn("lease not reached", { error: toError(error), isLeader: this.isLeader() });
        }
      }
      sleptMs = this.#pauseMs();
      await sleep(this.#options.clock, sleptMs, this.#stopping.signal).catch(() => {});
    }
  }

  /** A candidate looks again when the lease may have expired, or after the usual time. */
  #pauseMs(): number {
    const { retryMs, random } = this.#options;
    const usualMs = retryMs * (1 + 0.1 * random());
    const remainingMs = this.#watch.remainingMs;
    return this.#reign === null && remainingMs > 0 ? Math.min(usualMs, remainingMs) : usualMs;
  }

  async #tryToAcquire(sleptMs: number): Promise<void> {
    const { client, clock, lease: key } = this.#options;
    const lease = await this.#read();
    this.#watch.see(lease, sleptMs);
    this.#holder = holderOf(lease);
    const isOurs = lease !== null && this.#holder === this.#options.identity;
    const { remainingMs } = this.#watch;
    if (lease === null && remainingMs === this.#options.durationMs)
      this.#logger.info("there is no lease; it is made unless a leader comes forward", { remainingMs });
    if (remainingMs > 0 && !isOurs) return;
    const startedAt = clock.now();
    try {
      const won =
        lease === null
          ? await client.create(LEASE, newLease(key, this.#claim()), this.#call())
          : await client.update(LEASE, taken(lease, this.#claim()), this.#call());
      this.#begin(won, startedAt);
    } catch (error) {
      // Another candidate was faster.
      if (!isConflict(error) && !isAlreadyExists(error)) throw error;
    }
  }

  async #renew(reign: Reign): Promise<void> {
    if (await this.#renewOnce(reign)) return;
    const lease = await this.#read();
    // It may have ended while the answer was on its way.
    if (this.#reign !== reign) return;
    if (lease === null) await this.#remake(reign);
    else if (this.#recognises(reign, lease)) await this.#renewOnce(reign);
  }

  /** False: the lease is not as we left it, or not there: the uid in it makes a conflict of that as well. */
  async #renewOnce(reign: Reign): Promise<boolean> {
    const startedAt = this.#options.clock.now();
    try {
      const lease = await this.#options.client.update(
        LEASE,
        renewed(reign.lease, this.#claim()),
        this.#call(),
      );
      this.#prolong(reign, lease, startedAt);
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** Somebody has deleted the lease. Others wait out its duration before they make one; the leader need not. */
  async #remake(reign: Reign): Promise<void> {
    const { client, clock, lease: key } = this.#options;
    const startedAt = clock.now();
    try {
      const lease = newLease(key, this.#claim(), reign.term.number);
      this.#prolong(reign, await client.create(LEASE, lease, this.#call()), startedAt);
      this.#logger.warn("the lease was deleted, and is made again", { term: reign.term.number });
    } catch (error) {
      // Made by another, or by a request of ours that had no answer: the next attempt to renew it looks.
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** Somebody has written the lease: a person with a label, we ourselves in a request without answer, or another holder. */
  #recognises(reign: Reign, lease: Lease): boolean {
    this.#holder = holderOf(lease);
    if (this.#holder === reign.term.identity) {
      reign.lease = lease;
      return true;
    }
    this.#depose(reign, `${this.#holder || "nobody"} holds the lease`);
    return false;
  }

  async #read(): Promise<Lease | null> {
    try {
      return await this.#options.client.get(LEASE, this.#options.lease, this.#call());
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  #begin(lease: Lease, startedAt: number): void {
    const { identity, renewDeadlineMs, clock } = this.#options;
    const elapsedMs = clock.now() - startedAt;
    if (elapsedMs >= renewDeadlineMs || this.#stopping.signal.aborted) {
      // Too late to be of use. It is ours by name, and the next attempt takes it up again.
      return;
    }
    const term = { number: lease.spec?.leaseTransitions ?? 0, identity };
    const reign: Reign = { term, lease, renewedAt: startedAt, deadline: { cancel: () => {} } };
    this.#reign = reign;
    this.#holder = identity;
    this.#prolong(reign, lease, startedAt);
    this.#logger.info("elected", { term: term.number });
    this.#options.onElected(term);
  }

  #prolong(reign: Reign, lease: Lease, startedAt: number): void {
    // The deadline may have passed while the answer was on its way: what has ended does not begin again.
    if (this.#reign !== reign) return;
    const { clock, renewDeadlineMs } = this.#options;
    reign.lease = lease;
    reign.renewedAt = startedAt;
    reign.deadline.cancel();
    const leftMs = renewDeadlineMs - Math.max(0, clock.now() - startedAt);
    reign.deadline = clock.setTimer(leftMs, () => {
      this.#depose(reign, `the lease could not be renewed for ${renewDeadlineMs} ms`);
    });
  }

  #depose(reign: Reign, reason: string): void {
    if (this.#reign !== reign) return;
    this.#end();
    this.#logger.warn("deposed", { reason, term: reign.term.number });
    this.#options.onDeposed(reason);
  }

  #end(): void {
    this.#reign?.deadline.cancel();
    this.#reign = null;
    this.#watch = new LeaseWatch(this.#options.durationMs);
  }

  #claim() {
    const { identity, durationMs, clock } = this.#options;
    return { identity, durationMs, nowMs: clock.now() };
  }

  #call() {
    return { signal: this.#stopping.signal };
  }
}
