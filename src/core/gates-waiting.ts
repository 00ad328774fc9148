import type { WebhookSpec, WebhookType } from "../api/spec-gates.ts";
import {
  APPROVALS_LIMIT,
  type Approval,
  type GateStatus,
  type Phase,
  type RunStatus,
} from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import { capital, plural } from "../lib/text.ts";
import { clockTime, isoTime, moment, parseTime } from "../lib/time.ts";
import { deadlineOf } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { gateId, gateOf, hookIntervalOf, isCheck, isSettled, webhooksOf } from "./gates.ts";
import { withGate } from "./gates-noted.ts";
import { pause, tellResumed } from "./pausing.ts";
import { rollBack } from "./rolling-back.ts";
import { where } from "./wording.ts";

/**
 * Asks webhooks of these types, all at once. Gives the run when each of them says yes, or a person has let it pass; null
 * while the run is held (or was ended).
 */
export function throughGates(draft: Draft, run: RunStatus, types: readonly WebhookType[]): RunStatus | null {
  const hooks = webhooksOf(run.spec, types);
  const held = hooks.filter((hook) => !isOpen(draft, run, hook));
  if (held.length === 0) return goThrough(draft, run, hooks);
  const waiting = held.reduce((asked, hook) => awaitGate(draft, asked, hook), run);
  const late = held.filter((hook) => draft.nowMs >= deadlineOfGate(waiting, hook));
  const fatal = late.find(({ onTimeout }) => onTimeout === "rollback");
  if (fatal !== undefined) {
    const message = `${capital(waitText(draft, waiting, fatal))}, and its onTimeout says rollback.`;
    rollBack(draft, waiting, { result: "Failed", reason: "GateTimedOut", message });
    return null;
  }
  hold(draft, waiting, held, late);
  return null;
}

/** A yes counts for the place that it was given for, and not for long: what it was said of may have changed. */
function isOpen(draft: Draft, run: RunStatus, hook: WebhookSpec): boolean {
  const gate = gateOf(run, hook);
  if (gate !== undefined && isSettled(gate)) return true;
  const last = draft.snapshot.gates[gateId(run, hook)]?.last;
  const freshMs = Math.max(SHORTEST_FRESH_MS, 2 * hookIntervalOf(run.spec, hook));
  return last?.result === "yes" && draft.nowMs - last.atMs <= freshMs;
}

/** Longer than the longest pause between two questions (gates.ts). */
const SHORTEST_FRESH_MS = 90_000;

function awaitGate(draft: Draft, run: RunStatus, hook: WebhookSpec): RunStatus {
  const old = gateOf(run, hook);
  if (old?.isAwaited === true) return run;
  const now = isoTime(draft.nowMs);
  const asked: GateStatus = old ?? {
    name: hook.name,
    type: hook.type,
    state: "asked",
    since: now,
    answers: 0,
    at: now,
  };
  return draft.patchRun(run, { gates: withGate(run, { ...asked, since: now, isAwaited: true }) });
}

function hold(
  draft: Draft,
  run: RunStatus,
  held: readonly WebhookSpec[],
  late: readonly WebhookSpec[],
): void {
  const texts = held.map((hook) => waitText(draft, run, hook)).join("; and ");
  const [first] = late;
  if (first !== undefined && run.pause === undefined) {
    pause(draft, run, { kind: "GateTimedOut", reason: waitText(draft, run, first) });
  }
  for (const hook of held) {
    const deadlineMs = deadlineOfGate(run, hook);
    if (deadlineMs > draft.nowMs) draft.lookAgainAt(deadlineMs);
  }
  const paused = late.length === 0 ? "" : "paused, and ";
  draft.patchStatus({ phase: phaseOf(run, held), message: `${where(run)}; ${paused}${texts}.` });
}

function phaseOf(run: RunStatus, held: readonly WebhookSpec[]): Phase {
  if (run.stage === "Confirming") return "Waiting";
  if (held.every(isCheck)) return "Progressing";
  return run.stage === "Step" && run.stepIndex + 1 >= run.steps ? "WaitingPromotion" : "Waiting";
}

/** `waiting for webhook "qa": answered 403 "not yet" 12 times since 14:02:10 UTC; deadline 15:02:10 UTC`. */
function waitText(draft: Draft, run: RunStatus, hook: WebhookSpec): string {
  const gate = gateOf(run, hook);
  const deadlineMs = deadlineOfGate(run, hook);
  const limit =
    draft.nowMs < deadlineMs
      ? `deadline ${moment(deadlineMs, draft.nowMs)}`
      : `its deadline was ${moment(deadlineMs, draft.nowMs)}`;
  const since = `since ${clockTime(parseTime(gate?.since ?? run.stageSince))} UTC`;
  const said =
    gate?.last === undefined
      ? `asked ${since}`
      : `answered ${gate.last}${gate.answers > 1 ? `, ${plural(gate.answers, "answer")}` : ""} ${since}`;
  return `waiting for webhook "${hook.name}": ${said}; ${limit}`;
}

/** When the run gives up waiting for a webhook. */
export function deadlineOfGate(run: RunStatus, hook: WebhookSpec): number {
  const sinceMs = parseTime(gateOf(run, hook)?.since ?? run.stageSince);
  return sinceMs + maxWaitOf(run, hook);
}

const CONFIRM_WAIT_MS = 24 * 3_600_000;

function maxWaitOf(run: RunStatus, hook: WebhookSpec): number {
  return parseDuration(hook.maxWait ?? "") ?? (isCheck(hook) ? deadlineOf(run) : CONFIRM_WAIT_MS);
}

/** All agree: who did is kept, and a pause that was for them ends. */
function goThrough(draft: Draft, run: RunStatus, hooks: readonly WebhookSpec[]): RunStatus {
  const now = isoTime(draft.nowMs);
  const confirmed = hooks.flatMap((hook): Approval[] => {
    const gate = gateOf(run, hook);
    const last = draft.snapshot.gates[gateId(run, hook)]?.last;
    if (!hook.type.startsWith("confirm-") || gate?.approvedBy !== undefined || last === undefined) return [];
    return [{ gates: [hook.name], by: `webhook "${hook.name}"`, at: now, reason: last?.text ?? "" }];
  });
  const isResumed = run.pause?.kind === "GateTimedOut";
  if (confirmed.length === 0 && !isResumed) return run;
  const next = draft.patchRun(run, {
    ...(confirmed.length === 0 ? {} : { approvals: withApprovals(run, confirmed) }),
    ...(isResumed ? { pause: undefined } : {}),
  });
  if (isResumed) tellResumed(draft, next, "Every webhook has agreed now.");
  return next;
}

/** The newest are kept. */
export function withApprovals(run: RunStatus, more: readonly Approval[]): readonly Approval[] {
  return [...(run.approvals ?? []), ...more].slice(-APPROVALS_LIMIT);
}

/** Webhooks for which the run stands still. */
export function awaitedGates(run: RunStatus): readonly GateStatus[] {
  return (run.gates ?? []).filter(
    (gate) =>
      gate.isAwaited === true && gate.state !== "open" && !isSettled(gate) && gate.type !== "schedule",
  );
}
