import type { ArmCounts } from "./evidence.ts";
import type { OutcomeReason } from "./reasons.ts";
import type { RolloutSpec } from "./spec.ts";
import type { WebhookType } from "./spec-gates.ts";

/** Flagger's names. They are what `kubectl get` shows and what `kubectl wait` and dashboards match. */
export const PHASES = [
  "Initializing",
  "Initialized",
  "Waiting",
  "Progressing",
  "WaitingPromotion",
  "Promoting",
  "Finalising",
  "Succeeded",
  "Failed",
] as const;

export type Phase = (typeof PHASES)[number];

export type ConditionType = "Accepted" | "Preflight" | "Progressing" | "Promoted" | "Ready";

export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** A revision of the target, named as its ReplicaSet is. */
export interface RevisionRef {
  /** pod-template-hash. */
  readonly revision: string;
  readonly images: readonly string[];
}

export type VerdictResult = "pass" | "fail" | "inconclusive";

export interface VerdictStatus {
  readonly result: VerdictResult;
  /** The metric that decided; absent when none did. */
  readonly metric?: string;
  /** One sentence with the numbers. */
  readonly reason: string;
  readonly at: string;
}

/** Where a run stands; finer than the phase. */
export type Stage =
  /** Webhooks are asked whether it may begin: nothing is scaled, nothing gets requests. */
  | "Confirming"
  /** Canary pods are coming up; weight 0. */
  | "Starting"
  | "Shadow"
  | "Step"
  /** All requests go to the canary, until none is seen to reach the primary any more; that one still has the old template. */
  | "Shifting"
  /** The primary, which serves nobody meanwhile, is taking over the analysed template. */
  | "Promoting"
  /** The primary serves the new revision; weight 0, the canary drains and is scaled down. */
  | "Finalising"
  /** Weight 0 was written; the canary drains and is scaled down. */
  | "RollingBack";

/** Why a run stands still. */
export interface Pause {
  readonly kind:
    | "Requested"
    | "Suspended"
    /** Evidence did not suffice in time; ends by itself when it does. */
    | "Inconclusive"
    /** The metrics source has failed for too long; ends by itself when it answers. */
    | "MetricsUnavailable"
    /** A metric with `onFail: pause` has failed; `resume` goes on without it. */
    | "MetricFailed"
    /** A webhook did not agree within its maxWait; ends by itself when it does. */
    | "GateTimedOut"
    /** The user's routes no longer send to both sides; ends by itself when they do. */
    | "RoutesUnusable"
    /** What is around the run would send requests to errors; ends by itself when that is mended. */
    | "PreflightBlocked";
  /** MetricFailed: which. */
  readonly metric?: string;
  readonly reason: string;
  readonly by?: string;
  readonly since: string;
}

/** Totals over the current step, for people; verdicts are made from the source's own history. */
export interface EvidenceStatus {
  readonly canary: ArmStatus;
  readonly primary: ArmStatus;
  /** One line a metric: value, limit, verdict. */
  readonly metrics: readonly MetricStatus[];
}

export interface ArmStatus {
  readonly requests: number;
  readonly errors: number;
}

export interface MetricStatus {
  readonly name: string;
  readonly result: VerdictResult;
  /** Canary's value as text with its unit ("99.95 %", "212 ms", "17"); absent where there is none yet. */
  readonly canary?: string;
  readonly primary?: string;
  readonly limit?: string;
  readonly reason: string;
  /** How sure the judge is that the canary is worse than allowed, and when it fails: "87 %, fails at 99.95 %". */
  readonly confidence?: string;
}

/** A position of the judge (verdict/judge.ts): the shadow phase, or a step, and since when. */
export interface PositionStatus {
  readonly kind: "shadow" | "step";
  readonly index: number;
  readonly weight: number;
  readonly since: string;
}

