/** How an operation that failed may be tried again. */
export type Retry = "backoff" | "never" | { readonly afterMs: number };

/**
 * Something outside failed: an API call, a query, a delivery. Expected outcomes (a limit passed, no data yet) are
 * values, not errors; programmer errors are AssertionErrors. Messages read "doing what to which object: what happened".
 */
export abstract class OperationError extends Error {
  abstract readonly code: string;
  readonly retry: Retry;

  constructor(message: string, options: { readonly cause?: unknown; readonly retry?: Retry } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.retry = options.retry ?? "backoff";
  }
}

/** The caught value as an Error, whatever was thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
