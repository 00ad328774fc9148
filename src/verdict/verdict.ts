import type { VerdictResult } from "../api/status.ts";

/** Where the run stands from `sinceMs` on: rows that end later belong to it, until the next position. */
export interface Position {
  readonly kind: "shadow" | "step";
  /** Index of the step; 0 for shadow. */
  readonly index: number;
  /** Percentage of live requests that the canary gets; 0 while shadowing. */
  readonly weight: number;
  readonly sinceMs: number;
}

/** One metric's part of a verdict, over the current position. */
export interface MetricVerdict {
  readonly name: string;
  readonly result: VerdictResult;
  /** Canary's value as text with its unit: "99.95 %", "212 ms", "17"; null where there is none yet. */
  readonly canary: string | null;
  readonly primary: string | null;
  /** What it is held against: "min 99 %, at most 1.5 x primary". */
  readonly limit: string;
  /** One sentence with the numbers. */
  readonly reason: string;
  /** How sure it is that the canary is worse than allowed, and when it fails: "87 %, fails at 99.95 %"; null: no such test. */
  readonly confidence: string | null;
  /** What its failure does; `warn` never decides a verdict. */
  readonly onFail: "rollback" | "pause" | "warn";
}

export interface Verdict {
  readonly result: VerdictResult;
  /**
   * What must happen at once. `fail` is `rollback` or `pause`, as the metric says; `inconclusive` is `pause` when the
   * source of metrics has failed for too long; null: nothing.
   */
  readonly act: "rollback" | "pause" | null;
  /** The metric that decided a `fail`, or that is missing most for `inconclusive`; null when none in particular. */
  readonly metric: string | null;
  /** One sentence with the numbers: why, or what is missing ("62 of 100 requests"). */
  readonly reason: string;
  /** For `inconclusive`: how long it will take at the rate seen, milliseconds; null when that cannot be told. */
  readonly missingForMs: number | null;
  readonly metrics: readonly MetricVerdict[];
  /** Totals over the current position. */
  readonly canary: { readonly requests: number; readonly errors: number };
  readonly primary: { readonly requests: number; readonly errors: number };
}