/** Who let a revision go on, and when: a person (as far as the API tells) or a webhook. */
export interface Approval {
  /** The step that a person approved, from 0. */
  readonly step?: number;
  /** Webhooks that agreed, or that a person let it pass in place of. */
  readonly gates?: readonly string[];
  /** What a person had it leave without waiting: "step 2/4", "the shadow phase". */
  readonly skipped?: string;
  /** A person had it promoted without the steps and the evidence that were left. */
  readonly isPromotion?: boolean;
  readonly by: string;
  readonly at: string;
  readonly reason?: string;
}

/** The newest approvals that a run, and its entry in the history, keep. */
export const APPROVALS_LIMIT = 50;

/** A webhook (or the schedule) that the run waits for, or that has said something worth knowing. */
export interface GateStatus {
  readonly name: string;
  readonly type: WebhookType | "schedule";
  /** Has not answered yet; said yes; said no; or gave no answer that counts (a timeout, no connection, a 503). */
  readonly state: "asked" | "open" | "closed" | "silent";
  /** Since when the run waits for it; or, where it does not, since when it says what it says. */
  readonly since: string;
  /** How often it has answered since then, as of `at`. */
  readonly answers: number;
  /** The newest answer: `403 "not yet"`. */
  readonly last?: string;
  /** When this was noted: numbers are refreshed now and then. */
  readonly at: string;
  /** The run stands still because of it. */
  readonly isAwaited?: boolean;
  /** A person let the run pass in its place. */
  readonly approvedBy?: string;
}

/** Webhooks that are to be called because a run has ended, until they have answered. */
export interface AfterRunStatus {
  /** The run's id and revision. */
  readonly run: number;
  readonly revision: string;
  readonly phase: "Succeeded" | "Failed";
  readonly since: string;
  /** Names of those that have not answered yet. */
  readonly hooks: readonly string[];
}

export interface RunStatus extends RevisionRef {
  /** Unique within the Rollout; rises: 7. */
  readonly id: number;
  readonly startedAt: string;
  readonly stage: Stage;
  /** When this stage (or this step of it) began: deadlines run from here; `resume` sets it anew. */
  readonly stageSince: string;
  /** From 0; meaningful from stage Step on. */
  readonly stepIndex: number;
  /** Steps in all. */
  readonly steps: number;
  /** Every position so far, oldest first: with the metrics source's history they are all that a restarted judge needs. */
  readonly positions: readonly PositionStatus[];
  readonly weight: number;
  readonly maxWeight: number;
  readonly shadowPercent: number;
  /**
   * Since when the routing objects are known to send nothing to pods that are to go: the primary's in stage Shifting, the
   * canary's in RollingBack and Finalising.
   */
  readonly drainingSince?: string;
  /** Stage Shifting and after: since when requests of `primaryMatch` go to the canary too. */
  readonly everyoneSince?: string;
  /** Since when all pods that get requests next are ready: the primary's in stage Promoting, else the canary's. */
  readonly readySince?: string;
  /** Pods that the canary is given. */
  readonly canaryReplicas: number;
  /** Capacity of the primary when the run began; it never falls below until the run ends. */
  readonly primaryReplicas: number;
  /** How often something else had scaled the primary down during this run. */
  readonly capacityRepairs?: number;
  readonly pause?: Pause;
  /** Since when this step waits for canary pods that it had before. */
  readonly shortOfPodsSince?: string;
  /** Since when this step waits for a person's approval. */
  readonly awaitingApprovalSince?: string;
  readonly approvals?: readonly Approval[];
  /** Webhooks at the place where the run stands. */
  readonly gates?: readonly GateStatus[];
  /** Metrics with `onFail: pause` that failed, and that a person has resumed without: they only warn from then on. */
  readonly waived?: readonly string[];
  /** How the weight of the current step shows in the metrics; absent while it cannot be told. */
  readonly split?: SplitStatus;
  /** A person asked to leave the position of this number (from 1) without waiting for its hold, evidence and approval. */
  readonly skip?: { readonly position: number; readonly by: string; readonly at: string };
  /** A person asked to promote without waiting for steps and evidence. */
  readonly promoteRequested?: { readonly by: string; readonly at: string; readonly reason: string };
  readonly verdict?: VerdictStatus;
  readonly evidence?: EvidenceStatus;
  /** What was counted since the current position began, for a judge whose source has lost its history. */
  readonly ledger?: LedgerStatus;
  /** Since when the metrics source gives no answer, and why. */
  readonly metricsDown?: { readonly since: string; readonly reason: string };
  /** How often the canary lost all its ready pods and the run went back to Starting. */
  readonly restarts?: number;
  /** Conversations about this run, by receiver ("slack shop/slack/token #releases"), so that all of it is told in one. */
  readonly threads?: Readonly<Record<string, string>>;
  /** Stage RollingBack: how it will end. */
  readonly outcome?: Outcome;
  /** Revision that the primary served before this run. */
  readonly previous?: RevisionRef;
  /** The spec that this run follows; edits apply to the next one. */
  readonly spec: RolloutSpec;
}

