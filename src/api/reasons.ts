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
  GateRefused: "A pre-rollout or rollout webhook refused as often in a row as its threshold says.",
  GateTimedOut: "A webhook did not say yes within its maxWait, and its onTimeout says rollback.",
  RollbackRequested: "A rollback webhook said yes.",
  PromotionFailed:
    "The primary could not take the new revision over within progressDeadline; it was set back.",
  PrimaryLost: "The primary was deleted during the run, and what it served could not be made again.",
  Deleted: "The Rollout was deleted.",
} as const;

export type OutcomeReason = keyof typeof OUTCOME_REASONS;

/** How much an event matters to people. */
export const SEVERITIES = ["info", "warning", "error"] as const;

export type Severity = (typeof SEVERITIES)[number];

/** One reason of Kubernetes events. */
interface EventEntry {
  readonly type: "Normal" | "Warning";
  /** Whom it concerns: a release is seen on the target as well, what lies in the Rollout or in Sluice on the Rollout alone. */
  readonly about: "release" | "rollout";
  /** People are told as well, with this severity; null: they find it when they look. */
  readonly severity: Severity | null;
  readonly when: string;
  /** What a person can do. */
  readonly next?: string;
}

/** A transition of a release, which people are told of. */
function told<const S extends Severity>(severity: S, when: string, next?: string) {
  const type = severity === "info" ? "Normal" : "Warning";
  return { type, about: "release", severity, when, ...(next === undefined ? {} : { next }) } as const;
}

/** What people look up, and need not be told. */
function noted(
  type: EventEntry["type"],
  about: EventEntry["about"],
  when: string,
  next?: string,
): EventEntry & { readonly severity: null } {
  return { type, about, severity: null, when, ...(next === undefined ? {} : { next }) };
}

