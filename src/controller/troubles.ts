import type { Trouble } from "../core/snapshot.ts";

interface Kept extends Trouble {
  /** The last one was to take requests from the canary. */
  readonly isUrgent: boolean;
}

/** What fails for so long is no accident, and no race: people are told by a condition. */
const TOLERATED_MS = 2_000;

/** Rollouts whose passes fail: since when, and why. */
export class Troubles {
  readonly #byKey = new Map<string, Kept>();

  /** Tells whether it has gone on for long enough to be told. */
  failed(key: string, message: string, nowMs: number, isUrgent: boolean): boolean {
    const { sinceMs = nowMs } = this.#byKey.get(key) ?? {};
    this.#byKey.set(key, { sinceMs, message, isUrgent });
    return nowMs - sinceMs >= TOLERATED_MS;
  }

  over(key: string): void {
    this.#byKey.delete(key);
  }

  of(key: string): Kept | null {
    return this.#byKey.get(key) ?? null;
  }

  clear(): void {
    this.#byKey.clear();
  }

  get size(): number {
    return this.#byKey.size;
  }
}
