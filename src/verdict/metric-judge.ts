import type { EvidenceRow } from "../api/evidence.ts";
import type { VerdictResult } from "../api/status.ts";
import type { ComparisonPlan } from "./comparison.ts";
import type { TestEvidence } from "./confidence.ts";
import type { JudgeSettings, MetricSettings } from "./judge-settings.ts";
import type { RowUse } from "./row-use.ts";

/** What the metrics of a run have in common. */

/** A row and what it may be used for. */
export interface RowContext {
  readonly row: EvidenceRow;
  readonly use: RowUse;
  /** Whether the row belongs to the current position, so that the step's totals count it. */
  readonly inPosition: boolean;
  readonly settings: JudgeSettings;
  /** Chance that a regression begins within one interval. */
  readonly hazard: number;
  /** Time since the canary first served, to the end of the row. */
  readonly servedForMs: number;
}

/** A metric that failed stays failed for the run: the same rows give the same verdict, whenever it is asked for. */
export interface Failure {
  readonly atMs: number;
  readonly reason: string;
}

/** Evidence (ln) that each test of a metric must reach; infinite where it has no such test. */
export interface Thresholds {
  readonly comparison: number;
  readonly severe: number;
  readonly limit: number;
}

/** A metric's settings with what follows from them for a whole run. */
export interface MetricPlan {
  readonly metric: MetricSettings;
  readonly thresholds: Thresholds;
  /** Null: built-in metric without baseline, or own metric. */
  readonly comparison: ComparisonPlan | null;
}

/** One metric's view of the current position. */
export interface Opinion extends View {
  /** What its tests have against the canary. */
  readonly tests: readonly TestEvidence[];
}

/** The same in words. */
export interface View {
  readonly result: VerdictResult;
  readonly canary: string | null;
  readonly primary: string | null;
  readonly limit: string;
  readonly reason: string;
}

/** Warm intervals that a comparison must have seen before it may fail, and a run before it may pass. */
export const LEAST_WARM_INTERVALS = 4;
