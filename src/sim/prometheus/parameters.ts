import { parsePromDuration } from "../promql/literal.ts";

/** A request that makes no sense: HTTP 400, errorType bad_data. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
}

export function required(params: URLSearchParams, name: string): string {
  return params.get(name) ?? "";
}

/** Milliseconds of a time parameter: Unix seconds, or RFC 3339. */
export function timeParameter(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? "";
  const timeMs = /^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)
    ? Math.round(Number(text) * 1_000)
    : rfc3339(text);
  if (timeMs !== null && Number.isFinite(timeMs)) return timeMs;
  throw new ApiFailure(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`);
}

/** Null when the parameter is missing. */
export function optionalTime(params: URLSearchParams, name: string): number | null {
  return params.get(name) ? timeParameter(params, name) : null;
}

/** Milliseconds of a duration: seconds, or `1m30s`. More than zero. */
export function positiveDuration(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? "";
  const durationMs = /^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)
    ? Math.round(Number(text) * 1_000)
    : parsePromDuration(text);
  if (durationMs === null) {
    throw new ApiFailure(`invalid parameter "${name}": cannot parse "${text}" to a valid duration`);
  }
  if (durationMs <= 0) {
    throw new ApiFailure(
      `invalid parameter "${name}": zero or negative query resolution step widths are not accepted. Try a positive integer`,
    );
  }
  return durationMs;
}

function rfc3339(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return null;
  return Date.parse(text);
}
