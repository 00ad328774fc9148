import type { Finding } from "../../api/preflight.ts";
import { type SplitSettings, splitSettings } from "../routes.ts";
import type { PreflightView } from "../view.ts";

/** RFC 9110, 9.2.2. */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/** Conditions under which a request is sent again that may have been carried out. */
const AFTER_ERRORS = ["5xx", "gateway-error", "retriable-status-codes"];

/**
 * A try that failed with 5xx is repeated: the charge is made twice, and the error is not seen by callers. Istio's own
 * default (no `retries`, or none that says `retryOn`) has no such condition since 1.24.
 */
export function retryOnErrors(view: PreflightView): readonly Finding[] {
  return splitSettings(view).flatMap(({ object, field, title, retries, match }) => {
    const { attempts = 2, retryOn = "" } = retries ?? {};
    const conditions = retryOn.split(",").map((it) => it.trim());
    const bad = conditions.filter((it) => AFTER_ERRORS.includes(it) || /^5\d\d$/.test(it));
    if (attempts === 0 || bad.length === 0 || takesIdempotentAlone(match)) return [];
    const safe = conditions.filter((it) => !bad.includes(it)).join(",");
    return [
      {
        check: "retry-on-errors",
        severity: "warns",
        object,
        field: `${field}.retries.retryOn`,
        what: `repeats requests on ${bad.join(", ")} (${title}), up to ${attempts} times, whatever their method`,
        why: "a POST that failed may have been carried out, and is carried out again; and callers see fewer of a canary's errors than there are",
        fix: `Let retryOn be ${safe === "" ? "connect-failure,refused-stream" : safe}, or give GET a route of its own`,
      },
    ];
  });
}

function takesIdempotentAlone(match: SplitSettings["match"]): boolean {
  return (
    match.length > 0 &&
    match.every(({ method }) => {
      const { exact, regex } = (method ?? {}) as { readonly exact?: string; readonly regex?: string };
      const named = exact === undefined ? (regex ?? "").replace(/[()^$]/g, "").split("|") : [exact];
      return named.every((it) => IDEMPOTENT.includes(it));
    })
  );
}
