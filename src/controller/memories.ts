import type { Decision } from "../core/decision.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** What of earlier passes a decision is made from. */
export type Memory = Pick<Snapshot, "judge" | "seen">;

const NOTHING: Memory = { judge: null, seen: null };

/** What has been learnt, by Rollout. Core lets go of it at rest, so it cannot grow beyond what is under way. */
export class Memories {
  readonly #byKey = new Map<string, Memory & { readonly runId: number | undefined }>();

  /** The judge of this very run, none when it has to begin anew; traffic is the Rollout's, whatever the run. */
  get(key: string, runId: number | undefined): Memory {
    const kept = this.#byKey.get(key);
    if (kept === undefined) return NOTHING;
    return { judge: kept.runId === runId ? kept.judge : null, seen: kept.seen };
  }

  keep(key: string, { judge, seen, status }: Decision): void {
    if (judge === null && seen === null) this.#byKey.delete(key);
    else this.#byKey.set(key, { judge, seen, runId: status.run?.id });
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  clear(): void {
    this.#byKey.clear();
  }

  get size(): number {
    return this.#byKey.size;
  }
}
