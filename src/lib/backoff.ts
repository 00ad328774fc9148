/** Exponential backoff: `firstMs`, doubled with each failure, at most `maxMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The delay before try number `failures` + 1 (failures from 1), drawn between half and the whole of the exponential
 * value, so that many clients do not come back at the same instant. `random` is uniform in [0, 1).
 */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
  return full * (0.5 + 0.5 * random());
}
