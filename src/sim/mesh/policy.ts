import { parseDuration } from "../../lib/duration.ts";
import type { HttpFault, HttpRetry } from "./istio.ts";

/** What Envoy's retry conditions come down to here: an attempt ends in one of these ways. */
export type AttemptEnd = "connect-failure" | "reset" | "timeout" | number;

export interface RetryPolicy {
  /** Further tries after the first. */
  readonly attempts: number;
  readonly perTryTimeoutMs: number | null;
  /** Whether a try that ended so may be followed by another one. */
  readonly retries: (end: AttemptEnd) => boolean;
}

export interface FaultPolicy {
  /** Shares are 0 to 1. */
  readonly abort: { readonly share: number; readonly status: number } | null;
  readonly delay: { readonly share: number; readonly delayMs: number } | null;
}

/** Istio's default when a route names no retries (pilot/pkg/networking/core/route/retry, since Istio 1.24). */
const DEFAULT_RETRY: HttpRetry = {
  attempts: 2,
  retryOn: "connect-failure,refused-stream,unavailable,cancelled",
};

export const NO_RETRY: RetryPolicy = { attempts: 0, perTryTimeoutMs: null, retries: () => false };

type Condition = (end: AttemptEnd) => boolean;

const isStatus = (test: (status: number) => boolean): Condition => {
  return (end) => typeof end === "number" && test(end);
};

/** Envoy's x-envoy-retry-on values. Those for gRPC status codes never apply to HTTP requests. */
const CONDITIONS: Readonly<Record<string, Condition>> = {
  "5xx": (end) => typeof end !== "number" || end >= 500,
  "gateway-error": (end) => typeof end !== "number" || (end >= 502 && end <= 504),
  reset: (end) => typeof end !== "number",
  "reset-before-request": (end) => end === "connect-failure" || end === "reset",
  "connect-failure": (end) => end === "connect-failure",
  "refused-stream": (end) => end === "connect-failure",
  "retriable-4xx": isStatus((status) => status === 409),
  "retriable-status-codes": isStatus((status) => status === 503),
};

export function retryPolicy(retry: HttpRetry | undefined): RetryPolicy {
  const { attempts = 2, perTryTimeout, retryOn = DEFAULT_RETRY.retryOn } = retry ?? DEFAULT_RETRY;
  const conditions = (retryOn ?? "")
    .split(",")
    .map((name) => conditionNamed(name.trim()))
    .filter((condition) => condition !== null);
  return {
    attempts,
    perTryTimeoutMs: timeoutMs(perTryTimeout),
    retries: (end) => attempts > 0 && conditions.some((condition) => condition(end)),
  };
}

/** Istio accepts status codes between the names; unknown names have no effect. */
function conditionNamed(name: string): Condition | null {
  if (/^\d{3}$/.test(name)) return isStatus((status) => status === Number(name));
  return CONDITIONS[name] ?? null;
}

export function faultPolicy(fault: HttpFault | undefined): FaultPolicy {
  const { abort, delay } = fault ?? {};
  const status = abort?.httpStatus;
  const delayMs = timeoutMs(delay?.fixedDelay);
  return {
    abort: status === undefined ? null : { share: (abort?.percentage?.value ?? 0) / 100, status },
    delay: delayMs === null ? null : { share: (delay?.percentage?.value ?? 0) / 100, delayMs },
  };
}

/** null: no timeout. Istio reads 0s as none. */
export function timeoutMs(text: string | undefined): number | null {
  const parsed = text === undefined ? null : parseGoDuration(text);
  return parsed === null || parsed === 0 ? null : parsed;
}

/** Go's durations allow fractions (`1.5s`), ours do not. */
function parseGoDuration(text: string): number | null {
  const fraction = /^(\d+\.\d+)(ms|s|m|h)$/.exec(text);
  if (fraction === null) return parseDuration(text);
  const unitMs = parseDuration(`1${fraction[2]}`);
  return unitMs === null ? null : Number(fraction[1]) * unitMs;
}
