import type { Severity, ToldReason } from "./reasons.ts";

/** A transition of a release, as people are told of it. Texts are plain: receivers have markup of their own. */
export interface Transition {
  /** Unique within the Rollout: run and transition ("run-7/step-2-0"). */
  readonly id: string;
  readonly reason: ToldReason;
  readonly severity: Severity;
  /** When it was decided, milliseconds since the epoch. */
  readonly atMs: number;
  /** What happened: "shop/checkout: v2 rolled back at 25 %". */
  readonly title: string;
  /** Why, with numbers. */
  readonly text: string;
  /** What to do next; absent when nothing is. */
  readonly next?: string;
  /** The run that it belongs to; null out of one. */
  readonly run: RunFacts | null;
  /** What was measured; null where there is nothing to show. */
  readonly chart: EvidenceChart | null;
}

/** A run at the moment of a transition. */
export interface RunFacts {
  readonly id: number;
  readonly startedAt: string;
  readonly revision: string;
  readonly image: string;
  /** Percent. */
  readonly weight: number;
  /** What the canary gets of the requests, in words: "25 %", "requests that match". */
  readonly share: string;
  /** "2/4". */
  readonly step: string;
  /** Conversations about this run, by receiver (status.ts). */
  readonly threads: Readonly<Record<string, string>>;
}

/** One metric over a run, canary beside primary: for people to look at, no verdict is made from it. */
export interface EvidenceChart {
  /** "error rate", "latency p99", "queue-depth". */
  readonly title: string;
  /** "%", "ms", or nothing. */
  readonly unit: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** At equal distances from `fromMs` to `toMs`; null where nothing was measured. */
  readonly canary: readonly (number | null)[];
  readonly primary: readonly (number | null)[];
}
