/** Sum with Neumaier's compensation, so that the order of the terms hardly matters. */
export function sum(values: readonly number[]): number {
  let total = 0;
  let compensation = 0;
  for (const value of values) {
    const next = total + value;
    if (Number.isFinite(next)) {
      compensation += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    }
    total = next;
  }
  return Number.isFinite(total) ? total + compensation : total;
}

/** Arithmetic mean; of parts when the sum itself would overflow. */
export function mean(values: readonly number[]): number {
  const total = sum(values);
  if (Number.isFinite(total) || values.some((value) => !Number.isFinite(value))) return total / values.length;
  return sum(values.map((value) => value / values.length));
}

/** Population variance (Welford's recurrence). */
export function variance(values: readonly number[]): number {
  let count = 0;
  let average = 0;
  let squares = 0;
  for (const value of values) {
    count += 1;
    const delta = value - average;
    average += delta / count;
    squares += delta * (value - average);
  }
  return squares / count;
}
