import type { PositionStatus, RunStatus } from "../api/status.ts";
import { clockTime, isoTime, isoTimeMs, parseTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import { isJudged } from "./ask.ts";
import { deadlineOf, WHOLE } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isPrimaryIdle } from "./draining.ts";
import { failedOutcome, foldEvidence, verdictOf } from "./judging.ts";
import { startTakeOver } from "./promoting.ts";
import { keepsSome, repairRoutes, routesProblem, trafficOf } from "./repair.ts";
import { retreatWithoutPods } from "./retreat.ts";
import { rollBack } from "./rolling-back.ts";
import type { Observation } from "./snapshot.ts";
import { stepText } from "./wording.ts";

/**
 * The canary has shown that it can serve: it gets all requests, so that the primary can be given the new template while
 * nobody is there. A rolling update under traffic sends some of it to pods that are gone, for as long as proxies take to
 * learn of that (docs/decisions/0008). The caller has made sure that the canary has pods for all requests.
 */
export function startShift(draft: Draft, run: RunStatus): void {
  const since = isoTimeMs(draft.nowMs);
  const position: PositionStatus = { kind: "step", index: run.steps, weight: WHOLE, since };
  const next = draft.patchRun(run, {
    stage: "Shifting",
    stageSince: isoTime(draft.nowMs),
    positions: [...run.positions, position],
    weight: WHOLE,
    maxWeight: WHOLE,
    shadowPercent: 0,
    // What the primary has now is what its share of the requests will take when it comes back.
    primaryReplicas: Math.max(run.primaryReplicas, draft.snapshot.primary?.desiredReplicas ?? 0),
    pause: undefined,
    awaitingApprovalSince: undefined,
    shortOfPodsSince: undefined,
    gates: undefined,
    split: undefined,
    ledger: undefined,
  });
  draft.act({ kind: "setTraffic", traffic: trafficOf(next) });
  draft.patchStatus({
    phase: "Promoting",
    canaryWeight: WHOLE,
    step: stepText(next),
    message: shiftingText(next),
  });
  announce(draft, next, {
    reason: "PromotionStarted",
    title: `${imageText(run)} is being promoted`,
    text: `All requests go to its ${run.canaryReplicas} canary pods${exceptionText(next)}; when none is seen to reach the primary any more, its ${next.primaryReplicas} pods take the revision over.`,
    transition: `promoting-${run.restarts ?? 0}`,
  });
  draft.lookAgainAfter(0);
}

/**
 * Until no request is seen at the primary. Up to here the way back is one write of the routes: the primary is whole, and
 * has its old template.
 */
export function shifting(draft: Draft, run: RunStatus, observations: readonly Observation[]): void {
  if (retreatWithoutPods(draft, run) || isFailing(draft, run, observations)) return;
  const limitMs =
    parseTime(run.everyoneSince ?? run.stageSince) + deadlineOf(run) + draft.settings.drainMaxMs;
  if (draft.nowMs >= limitMs) {
    const why = routesProblem(draft) ?? "the routes did not keep what was written into them";
    rollBack(draft, run, {
      result: "Failed",
      reason: "PromotionFailed",
      message: `Not all requests could be given to the canary before ${clockTime(limitMs)} UTC: ${why}.`,
    });
    return;
  }
  draft.lookAgainAt(limitMs);
  repairRoutes(draft, trafficOf(run));
  if (!isPrimaryIdle(draft, run)) draft.patchStatus({ message: shiftingText(run) });
  else if (keepsSome(run)) moveTheRest(draft, draft.status.run ?? run);
  else startTakeOver(draft, draft.status.run ?? run);
}

/**
 * Whom `primaryMatch` keeps with the primary come last, when the canary has served all others: a primary that is rolled
 * has pods that stop and pods of the new revision, and they would meet both (docs/decisions/0008).
 */
function moveTheRest(draft: Draft, run: RunStatus): void {
  const next = draft.patchRun(run, { everyoneSince: isoTimeMs(draft.nowMs), drainingSince: undefined });
  draft.act({ kind: "setTraffic", traffic: trafficOf(next) });
  draft.patchStatus({ message: shiftingText(next) });
  record(
    draft,
    "PrimaryMatchEnded",
    `${imageText(run)} serves all other requests: those of primaryMatch go to the canary too, while the primary takes it over.`,
  );
  draft.lookAgainAfter(0);
}

/** The canary is judged with all requests too: limits hold, though there is nobody left to compare it with. */
function isFailing(draft: Draft, run: RunStatus, observations: readonly Observation[]): boolean {
  if (!isJudged(run)) return false;
  const rows = observations.flatMap((observation) => observation.rows);
  draft.judge = foldEvidence(draft.snapshot.judge, run, rows);
  const verdict = verdictOf(draft.judge, draft.nowMs);
  if (verdict.act !== "rollback") return false;
  rollBack(draft, run, failedOutcome(verdict));
  return true;
}

function shiftingText(run: RunStatus): string {
  const next = keepsSome(run)
    ? "these follow when the others have drained"
    : `the primary takes over ${imageText(run)} when none is seen to reach it any more`;
  return `All requests go to the ${run.canaryReplicas} canary pods${exceptionText(run)}; ${next}.`;
}

/** Who must not meet a canary does not meet it before all others have. */
function exceptionText(run: RunStatus): string {
  return keepsSome(run) ? " but those that primaryMatch keeps with the primary" : "";
}