/** Which share of requests the canary was seen to get. */
export interface SplitStatus {
  /** Percent. */
  readonly asked: number;
  /** Percent, of `requests` requests. */
  readonly seen: number;
  readonly requests: number;
  /** Since when the asked share is in force, or is waited for no more: the hold runs from here. Absent: not yet. */
  readonly since?: string;
}

/** Sums over the current position. */
export interface LedgerStatus {
  /** End of the last interval in it. */
  readonly through: string;
  readonly canary: ArmCounts;
  readonly primary: ArmCounts;
}

export interface Outcome {
  readonly result: "Succeeded" | "Failed" | "Superseded";
  /** One of OUTCOME_REASONS (api/reasons.ts). */
  readonly reason: OutcomeReason;
  /** The metric that failed, for MetricFailed. */
  readonly metric?: string;
  readonly message: string;
}

export interface HistoryEntry extends RevisionRef {
  readonly id: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly result: Outcome["result"];
  readonly reason: OutcomeReason;
  readonly message: string;
  readonly maxWeight: number;
  /** The last one. */
  readonly verdict?: VerdictStatus;
  /** Who let it go on. */
  readonly approvals?: readonly Approval[];
}

export interface RolloutStatus {
  readonly observedGeneration?: number;
  readonly phase: Phase;
  /** One sentence: what is going on and what it waits for. */
  readonly message?: string;
  /** The canary's weight now; for the printer column. */
  readonly canaryWeight: number;
  /** "2/4"; for the printer column. Absent out of a run. */
  readonly step?: string;
  readonly verdict?: string;
  readonly revision?: string;
  /** What serves. `replicas`: how many pods it was last given at the end of a run, or at rest by way of the target. */
  readonly promoted?: RevisionRef & { readonly at: string; readonly replicas?: number };
  /** Failed or aborted; it is not tried again until `retry` or another revision. */
  readonly rejected?: RevisionRef & { readonly at: string; readonly reason: string };
  readonly run?: RunStatus;
  /** Who else has changed the weights in this run, how often, and when we last put them right. */
  readonly contested?: { readonly by: string; readonly count: number; readonly at: string };
  readonly lastRunId?: number;
  /**
   * While Initializing: what the primary was ready with, and how many pods it had, when traffic began to move to it; from then
   * on it keeps that.
   */
  readonly adopting?: RevisionRef & { readonly replicas?: number };
  /**
   * While Initializing, since when all traffic is known to be moved to the primary; while deleting, back to the target; at
   * rest, since when the routes, which did not, send the target nothing again.
   */
  readonly trafficMovedAt?: string;
  /** post-rollout webhooks that are still to be called. */
  readonly afterRun?: AfterRunStatus;
  /** Newest first. */
  readonly history?: readonly HistoryEntry[];
  readonly conditions?: readonly Condition[];
}

/** Finished runs kept in the status. */
export const HISTORY_LIMIT = 10;
