import { z } from "zod";
import type { EvidenceRow } from "../api/evidence.ts";

/**
 * Traces: what a run's metrics said, as JSON Lines. The first line is the header, then comes one line an interval, times
 * in seconds from the start of the run; rows at or before 0 are the primary's history. docs/guides/analysis.md has the
 * format for people.
 */
export interface Trace {
  readonly intervalMs: number;
  readonly about: string | null;
  readonly rows: readonly TraceRow[];
}

export interface TraceRow extends EvidenceRow {
  /** Percentage of requests that the canary gets; null in history. */
  readonly weight: number | null;
}

export type TraceReading =
  | { readonly ok: true; readonly trace: Trace }
  | { readonly ok: false; readonly line: number; readonly message: string };

const count = z.number("want a number").min(0, "must not be negative");

const armSchema = z
  .looseObject(
    {
      requests: count,
      errors: count,
      latencyMs: z.record(z.string(), z.number("want a number"), "want buckets, or null").nullish(),
    },
    "want an object with requests and errors, or null",
  )
  .superRefine((arm, context) => {
    const problem = armProblem(arm);
    if (problem !== null) context.addIssue({ code: "custom", ...problem });
  })
  .transform(({ requests, errors, latencyMs }) => ({
    requests,
    errors,
    latencyMs: latencyMs === undefined || latencyMs === null || isEmpty(latencyMs) ? null : latencyMs,
  }))
  .nullable();

const sampleSchema = z
  .looseObject(
    {
      canary: z.number("want a number, or null").nullish(),
      primary: z.number("want a number, or null").nullish(),
      error: z.string("want a text").optional(),
    },
    "want an object with canary and primary",
  )
  .transform(({ canary = null, primary = null, error }) => ({
    canary,
    primary,
    ...(error === undefined ? {} : { error }),
  }));

const WEIGHT = "want a percentage, 0 to 100";

const rowSchema = z
  .looseObject(
    {
      t: z.number("want seconds from the start of the run"),
      weight: z.number(WEIGHT).min(0, WEIGHT).max(100, WEIGHT).nullish(),
      canary: armSchema,
      primary: armSchema,
      own: z.record(z.string(), sampleSchema, "want an object by metric").optional(),
      error: z.string("want a text").nullish(),
    },
    "want a row: an object with t, weight, canary and primary",
  )
  .refine((row) => row.t <= 0 || typeof row.weight === "number", { path: ["weight"], message: WEIGHT });

const headerSchema = z.looseObject(
  {
    trace: z.literal(1, "want version 1"),
    intervalSeconds: z.number("want seconds").gt(0, "must be above 0"),
    about: z.string("want a text").optional(),
  },
  'want an object such as {"trace":1,"intervalSeconds":15}',
);

/** What some editors put before the first line. */
const BYTE_ORDER_MARK = "\uFEFF";

/** Reads a whole trace; stops at the first line that is wrong. Lines count from 1, blank ones are skipped. */
export function readTrace(text: string): TraceReading {
  const lines = (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).split("\n");
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first < 0) return { ok: false, line: 1, message: "the trace is empty: want a header" };
  const header = readLine(lines[first] as string, headerSchema);
  if (!header.ok) return { ok: false, line: first + 1, message: `header: ${header.message}` };
  const intervalMs = header.value.intervalSeconds * 1000;
  const rows: TraceRow[] = [];
  for (let index = first + 1; index < lines.length; index++) {
    const line = lines[index] as string;
    if (line.trim() === "") continue;
    const row = readLine(line, rowSchema);
    if (!row.ok) return { ok: false, line: index + 1, message: row.message };
    const endMs = row.value.t * 1000;
    const last = rows.at(-1);
    if (last !== undefined && endMs <= last.endMs) {
      return { ok: false, line: index + 1, message: `t: ${row.value.t} is not after ${last.endMs / 1000}` };
    }
    rows.push(toRow(row.value, endMs));
  }
  return { ok: true, trace: { intervalMs, about: header.value.about ?? null, rows } };
}

function toRow(row: z.output<typeof rowSchema>, endMs: number): TraceRow {
  return {
    endMs,
    weight: row.weight ?? null,
    canary: row.canary,
    primary: row.primary,
    own: row.own ?? {},
    ...(typeof row.error === "string" ? { error: row.error } : {}),
  };
}

type LineReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

function readLine<S extends z.ZodType>(line: string, schema: S): LineReading<z.output<S>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, message: "not JSON" };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path.join(".") ?? "";
  return { ok: false, message: `${path === "" ? "" : `${path}: `}${issue?.message ?? "malformed"}` };
}

interface RawArm {
  readonly requests: number;
  readonly errors: number;
  readonly latencyMs?: Readonly<Record<string, number>> | null | undefined;
}

/** What no type says. A source may extrapolate, hence the tolerance. */
function armProblem({ requests, errors, latencyMs }: RawArm): { path: string[]; message: string } | null {
  if (errors > requests * 1.001 + 1e-6) {
    return { path: ["errors"], message: `${errors} of ${requests} requests` };
  }
  if (latencyMs === undefined || latencyMs === null || isEmpty(latencyMs)) return null;
  const odd = Object.keys(latencyMs).find((bound) => bound !== "+Inf" && !(Number(bound) >= 0));
  if (odd !== undefined)
    return { path: ["latencyMs", odd], message: "want a bound in milliseconds, or +Inf" };
  return "+Inf" in latencyMs ? null : { path: ["latencyMs"], message: "the +Inf bucket is missing" };
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
