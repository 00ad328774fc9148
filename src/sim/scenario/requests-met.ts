import { z } from "zod";
import type { GroundTruth } from "../mesh/ground-truth.ts";
import { count, name, share, strict } from "./fields.ts";

const shareRange = z
  .union([
    share("Exactly this much.").transform((exact) => ({ min: exact, max: exact })),
    strict({ min: share("At least.").default(0), max: share("At most.").default(1) }),
  ])
  .refine(({ min, max }) => min <= max, "want min not above max");

/** Where a part of the requests went while a canary had its place in the routes. */
export const requestsMetSchema = strict({
  of: name("Traffic of this name. Absent: all.").optional(),
  method: name("Requests with this method. Absent: all.").optional(),
  stage: z
    .enum(["Shadow", "Step", "Shifting", "Promoting"], "want Shadow, Step, Shifting or Promoting")
    .describe("While the run was in this stage. Absent: in all of them.")
    .optional(),
  weight: z.number().min(0).max(100).describe("While the canary's weight was this.").optional(),
  toCanary: shareRange.describe("Share of live requests that canary pods got.").optional(),
  newToCanary: shareRange
    .describe("Share of clients without a cookie whom the canary served first.")
    .optional(),
  mirrored: count("Copies of requests that canary pods got, at most.").optional(),
  mirroredAtLeast: count("Copies of requests that canary pods got, at least.").optional(),
});

export type RequestsMet = z.output<typeof requestsMetSchema>;

/** A time in which the run stood still as far as routes are concerned. */
export interface Spell {
  readonly stage: string;
  readonly weight: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was counted for one expectation. */
export interface MetCounts {
  readonly canary: number;
  readonly primary: number;
  readonly mirrored: number;
  readonly newToCanary: number;
  readonly newToPrimary: number;
}

export interface MetParts {
  readonly truth: GroundTruth;
  readonly namespace: string;
  readonly canary: string;
  readonly primary: string;
  readonly spells: readonly Spell[];
  /** What every proxy takes to learn of a change. */
  readonly settleMs: number;
}

/** Counts what was sent in the spells that are meant, once all proxies knew of them. */
export function countMet(expected: RequestsMet, parts: MetParts): MetCounts {
  const { truth, namespace, canary, primary } = parts;
  const windows = parts.spells
    .filter(
      ({ stage, weight }) => (expected.stage ?? stage) === stage && (expected.weight ?? weight) === weight,
    )
    .map(({ fromMs, toMs }) => ({ fromMs: fromMs + parts.settleMs, toMs }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  const sum = (counting: (window: { fromMs: number; toMs: number }) => number) =>
    windows.reduce((total, window) => total + counting(window), 0);
  const origin = {
    namespace,
    ...(expected.of === undefined ? {} : { source: expected.of }),
    ...(expected.method === undefined ? {} : { method: expected.method }),
  };
  const sent = (workload: string, use: "live" | "mirror") =>
    sum((window) => truth.requestsTo({ ...origin, workload, use, ...window }));
  const newTo = (workload: string) =>
    sum((window) => truth.clients.firstServed({ namespace, workload }, window));
  return {
    canary: sent(canary, "live"),
    primary: sent(primary, "live"),
    mirrored: sent(canary, "mirror"),
    newToCanary: newTo(canary),
    newToPrimary: newTo(primary),
  };
}

/** A sentence for everything that is not as expected. */
export function unmetRequests(expected: RequestsMet, met: MetCounts): readonly string[] {
  const { toCanary, newToCanary, mirrored, mirroredAtLeast } = expected;
  return [
    outside(toCanary, met.canary, met.primary, "requests went to the canary"),
    outside(newToCanary, met.newToCanary, met.newToPrimary, "new clients were served by the canary first"),
    mirrored === undefined || met.mirrored <= mirrored
      ? null
      : `${met.mirrored} were mirrored, expected ${mirrored} at most`,
    mirroredAtLeast === undefined || met.mirrored >= mirroredAtLeast
      ? null
      : `${met.mirrored} were mirrored, expected ${mirroredAtLeast} at least`,
  ]
    .filter((problem) => problem !== null)
    .map((problem) => `requests${whichText(expected)}: ${problem}`);
}

function outside(
  range: { readonly min: number; readonly max: number } | undefined,
  canary: number,
  primary: number,
  what: string,
): string | null {
  if (range === undefined) return null;
  const all = canary + primary;
  if (all === 0) return `there were none, so none of the ${what}`;
  const actual = canary / all;
  if (actual >= range.min && actual <= range.max) return null;
  const wanted =
    range.min === range.max ? percent(range.min) : `${percent(range.min)} to ${percent(range.max)}`;
  return `${canary} of ${all} ${what} (${percent(actual)}), expected ${wanted}`;
}

function whichText({ of, method, stage, weight }: RequestsMet): string {
  const parts = [
    method,
    of === undefined ? undefined : `of ${of}`,
    stage === undefined ? undefined : `in stage ${stage}`,
    weight === undefined ? undefined : `at weight ${weight}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "" : ` (${parts.join(" ")})`;
}

function percent(part: number): string {
  return `${Number((100 * part).toFixed(2))} %`;
}
