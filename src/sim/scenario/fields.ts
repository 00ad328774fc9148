import { z } from "zod";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { DURATION_PATTERN, parseDuration } from "../../lib/duration.ts";
import type { MeshLag, Range } from "../mesh/lag.ts";

/** An object with these members and no others; a key that it does not know is answered with those that it does. */
export function strict<T extends z.core.$ZodLooseShape>(shape: T, want?: string) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return want ?? `want an object with ${known.join(", ")}`;
      return (issue.keys ?? []).map((key) => unknownKey(key, known)).join("; ");
    },
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  const hint = meant === null ? "" : `did you mean ${meant}? `;
  return `${key} is not a known key; ${hint}known here: ${known.join(", ")}`;
}

const WANT_DURATION = "want a duration such as 250ms, 30s or 1h30m";

/** `30s`, `1m30s`, also `1.5s` and a plain 0. Milliseconds in the output. */
export function duration(description: string) {
  return z
    .union([z.string(), z.literal(0)], { error: WANT_DURATION })
    .transform((text, context) => {
      const ms = text === 0 ? 0 : milliseconds(text);
      if (ms !== null) return ms;
      context.addIssue({ code: "custom", message: WANT_DURATION });
      return z.NEVER;
    })
    .describe(description);
}

function milliseconds(text: string): number | null {
  if (new RegExp(DURATION_PATTERN).test(text)) return parseDuration(text);
  const fraction = /^(\d+\.\d+)(ms|s|m|h)$/.exec(text);
  const unitMs = fraction === null ? null : parseDuration(`1${fraction[2]}`);
  return unitMs === null ? null : Math.round(Number(fraction?.[1]) * unitMs);
}

const WANT_RANGE = "want a duration such as 500ms, or two such as [0s, 5s] to draw from";

const range = z
  .union([duration("For every proxy."), z.tuple([duration("At least."), duration("At most.")])], {
    error: WANT_RANGE,
  })
  .transform((value) => (typeof value === "number" ? ([value, value] as const) : value))
  .refine(([minMs, maxMs]) => minMs <= maxMs, "want the shorter one first")
  .transform(([minMs, maxMs]): Range => ({ minMs, maxMs }));

const rangesByKind = strict(
  { routes: range.optional(), endpoints: range.optional() },
  `${WANT_RANGE}; or { routes: ..., endpoints: ... }`,
);

/** What is not said of routes or of endpoints is half a second. */
const USUAL: Range = { minMs: 500, maxMs: 500 };

/** `500ms`, `[0s, 5s]`, `{ routes: [0s, 60s], endpoints: 1s }`. */
export const lag = z
  .preprocess((value) => {
    const isByKind = typeof value === "object" && value !== null && !Array.isArray(value);
    return isByKind ? value : { routes: value, endpoints: value };
  }, rangesByKind)
  .transform(({ routes = USUAL, endpoints = USUAL }): MeshLag => ({ routes, endpoints }))
  .describe("How long changes take to reach proxies; each proxy's own delay is drawn from the range.");

const WANT_SHARE = "want a share from 0 to 1, or a percentage such as 5%";

/** 0.05 or `5%`; 0 to 1 in the output. */
export function share(description: string) {
  return z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)?%$/)], { error: WANT_SHARE })
    .transform((value) => (typeof value === "number" ? value : Number.parseFloat(value) / 100))
    .refine((value) => value >= 0 && value <= 1, WANT_SHARE)
    .describe(description);
}

/** How many; a whole number from 0. */
export function count(description: string) {
  return z.int("want a whole number").min(0, "want 0 or more").max(1_000_000_000).describe(description);
}

/** What p99 is to p50, where only one is given. */
const USUAL_TAIL = 5;

const points = strict({
  p50: duration("Half of the requests take at most this long.").optional(),
  p99: duration("99 of 100 requests take at most this long.").optional(),
}).transform(({ p50, p99 }, context) => {
  const p50Ms = p50 ?? (p99 ?? 0) / USUAL_TAIL;
  const p99Ms = p99 ?? p50Ms * USUAL_TAIL;
  if (p50Ms > 0 && p99Ms >= p50Ms) return { p50Ms, p99Ms };
  context.addIssue({ code: "custom", message: "want p50 above 0 and p99 not below p50" });
  return z.NEVER;
});

/** Log-normal through `{ p50, p99 }`; one duration means the p50. */
export const latency = z
  .preprocess((value) => (typeof value === "string" ? { p50: value } : value), points)
  .describe("Latency of answers, log-normal: p50 and p99. One alone implies the other, five times apart.");

export const name = (description: string) =>
  z.string("want a name").min(1, "want a name").max(253).describe(description);
