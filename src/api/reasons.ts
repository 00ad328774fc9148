/** Machine-readable words of status, conditions and events. People grep them: each says when it appears. */

/** How a run ended. */
export const OUTCOME_REASONS = {
  Promoted: "The primary serves the revision.",
  AnalysisSkipped: "Promoted without steps, because the spec says skipAnalysis.",
  PromotedByCommand: "Promoted without waiting for steps and evidence, because a person asked for it.",
  MetricFailed: "A metric's verdict was fail.",
  Aborted: "A person aborted it.",
  TargetReverted: "The target was set back to the revision that the primary serves.",
  TargetDeleted: "The target was deleted while it was being released.",
  NewRevision: "The target got another revision, which is released from weight 0 instead.",
  ProgressDeadlineExceeded: "The canary's pods were not ready within progressDeadline.",
  CanaryUnavailable: "The canary lost all its ready pods again and again.",
  Inconclusive: "Evidence did not suffice in time, and the spec says onInconclusive: rollback.",
  PromotionFailed:
    "The primary was not ready with the new revision within progressDeadline; it was set back.",
  Deleted: "The Rollout was deleted.",
} as const;

export type OutcomeReason = keyof typeof OUTCOME_REASONS;

/** Reasons of Kubernetes events, in the order of a release. */
export const EVENT_REASONS = {
  SpecRefused: "The spec has a problem that the API server cannot check; nothing is changed.",
  TargetRefused: "The target is missing or cannot be released.",
  Initializing: "Sluice has begun to make the primary.",
  Initialized: "The primary serves all traffic.",
  PrimaryNotReady: "While initializing, the primary was not ready within progressDeadline.",
  RunStarted: "A new revision was found and its canary is starting.",
  RunWaits: "A new revision was found, but the spec says suspend.",
  ShadowStarted: "Live requests are being mirrored to the canary.",
  WeightChanged: "The canary gets another share of live requests.",
  CanaryRestarted: "The canary had no ready pod left; its weight is 0 until it is ready again.",
  MetricsUnavailable: "The metrics source gives no answer; nothing is decided until it does.",
  MetricsRecovered: "The metrics source answers again.",
  ApprovalNeeded: "A step waits for a person.",
  Approved: "A person approved a step.",
  Paused: "The run stands still for a named reason.",
  Resumed: "The run goes on.",
  PromotionStarted: "The primary is taking over the analysed revision.",
  Promoted: "The primary serves the new revision.",
  RolledBack: "All traffic is back on the primary.",
  CommandRefused: "A command makes no sense in this phase, or cannot be obeyed.",
  TrafficRepaired: "Something else had changed weights, routes or Services; they were put right.",
  HandingBack: "The Rollout is being deleted; the target is taking over again.",
  NotificationFailed: "A notification could not be delivered.",
  PassFailed: "The controller could not carry out what it had decided; it tries again.",
} as const;

export type EventReason = keyof typeof EVENT_REASONS;

/** Reasons of conditions. */
export type ConditionReason =
  | "Valid"
  | "SpecInvalid"
  | "TargetInvalid"
  | OutcomeReason
  | "Initializing"
  | "Initialized"
  | "Running"
  | "Paused"
  | "AtRest"
  | "Waiting"
  | "RolledBack"
  | "Deleting";
