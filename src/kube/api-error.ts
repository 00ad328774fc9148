import { OperationError, type Retry } from "../lib/errors.ts";

/** The Status object of a failed request, as far as we read it. */
export interface ApiStatus {
  readonly code: number;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly details?:
    | {
        readonly name?: string;
        readonly kind?: string;
        readonly retryAfterSeconds?: number;
        readonly causes?: readonly {
          readonly reason?: string;
          readonly message?: string;
          readonly field?: string;
        }[];
      }
    | undefined;
}

/** The API server answered, and said no. */
export class ApiError extends OperationError {
  readonly code = "KubernetesApi";
  readonly status: ApiStatus;

  constructor(doing: string, status: ApiStatus, options: { readonly cause?: unknown } = {}) {
    super(`${doing}: ${status.message ?? `HTTP ${status.code}`}`, { ...options, retry: retryOf(status) });
    this.status = status;
  }
}

/** What the server would say of a write of a version that is not the newest any more. */
export function changedSinceRead(doing: string): ApiError {
  const message = "it has been changed since it was read";
  return new ApiError(doing, { code: 409, reason: "Conflict", message });
}

/** No answer from the API server: connection refused or cut, or the timeout passed. A write may have taken effect. */
export class UnreachableError extends OperationError {
  readonly code = "KubernetesUnreachable";
}

function retryOf(status: ApiStatus): Retry {
  const after = status.details?.retryAfterSeconds;
  if (after !== undefined && after > 0) return { afterMs: after * 1_000 };
  return "backoff";
}

function hasCode(error: unknown, code: number, reason?: string): boolean {
  return (
    error instanceof ApiError &&
    error.status.code === code &&
    (reason === undefined || error.status.reason === reason)
  );
}

/** The object has moved on since it was read: read again and decide again. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, 409) && !isAlreadyExists(error);
}

export function isAlreadyExists(error: unknown): boolean {
  return hasCode(error, 409, "AlreadyExists");
}

export function isNotFound(error: unknown): boolean {
  return hasCode(error, 404);
}

/** No answer, or one that tells of trouble on the way: a write may have come to pass. */
export function hasNoAnswer(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ApiError && error.status.code >= 500);
}

/** A watch or a page asked for a version that the server no longer keeps: list again. */
export function isGone(error: unknown): boolean {
  return hasCode(error, 410);
}

/** The object is not acceptable to the server (422, 400): retrying the same bytes is useless. */
export function isInvalid(error: unknown): boolean {
  return hasCode(error, 422) || hasCode(error, 400);
}

export function isForbidden(error: unknown): boolean {
  return hasCode(error, 403);
}
