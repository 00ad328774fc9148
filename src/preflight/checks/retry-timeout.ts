import type { Finding } from "../../api/preflight.ts";
import { formatDuration, parseDuration } from "../../lib/duration.ts";
import { splitSettings } from "../routes.ts";
import type { PreflightView } from "../view.ts";

/** All tries that are asked for must have the time that they are given. */
export function retryTimeout(view: PreflightView): readonly Finding[] {
  return splitSettings(view).flatMap(({ object, field, title, retries, timeout }) => {
    const { attempts = 0, perTryTimeout } = retries ?? {};
    const tryMs = parseDuration(perTryTimeout ?? "") ?? 0;
    const wholeMs = parseDuration(timeout ?? "") ?? 0;
    if (wholeMs === 0 || tryMs * attempts <= wholeMs) return [];
    return [
      {
        check: "retry-timeout",
        severity: "warns",
        object,
        field: `${field}.retries.perTryTimeout`,
        what: `gives ${attempts} retries ${perTryTimeout} each (${title}), ${formatDuration(tryMs * attempts)} in all, within a timeout of ${timeout}`,
        why: "later tries are cut short, so that a slow canary shows as timeouts of whole requests",
        fix: `Let timeout be ${formatDuration(tryMs * (attempts + 1))} (the first try counts too), or perTryTimeout ${formatDuration(Math.max(1, Math.floor(wholeMs / (attempts + 1))))}`,
      },
    ];
  });
}
