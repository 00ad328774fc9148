import type { Pause, RunStatus, VerdictStatus } from "../api/status.ts";
import { parseDuration, roughDuration } from "../lib/duration.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import type { Verdict } from "../verdict/judge.ts";
import { announce, imageText, record, stepText } from "./announce.ts";
import { intervalOf, nextRowMs } from "./ask.ts";
import { deadlineOf, readyPods } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { evidenceStatus } from "./evidence-status.ts";
import { foldEvidence, outageOf, verdictOf } from "./judging.ts";
import { ledgerStatus } from "./ledger.ts";
import { startPromotion } from "./promoting.ts";
import { repairRoutes } from "./repair.ts";
import { rollBack } from "./rolling-back.ts";
import type { Observation } from "./snapshot.ts";
import { retreatWithoutPods } from "./starting.ts";
import { stepsOf } from "./steps.ts";
import { enterStep } from "./weights.ts";

/** Shadow and steps: judge, and go on, wait or go back. */
export function analyse(draft: Draft, run: RunStatus, observations: readonly Observation[]): void {
  if (retreatWithoutPods(draft, run)) return;
  if (run.promoteRequested !== undefined) {
    startPromotion(draft, run);
    return;
  }
  const rows = observations.flatMap((observation) => observation.rows);
  draft.judge = foldEvidence(draft.snapshot.judge, run, rows);
  const verdict = verdictOf(draft.judge, draft.nowMs);
  const judged = keepVerdict(draft, noteOutage(draft, run, outageOf(rows), rows.length > 0), verdict);
  if (verdict.act === "rollback") {
    rollBack(draft, judged, failedOutcome(verdict));
    return;
  }
  repairRoutes(draft, { canaryWeight: run.weight, shadowPercent: run.shadowPercent });
  draft.lookAgainAt(nextRowMs(draft.snapshot, run));
  if (!isStopped(draft, judged, verdict)) goOnOrWait(draft, judged, verdict);
}

function failedOutcome(verdict: Verdict): NonNullable<RunStatus["outcome"]> {
  return {
    result: "Failed",
    reason: "MetricFailed",
    ...(verdict.metric === null ? {} : { metric: verdict.metric }),
    message: verdict.metric === null ? verdict.reason : `${verdict.metric}: ${verdict.reason}`,
  };
}

/** The weight stays for a reason that lies in the metrics; it pauses the run once, and ends by itself where it can. */
function isStopped(draft: Draft, run: RunStatus, verdict: Verdict): boolean {
  if (run.pause?.kind === "Requested" || run.pause?.kind === "Suspended") return false;
  if (verdict.result === "fail") {
    const metric = verdict.metric ?? "a metric";
    keepPaused(draft, run, { kind: "MetricFailed", metric, reason: `${metric}: ${verdict.reason}` });
    return true;
  }
  if (run.metricsDown !== undefined && draft.nowMs - parseTime(run.metricsDown.since) >= outageLimit(run)) {
    keepPaused(draft, run, { kind: "MetricsUnavailable", reason: run.metricsDown.reason });
    return true;
  }
  return false;
}

function keepPaused(draft: Draft, run: RunStatus, what: Omit<Pause, "since">): void {
  if (run.pause?.kind !== what.kind) pause(draft, run, what);
  draft.patchStatus({ phase: "Progressing", message: `${where(run)}; paused: ${what.reason}` });
}

function outageLimit(run: RunStatus): number {
  return run.spec.analysis.consecutiveErrors * intervalOf(run);
}

/** Raising the weight waits, in this order, for: a person, the hold, the evidence, the pods, an approval. */
function goOnOrWait(draft: Draft, run: RunStatus, verdict: Verdict): void {
  const hold = holdOf(run);
  const holdEndMs = parseTime(run.positions.at(-1)?.since ?? run.stageSince) + hold.ms;
  if (isHeldByPerson(draft, run)) return;
  if (draft.nowMs < holdEndMs) {
    draft.lookAgainAt(holdEndMs);
    draft.patchStatus({
      phase: "Progressing",
      message: `${where(run)}, at least until ${clockTime(holdEndMs)} UTC.`,
    });
    return;
  }
  if (verdict.result === "inconclusive") {
    waitForEvidence(draft, run, verdict, Math.max(holdEndMs, parseTime(run.stageSince)) + deadlineOf(run));
    return;
  }
  const unpaused = run.pause === undefined ? run : resumed(draft, run);
  if (isShortOfPods(draft, unpaused)) return;
  if (hold.needsApproval && !isApproved(unpaused)) waitForApproval(draft, unpaused, verdict);
  else goOn(draft, unpaused);
}