/** Reasons of Kubernetes events, in the order of a release. Type and severity belong to the reason, not to its text. */
export const EVENT_REASONS = {
  SpecRefused: noted(
    "Warning",
    "rollout",
    "The spec has a problem that the API server cannot check; nothing is changed.",
    "Put the named field right; `sluice lint` finds the same before it is applied.",
  ),
  TargetRefused: noted(
    "Warning",
    "release",
    "The target is missing or cannot be released.",
    "Put right what the text names.",
  ),
  Initializing: noted("Normal", "release", "Sluice has begun to make the primary."),
  PrimaryNotReady: noted(
    "Warning",
    "release",
    "While initializing, the primary was not ready within progressDeadline. The target goes on serving.",
    "Look at the primary's pods.",
  ),
  Initialized: told("info", "The primary serves all traffic."),
  RunStarted: told("info", "A new revision was found and its canary is starting."),
  RunWaits: noted(
    "Normal",
    "release",
    "A new revision was found, but the spec says suspend, or the schedule does not allow it.",
    "Set spec.suspend to false, or wait until the time that the text names.",
  ),
  PreflightBlocked: told(
    "warning",
    "The run waits at weight 0: what is around it would send requests to errors, or leave nothing to judge. It goes on by itself when that is mended.",
    "Do what the text says, or name the check in spec.preflight.ignore (docs/reference/preflight.md).",
  ),
  PreflightWarned: noted(
    "Warning",
    "rollout",
    "Before the run touches traffic something was found that it can be carried out with, and that is better put right.",
    "Do what the text says, or name the check in spec.preflight.ignore.",
  ),
  ShadowStarted: told("info", "Live requests are being mirrored to the canary."),
  WeightChanged: told("info", "The canary gets another share of live requests."),
  MatchRouted: told("info", "An A/B test or a preview has begun: requests that match reach the canary."),
  MatchFollowed: noted(
    "Normal",
    "release",
    "Outside of steps too, requests that match reach the canary while it has ready pods, and the primary when it has none.",
  ),
  PrimaryMatchEnded: noted(
    "Normal",
    "release",
    "The revision is being promoted and serves all other requests: those of primaryMatch go to the canary as well while the primary is given it.",
  ),
  SplitNotSeen: told(
    "warning",
    "A step's weight does not show in the metrics: requests go elsewhere than the VirtualService says. The hold begins after `--split-wait` all the same.",
    "Look whether proxies have learnt of it (istioctl proxy-status), whether another VirtualService has the host, and whether callers have a sidecar.",
  ),
  CanaryRestarted: told(
    "warning",
    "The canary had no ready pod left; its weight is 0 until it is ready again, then the steps begin anew.",
    "Look at the canary's pods.",
  ),
  CanaryLost: noted(
    "Warning",
    "release",
    "During promotion the canary had no ready pod left; all requests go to the primary while it takes over.",
  ),
  MetricsUnavailable: noted(
    "Warning",
    "rollout",
    "The metrics source gives no answer; nothing is decided until it does.",
    "Look at Prometheus.",
  ),
  MetricsRecovered: noted("Normal", "rollout", "The metrics source answers again."),
  InconclusiveAccepted: noted(
    "Warning",
    "rollout",
    "Evidence did not suffice in time, and the run goes on because the spec says onInconclusive: promote.",
  ),
  GateWaits: told(
    "warning",
    "The run stands still until a webhook says yes.",
    'Let it say yes, or go on without: kubectl annotate rollout NAME sluice.dev/approve="why".',
  ),
  GateSilent: noted(
    "Warning",
    "rollout",
    "A webhook gives no answer, which is neither yes nor no; it is asked again.",
    "Look at the server that the webhook's url names.",
  ),
  GateRefused: noted("Warning", "release", "A pre-rollout or rollout webhook has refused."),
  GateOpened: noted("Normal", "release", "A webhook that had refused, or was silent, says yes."),
  ScheduleHolds: noted("Normal", "release", "The schedule does not allow weights to rise at present."),
  ApprovalNeeded: told(
    "warning",
    "A step waits for a person.",
    'kubectl annotate rollout NAME sluice.dev/approve="why"',
  ),
  Approved: told("info", "A person approved a step."),
  Paused: told("warning", "The run stands still for a named reason.", "The text says how it goes on."),
  Resumed: told("info", "The run goes on."),
  StepSkipped: told(
    "warning",
    "A person asked to leave a step without waiting for its hold, its evidence and its approval.",
  ),
  PromotionRequested: told("warning", "A person asked to promote without waiting for steps and evidence."),
  PromotionStarted: told("info", "The primary is taking over the analysed revision."),
  DrainTimedOut: noted(
    "Warning",
    "release",
    "Pods go although requests were still seen to reach them: they have had `--drain-max`.",
    "Find out who calls them past the VirtualService, or which proxy has not learnt of it: istioctl proxy-status.",
  ),
  Promoted: told("info", "The primary serves the new revision."),
  RolledBack: told(
    "error",
    "A run failed or was aborted: all traffic is back on the primary, and the revision is not tried again by itself.",
    'Ship a fixed image, or kubectl annotate rollout NAME sluice.dev/retry="why".',
  ),
  PostRolloutFailed: noted(
    "Warning",
    "rollout",
    "A post-rollout webhook refused, or did not answer in time; nothing depends on it.",
    "Do by hand what it was to do.",
  ),
  Superseded: told("warning", "The target got another revision during a run; that one begins at weight 0."),
  Retried: noted("Normal", "rollout", "A person asked to try a rejected revision again."),
  CommandRefused: noted("Warning", "rollout", "A command makes no sense in this phase, or cannot be obeyed."),
  TrafficRepaired: noted(
    "Warning",
    "release",
    "Something else had changed weights, routes or Services; they were put right.",
    "Find out who else writes to the named object.",
  ),
  CapacityRepaired: noted(
    "Warning",
    "release",
    "Something else had scaled the primary down during a run; it has its pods again.",
  ),
  CapacityGivenUp: noted(
    "Warning",
    "release",
    "Something else scales the primary down again and again during a run; it is left as that has it.",
    "Raise the autoscaler's minReplicas, or take the release's share of requests into account where it scales.",
  ),
  PrimaryRemade: noted(
    "Warning",
    "release",
    "The primary was deleted; it is made again from the revision that it served.",
  ),
  PrimarySetBack: noted(
    "Warning",
    "release",
    "The primary had another revision than the one that was promoted last; it is set back.",
    "Nobody needs to do anything: a write whose answer was lost had come to pass. Again and again: look who else changes the Deployment NAME-primary.",
  ),
  PrimaryLost: told(
    "error",
    "The primary was deleted and its revision is gone too: what the target has now is adopted, and serves until there is a primary again.",
    "Look who deletes the Deployment NAME-primary (managedFields, audit log), and whether the target serves what it should.",
  ),
  HandingBack: noted("Normal", "release", "The Rollout is being deleted; the target is taking over again."),
  NotificationFailed: noted(
    "Warning",
    "rollout",
    "A receiver of notifications could not be told; said once until it can.",
    "Put right the Secret or the receiver that the text names.",
  ),
  PassFailed: noted(
    "Warning",
    "rollout",
    "The controller could not carry out what it had decided; it tries again, and traffic stays as it is.",
  ),
} as const satisfies Readonly<Record<string, EventEntry>>;

export type EventReason = keyof typeof EVENT_REASONS;

type SeverityOf = { readonly [R in EventReason]: (typeof EVENT_REASONS)[R]["severity"] };

/** Reasons that people are told of: what `notifications[].events` may name. */
export type ToldReason = { [R in EventReason]: SeverityOf[R] extends Severity ? R : never }[EventReason];

export const TOLD_REASONS: readonly ToldReason[] = (Object.keys(EVENT_REASONS) as EventReason[]).filter(
  (reason): reason is ToldReason => EVENT_REASONS[reason].severity !== null,
);

/** Reasons of conditions. */
export type ConditionReason =
  | "Valid"
  | "SpecInvalid"
  | "PreflightPassed"
  | "PreflightWarned"
  | "PreflightBlocked"
  | "TargetInvalid"
  | OutcomeReason
  | "Initializing"
  | "Initialized"
  | "Running"
  | "Paused"
  | "AtRest"
  | "Waiting"
  | "RolledBack"
  | "PassFailed"
  | "Deleting";
