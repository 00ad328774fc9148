import { WorkQueue } from "../../kube/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Logger, silentLogger } from "../../telemetry/logger.ts";
import type { Controller } from "./controller.ts";

export interface ControlLoopOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger?: Logger | undefined;
}

/** A conflict is resolved by looking again, and that is cheap here: the first retries come fast. */
const BACKOFF = { firstMs: 20, maxMs: 30_000 };
const WORKERS = 8;
/** A playground may have tens of thousands of pods. */
const MAX_KEYS = 1_000_000;
const STOP_GRACE_MS = 1_000;

/** Runs a controller: its keys through a work queue. Made before the caches fill, so that no change is missed. */
export class ControlLoop {
  readonly #queue: WorkQueue;

  constructor(controller: Controller, options: ControlLoopOptions) {
    this.#queue = new WorkQueue({
      clock: options.clock,
      random: options.random,
      logger: (options.logger ?? silentLogger).with({ controller: controller.name }),
      backoff: BACKOFF,
      workers: WORKERS,
      maxKeys: MAX_KEYS,
      handler: async (key) => {
        const afterMs = await controller.reconcile(key);
        return afterMs === null ? { kind: "done" } : { kind: "requeue", afterMs };
      },
    });
    controller.subscribe((key) => this.#queue.add(key));
  }

  /** Begins to work, once the caches know all there is. */
  start(): void {
    this.#queue.start();
  }

  /** Looks at a key again, for a reason that no cache tells. */
  add(key: string): void {
    this.#queue.add(key);
  }

  async stop(): Promise<void> {
    await this.#queue.stop(STOP_GRACE_MS);
  }
}