/** The weight is raised only on a canary with all its pods; one that does not get them back in time is rolled back. */
function isShortOfPods(draft: Draft, run: RunStatus): boolean {
  const ready = readyPods(draft, run);
  if (ready >= run.canaryReplicas) {
    if (run.shortOfPodsSince !== undefined) draft.patchRun(run, { shortOfPodsSince: undefined });
    return run.shortOfPodsSince !== undefined;
  }
  const since = run.shortOfPodsSince ?? isoTime(draft.nowMs);
  const deadlineMs = parseTime(since) + deadlineOf(run);
  const why = draft.snapshot.target?.notReadyReason ?? "the others are starting";
  const text = `${ready} of ${run.canaryReplicas} canary pods are ready: ${why}`;
  if (draft.nowMs >= deadlineMs) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "ProgressDeadlineExceeded",
      message: `For ${run.spec.progressDeadline} only ${text}.`,
    });
    return true;
  }
  draft.patchRun(run, { shortOfPodsSince: since });
  draft.lookAgainAt(deadlineMs);
  draft.patchStatus({
    message: `${where(run)}; waiting until ${clockTime(deadlineMs)} UTC for pods: ${text}.`,
  });
  return true;
}

function goOn(draft: Draft, run: RunStatus): void {
  const next = run.stage === "Shadow" ? 0 : run.stepIndex + 1;
  if (next < run.steps) enterStep(draft, run, next);
  else startPromotion(draft, run);
}

function holdOf(run: RunStatus): { readonly ms: number; readonly needsApproval: boolean } {
  if (run.stage === "Shadow")
    return { ms: parseDuration(run.spec.shadow?.duration ?? "0s") ?? 0, needsApproval: false };
  const step = stepsOf(run.spec)[run.stepIndex];
  return { ms: step?.holdMs ?? 0, needsApproval: step?.needsApproval ?? false };
}

/** Asked to stand still, by command or by `suspend` (read live: it is a brake, not a part of the plan). */
function isHeldByPerson(draft: Draft, run: RunStatus): boolean {
  const suspended = draft.snapshot.rollout.spec.suspend;
  if (run.pause?.kind === "Suspended" && !suspended) {
    draft.patchRun(run, { pause: undefined, stageSince: isoTime(draft.nowMs) });
    record(draft, "Resumed", "The spec no longer says suspend; the run goes on.");
    draft.lookAgainAfter(0);
    return true;
  }
  if (suspended && run.pause === undefined)
    pause(draft, run, { kind: "Suspended", reason: "the spec says suspend" });
  if (suspended || run.pause?.kind === "Requested") {
    draft.patchStatus({
      phase: "Progressing",
      message: `${where(run)}; paused: ${run.pause?.reason ?? "the spec says suspend"}.`,
    });
    return true;
  }
  return false;
}

function waitForEvidence(draft: Draft, run: RunStatus, verdict: Verdict, deadlineMs: number): void {
  const missing = `${where(run)}; evidence does not suffice: ${verdict.reason}`;
  if (run.pause !== undefined) {
    draft.patchStatus({
      phase: "Progressing",
      message: `${missing} Paused until it does, or until somebody decides.`,
    });
    return;
  }
  if (draft.nowMs < deadlineMs) {
    draft.lookAgainAt(deadlineMs);
    draft.patchStatus({
      phase: "Progressing",
      message: `${missing} Waiting until ${clockTime(deadlineMs)} UTC.`,
    });
    return;
  }
  settleInconclusive(draft, run, verdict);
}

function settleInconclusive(draft: Draft, run: RunStatus, verdict: Verdict): void {
  const missing = verdict.metric === null ? verdict.reason : `${verdict.metric}: ${verdict.reason}`;
  const why = `evidence did not suffice within ${run.spec.progressDeadline} after the hold: ${missing}`;
  switch (run.spec.analysis.onInconclusive) {
    case "pause":
      pause(draft, run, { kind: "Inconclusive", reason: `inconclusive: ${missing}` });
      draft.patchStatus({ phase: "Progressing", message: `${where(run)}; paused: ${why}` });
      break;
    case "rollback":
      rollBack(draft, run, { result: "Failed", reason: "Inconclusive", message: capital(why) });
      break;
    case "promote":
      record(draft, "Resumed", `${capital(why)} Going on, as onInconclusive: promote says.`, "Warning");
      goOn(draft, run);
      break;
  }
}

