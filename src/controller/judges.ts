import type { JudgeMemory } from "../core/judging.ts";

/** What judges have learnt, by Rollout and run. At most one a Rollout, and none at rest, so it cannot grow unbounded. */
export class Judges {
  readonly #byKey = new Map<string, { readonly runId: number; readonly judge: JudgeMemory }>();

  /** The judge of this very run; null when it has to begin anew. */
  get(key: string, runId: number | undefined): JudgeMemory | null {
    const kept = this.#byKey.get(key);
    return kept !== undefined && kept.runId === runId ? kept.judge : null;
  }

  keep(key: string, runId: number | undefined, judge: JudgeMemory | null): void {
    if (judge === null || runId === undefined) this.#byKey.delete(key);
    else this.#byKey.set(key, { runId, judge });
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
