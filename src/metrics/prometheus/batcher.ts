import type { Clock } from "../../lib/clock.ts";
import { deadline } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import type { Arm, EvidenceQuery } from "../metrics.ts";
import { armKey, connectionQueries, IncrementsByArm, latencyQuery, requestsQuery } from "./istio-query.ts";
import { type QueryClient, type Rows, rowCount } from "./query-client.ts";
import { timedOut } from "./query-failure.ts";

export interface BatchRequest {
  readonly arms: readonly Arm[];
  readonly rows: Rows;
  readonly wantsLatency: boolean;
  readonly counts: EvidenceQuery["counts"];
}

/** The increments of the arms asked for; an `error` says that one of the queries failed, so that some are missing. */
export interface BatchResult {
  readonly increments: IncrementsByArm;
  readonly error: string | null;
}

interface Batch {
  readonly rows: Rows;
  /** Whose requests are asked for. */
  readonly requestArms: Map<string, Arm>;
  readonly latencyArms: Map<string, Arm>;
  readonly connectionArms: Map<string, Arm>;
  readonly result: Promise<BatchResult>;
  /** Closes the batch to others and sends its queries. */
  readonly send: () => void;
  /** How many callers still want the result. */
  waiting: number;
  readonly abandon: AbortController;
}

export interface BatcherOptions {
  /** How long a batch stays open for others after its first request. */
  readonly windowMs: number;
  readonly timeoutMs: number;
}

/** Arms that fill a batch: keeps regular expressions to some 10 kB. */
const MAX_ARMS = 150;
/** Arms times rows that fill a batch: keeps answers to some 10 MB (twenty buckets, 40 bytes a value). */
const MAX_ARM_ROWS = 12_000;

/**
 * Puts together what several rollouts ask for about the same rows at about the same time: one query for each built-in
 * metric, however many rollouts there are. A batch is sent when its window is over or, so that nobody waits for a very
 * large answer, when it is full.
 */
export class Batcher {
  readonly #clock: Clock;
  readonly #client: QueryClient;
  readonly #options: BatcherOptions;
  readonly #open = new Map<string, Batch>();

  constructor(clock: Clock, client: QueryClient, options: BatcherOptions) {
    this.#clock = clock;
    this.#client = client;
    this.#options = options;
  }

  /** Never rejects. Resolves early, with an error, when `signal` is aborted. */
  async ask(request: BatchRequest, signal: AbortSignal): Promise<BatchResult> {
    const batch = this.#join(request);
    batch.waiting += 1;
    const aborted = Promise.withResolvers<BatchResult>();
    const onAbort = () => {
      batch.waiting -= 1;
      if (batch.waiting === 0) this.#abandon(batch, signal.reason);
      aborted.resolve({ increments: new IncrementsByArm(), error: toError(signal.reason).message });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([batch.result, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #join(request: BatchRequest): Batch {
    const key = keyOf(request.rows);
    const open = this.#open.get(key);
    const batch = open ?? this.#opened(key, request.rows);
    const counted = request.counts === "requests" ? batch.requestArms : batch.connectionArms;
    for (const arm of request.arms) {
      counted.set(armKey(arm), arm);
      if (request.wantsLatency) batch.latencyArms.set(armKey(arm), arm);
    }
    if (counted.size >= mostArms(request.rows)) batch.send();
    return batch;
  }

  #opened(key: string, rows: Rows): Batch {
    const closed = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(this.#options.windowMs, () => batch.send());
    const batch: Batch = {
      rows,
      requestArms: new Map(),
      latencyArms: new Map(),
      connectionArms: new Map(),
      waiting: 0,
      abandon: new AbortController(),
      result: closed.promise.then(() => this.#run(batch)),
      send: () => {
        timer.cancel();
        if (this.#open.get(key) === batch) this.#open.delete(key);
        closed.resolve();
      },
    };
    this.#open.set(key, batch);
    return batch;
  }

  /** Nobody waits any more: what runs is stopped, and who comes now gets a batch of its own. */
  #abandon(batch: Batch, reason: unknown): void {
    batch.abandon.abort(reason);
    batch.send();
  }

  async #run(batch: Batch): Promise<BatchResult> {
    const { timeoutMs } = this.#options;
    const limit = deadline(this.#clock, timeoutMs, {
      parent: batch.abandon.signal,
      reason: () => timedOut(timeoutMs),
    });
    const increments = new IncrementsByArm();
    const { stepMs } = batch.rows;
    const query = (text: string) => this.#client.run(text, batch.rows, limit.signal);
    const outcomes = await Promise.allSettled([
      asked(batch.requestArms, async (arms) =>
        increments.addRequests(await query(requestsQuery(arms, stepMs))),
      ),
      asked(batch.latencyArms, async (arms) =>
        increments.addLatency(await query(latencyQuery(arms, stepMs))),
      ),
      asked(batch.connectionArms, async (arms) => {
        const { opened, closed, bytes } = connectionQueries(arms, stepMs);
        increments.addConnections(...(await Promise.all([query(opened), query(closed), query(bytes)])));
      }),
    ]);
    limit.release();
    const errors = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [toError(outcome.reason).message] : [],
    );
    return { increments, error: errors.length === 0 ? null : [...new Set(errors)].join("; ") };
  }
}

/** Nothing is asked where nobody wants to know. */
async function asked(
  arms: ReadonlyMap<string, Arm>,
  ask: (arms: readonly Arm[]) => Promise<void>,
): Promise<void> {
  if (arms.size > 0) await ask([...arms.values()]);
}

function keyOf({ fromMs, toMs, stepMs }: Rows): string {
  return `${fromMs}/${toMs}/${stepMs}`;
}

/** How many arms fill a batch. */
function mostArms(rows: Rows): number {
  return Math.max(1, Math.min(MAX_ARMS, Math.floor(MAX_ARM_ROWS / rowCount(rows))));
}
