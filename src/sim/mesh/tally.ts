/** Entries kept of one tally; beyond it, older times are known half as finely. */
const TALLY_LIMIT = 100_000;

/** A count over time: how many there were up to each instant. */
export class Tally {
  #times: number[] = [];
  /** #totals[i]: all up to and including #times[i]. */
  #totals: number[] = [];

  add(at: number, count: number): void {
    const last = this.#times.length - 1;
    const total = (this.#totals[last] ?? 0) + count;
    if (this.#times[last] === at) {
      this.#totals[last] = total;
      return;
    }
    this.#times.push(at);
    this.#totals.push(total);
    if (this.#times.length > TALLY_LIMIT) this.#thin();
  }

  /** From `fromMs` (included) to `toMs` (not included). */
  between(fromMs: number, toMs: number): number {
    return this.#before(toMs) - this.#before(fromMs);
  }

  #before(at: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return this.#totals[low - 1] ?? 0;
  }

  #thin(): void {
    const keep = (_: number, index: number) => index % 2 === 1 || index === this.#times.length - 1;
    this.#totals = this.#totals.filter(keep);
    this.#times = this.#times.filter(keep);
  }
}

export interface Window {
  /** Absent: from the beginning. */
  readonly fromMs?: number;
  /** Absent: up to now. */
  readonly toMs?: number;
}

export function within(tally: Tally, window: Window): number {
  return tally.between(window.fromMs ?? Number.NEGATIVE_INFINITY, window.toMs ?? Number.POSITIVE_INFINITY);
}
