import type { Pause, RunStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { announce, imageText } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { routesProblem } from "./repair.ts";
import { isSkipped } from "./skipping.ts";
import { placeText, where } from "./wording.ts";

/** How each pause ends; `NAME` stands for the Rollout's. */
const NEXT: Readonly<Record<Pause["kind"], string>> = {
  Requested: `kubectl annotate rollout NAME sluice.dev/resume="why"`,
  Suspended: "Set spec.suspend to false.",
  Inconclusive: `It goes on by itself when evidence suffices. Or decide: kubectl annotate rollout NAME sluice.dev/promote="why" (or abort).`,
  MetricsUnavailable: "It goes on by itself when the metrics source answers. Look at Prometheus.",
  GateTimedOut: `It goes on by itself when the webhook says yes. To go on without: kubectl annotate rollout NAME sluice.dev/approve="why". To go back: sluice.dev/abort="why".`,
  MetricFailed: `To go on without this metric: kubectl annotate rollout NAME sluice.dev/resume="why". To go back: sluice.dev/abort="why".`,
  PreflightBlocked:
    "It goes on by itself when that is mended. To go on as it is, name the check in spec.preflight.ignore. To go back: sluice.dev/abort.",
  RoutesUnusable: "It goes on by itself when the routes are as they must be. To go back: sluice.dev/abort.",
};

/** Makes the run stand still, and tells so. */
export function pause(draft: Draft, run: RunStatus, what: Omit<Pause, "since">): void {
  const { name } = draft.snapshot.rollout.metadata;
  const next = draft.patchRun(run, { pause: { ...what, since: isoTime(draft.nowMs) } });
  // Whoever has skipped the position hears of it again when it stands still all the same.
  const again = isSkipped(run) ? "-skipped" : "";
  announce(draft, next, {
    reason: what.kind === "PreflightBlocked" ? what.kind : "Paused",
    title: `${imageText(run)} is paused ${placeText(run)}`,
    text: `${where(run)}: ${what.reason}`,
    next: NEXT[what.kind].replace("NAME", name),
    transition: `paused-${what.kind}-${run.stepIndex}-${run.stageSince}${again}`,
  });
}

/** Tells of a pause once, however many passes it lasts. */
export function keepPaused(draft: Draft, run: RunStatus, what: Omit<Pause, "since">): void {
  if (run.pause?.kind !== what.kind) pause(draft, run, what);
  draft.patchStatus({ phase: "Progressing", message: `${where(run)}; paused: ${what.reason}` });
}

/** Asked to stand still, by command or by `suspend` (read live: it is a brake, not a part of the plan). */
export function isHeldByPerson(draft: Draft, run: RunStatus): boolean {
  const suspended = draft.snapshot.rollout.spec.suspend;
  if (run.pause?.kind === "Suspended" && !suspended) {
    const next = draft.patchRun(run, { pause: undefined, stageSince: isoTime(draft.nowMs) });
    tellResumed(draft, next, "The spec no longer says suspend.");
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

/** The user's routes cannot carry a canary as they are: paused until they can, and told why. */
export function isHeldByRoutes(draft: Draft, run: RunStatus): boolean {
  if (run.pause?.kind === "Requested" || run.pause?.kind === "Suspended") return false;
  const reason = routesProblem(draft);
  if (reason !== null) {
    keepPaused(draft, run, { kind: "RoutesUnusable", reason });
    return true;
  }
  if (run.pause?.kind !== "RoutesUnusable") return false;
  const next = draft.patchRun(run, { pause: undefined, stageSince: isoTime(draft.nowMs) });
  tellResumed(draft, next, "The routes send to both sides again.");
  draft.lookAgainAfter(0);
  return true;
}

/** Tells that a run goes on which stood still. */
export function tellResumed(draft: Draft, run: RunStatus, why: string): void {
  announce(draft, run, {
    reason: "Resumed",
    title: `${imageText(run)} goes on ${placeText(run)}`,
    text: why,
    transition: `resumed-${draft.nowMs}`,
  });
}