function pause(draft: Draft, run: RunStatus, what: Omit<Pause, "since">): void {
  const { name } = draft.snapshot.rollout.metadata;
  const next = draft.patchRun(run, { pause: { ...what, since: isoTime(draft.nowMs) } });
  announce(draft, next, {
    reason: "Paused",
    severity: "warning",
    title: `${imageText(run)} is paused at ${run.weight} %`,
    text: `${where(run)}: ${what.reason}`,
    next: `It goes on by itself when that changes. Or decide: kubectl annotate rollout ${name} sluice.dev/promote="why" (or abort).`,
    transition: `paused-${what.kind}-${run.stepIndex}-${run.stageSince}`,
  });
}

function resumed(draft: Draft, run: RunStatus): RunStatus {
  record(draft, "Resumed", "Evidence suffices now; the run goes on.");
  return draft.patchRun(run, { pause: undefined });
}

function waitForApproval(draft: Draft, run: RunStatus, verdict: Verdict): void {
  const isLast = run.stepIndex + 1 >= run.steps;
  const { name } = draft.snapshot.rollout.metadata;
  draft.patchStatus({
    phase: isLast ? "WaitingPromotion" : "Waiting",
    message: `${where(run)}; evidence is good, waiting for approval ${isLast ? "of the promotion" : "of the next step"}.`,
  });
  if (run.awaitingApprovalSince !== undefined) return;
  const next = draft.patchRun(run, { awaitingApprovalSince: isoTime(draft.nowMs) });
  announce(draft, next, {
    reason: "ApprovalNeeded",
    severity: "warning",
    title: `${imageText(run)} waits for approval at ${run.weight} %`,
    text: `Step ${stepText(run)} has held and its evidence is good: ${verdict.reason}`,
    next: `kubectl annotate rollout ${name} sluice.dev/approve="why"`,
    transition: `approval-${run.stepIndex}-${run.restarts ?? 0}`,
  });
}

function isApproved(run: RunStatus): boolean {
  return run.approvals?.some((approval) => approval.step === run.stepIndex) ?? false;
}

/** An outage of the source is told once when it begins and once when it is over. */
function noteOutage(draft: Draft, run: RunStatus, outage: string | null, hasAsked: boolean): RunStatus {
  if (outage !== null && run.metricsDown === undefined) {
    record(
      draft,
      "MetricsUnavailable",
      `No evidence: ${outage} Nothing is decided until the source answers.`,
      "Warning",
    );
    return draft.patchRun(run, { metricsDown: { since: isoTime(draft.nowMs), reason: outage } });
  }
  if (outage === null && hasAsked && run.metricsDown !== undefined) {
    const down = roughDuration(draft.nowMs - parseTime(run.metricsDown.since));
    record(draft, "MetricsRecovered", `The metrics source answers again after ${down}.`);
    return draft.patchRun(run, { metricsDown: undefined });
  }
  return run;
}

/**
 * Keeps the verdict in the status when its result changes, and the numbers now and then: a status write every tick of
 * every run would cost the API server more than it tells anybody.
 */
function keepVerdict(draft: Draft, run: RunStatus, verdict: Verdict): RunStatus {
  const old = run.verdict;
  const isStale = old === undefined || draft.nowMs - parseTime(old.at) >= draft.settings.statusRefreshMs;
  if (old?.result === verdict.result && !isStale) return run;
  const kept: VerdictStatus = {
    result: verdict.result,
    ...(verdict.metric === null ? {} : { metric: verdict.metric }),
    reason: verdict.reason,
    at: isoTime(draft.nowMs),
  };
  draft.patchStatus({ verdict: verdict.result });
  const ledger = draft.judge?.ledger ?? null;
  return draft.patchRun(run, {
    verdict: kept,
    evidence: evidenceStatus(verdict),
    ledger: ledger === null ? undefined : ledgerStatus(ledger),
  });
}

function where(run: RunStatus): string {
  if (run.stage === "Shadow") return `Mirroring ${run.shadowPercent} % of requests to the canary`;
  return `Step ${stepText(run)}: ${run.weight} % of requests`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
