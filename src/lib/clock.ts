/** A pending timer. Cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time outside `sim`. Times are milliseconds since the Unix epoch, durations are milliseconds. */
export interface Clock {
  now(): number;
  /** Calls `fire` once, `delayMs` from now (at once, but never synchronously, when it is 0 or less). */
  setTimer(delayMs: number, fire: () => void): Timer;
}

/** Wall time. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const handle = setTimeout(fire, Math.min(Math.max(delayMs, 0), MAX_TIMEOUT_MS));
    return { cancel: () => clearTimeout(handle) };
  }
}

/** Beyond this Node's setTimeout fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Resolves when `work` has ended, in whatever way, and after `limitMs` at the latest. */
export async function within(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const settled = work.then(
    () => ended.abort(),
    () => ended.abort(),
  );
  await Promise.race([settled, sleep(clock, limitMs, ended.signal).catch(() => {})]);
}

/** An AbortSignal that aborts after `delayMs` on this clock, or with `parent`; call `release` when the work is done. */
export function deadline(
  clock: Clock,
  delayMs: number,
  options: { readonly parent?: AbortSignal | undefined; readonly reason: () => Error },
): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const timer = clock.setTimer(delayMs, () => controller.abort(options.reason()));
  const onParent = () => controller.abort(options.parent?.reason);
  if (options.parent?.aborted) onParent();
  options.parent?.addEventListener("abort", onParent, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      timer.cancel();
      options.parent?.removeEventListener("abort", onParent);
    },
  };
}
