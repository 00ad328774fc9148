/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts, whatever `promise` then does. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** The events until the signal aborts, which ends them like their own end, even when the source hangs. */
export async function* abortableEvents<T>(events: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  const iterator = events[Symbol.asyncIterator]();
  // One listener for the stream, not one for each event.
  let giveUp: (reason: unknown) => void = () => {};
  const onAbort = () => giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const nextEvent = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      giveUp = reject;
      iterator.next().then(resolve, reject);
    });
  try {
    while (signal?.aborted !== true) {
      const next = await nextEvent();
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Not awaited: a source that hangs in next() would hang here too.
    iterator.return?.().catch(() => {});
  }
}
