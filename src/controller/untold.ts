import type { RolloutStatus } from "../api/status.ts";
import type { Decision } from "../core/decision.ts";
import { isDeepEqual } from "../lib/json.ts";

/** What was decided, and the status that it was decided from. */
export interface Attempt {
  readonly before: RolloutStatus | undefined;
  readonly decision: Decision;
}

/** So many attempts are remembered for one Rollout. */
const MAX_ATTEMPTS = 16;

/**
 * Decisions whose status may or may not have been written: the answer was lost on the way. The status that is found next
 * tells which of them came about; that one is told then, so that a bad connection swallows no transition.
 */
export class Untold {
  readonly #byKey = new Map<string, readonly Attempt[]>();

  /** The status may have been written. */
  keep(key: string, attempt: Attempt): void {
    if (!isWorthTelling(attempt)) return;
    const kept = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, [...kept.slice(1 - MAX_ATTEMPTS), attempt]);
  }

  /** The attempt that this status is of, once; null when it is none of them. */
  take(key: string, status: RolloutStatus | undefined): Attempt | null {
    const kept = this.#byKey.get(key);
    const found = kept?.find(({ decision }) => isDeepEqual(decision.status, status)) ?? null;
    if (found !== null) this.#byKey.delete(key);
    return found;
  }

  /** A newer status was written: what may have been before it is past. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }
}

function isWorthTelling({ before, decision: { events, notifications, status } }: Attempt): boolean {
  const hasEndedRun = status.history?.[0]?.id !== before?.history?.[0]?.id;
  return events.length > 0 || notifications.length > 0 || hasEndedRun;
}
