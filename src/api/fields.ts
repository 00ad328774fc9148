import { z } from "zod";
import { DURATION_PATTERN, parseDuration } from "../lib/duration.ts";

/** Building blocks of the schema. `meta` members whose names begin with `x-kubernetes-` are copied into the CRD. */

/** `30s`, `5m`, `1h30m`. */
export function duration(description: string): z.ZodString {
  return z
    .string()
    .min(2)
    .max(32)
    .regex(new RegExp(DURATION_PATTERN), "want a duration such as 30s, 5m or 1h30m")
    .refine((text) => parseDuration(text) !== null, "want a duration such as 30s, 5m or 1h30m")
    .describe(description);
}

/** A name as RFC 1123 allows it for most objects. */
export function objectName(description: string): z.ZodString {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "want lower-case letters, digits, '-' and '.'")
    .describe(description);
}

/** A whole percentage. */
export function percent(description: string, least = 1): z.ZodNumber {
  return z.number().int().min(least).max(100).describe(description);
}

/**
 * A map with at most so many entries: without a bound the API server takes what it would cost to check a rule on each
 * of them for endless, and refuses the CRD.
 */
export function mapOf<T extends z.ZodType>(
  values: T,
  { keys, entries }: { readonly keys: number; readonly entries: number },
): z.ZodRecord<z.ZodString, T> {
  return z
    .record(z.string().max(keys), values)
    .refine((map) => Object.keys(map).length <= entries, `want at most ${entries} entries`)
    .meta({ maxProperties: entries });
}

/** Texts by name; `keys` and `values` are the longest that there may be. */
export function textMap(most: {
  readonly keys: number;
  readonly values: number;
  readonly entries: number;
}): z.ZodRecord<z.ZodString, z.ZodString> {
  return mapOf(z.string().max(most.values), most);
}

/** Milliseconds of a duration that the schema has already accepted. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}
