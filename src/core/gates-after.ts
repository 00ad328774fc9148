import type { AfterRunStatus, Outcome, RunStatus } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import { isoTime, parseTime } from "../lib/time.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { afterRunId, webhooksOf } from "./gates.ts";

/**
 * A run is over: its post-rollout webhooks are to be called. They hold nothing; they stand in the status until they have
 * answered, so that a crash loses none.
 */
export function callAfterRun(draft: Draft, run: RunStatus, outcome: Outcome): void {
  const hooks = webhooksOf(draft.snapshot.rollout.spec, ["post-rollout"]).map(({ name }) => name);
  if (outcome.result === "Superseded" || hooks.length === 0) return;
  const { id, revision } = run;
  const since = isoTime(draft.nowMs);
  draft.patchStatus({ afterRun: { run: id, revision, phase: outcome.result, since, hooks } });
}

/** Takes away those that have answered, whatever they said; and after its maxWait one that has not. */
export function noteCallsAfterRun(draft: Draft): void {
  const { afterRun } = draft.status;
  if (afterRun === undefined) return;
  const hooks = afterRun.hooks.filter((name) => isOutstanding(draft, afterRun, name));
  if (hooks.length < afterRun.hooks.length) {
    draft.patchStatus({ afterRun: hooks.length === 0 ? undefined : { ...afterRun, hooks } });
  }
}

function isOutstanding(draft: Draft, afterRun: AfterRunStatus, name: string): boolean {
  const { spec } = draft.snapshot.rollout;
  const hook = webhooksOf(spec, ["post-rollout"]).find((it) => it.name === name);
  // Taken out of the spec meanwhile.
  if (hook === undefined) return false;
  const last = draft.snapshot.gates[afterRunId(afterRun, name)]?.last ?? null;
  if (last?.result === "yes") return false;
  if (last?.result === "no") {
    fail(draft, afterRun, `"${name}" answered ${last.text}.`);
    return false;
  }
  const maxWait = hook.maxWait ?? spec.progressDeadline;
  const deadlineMs = parseTime(afterRun.since) + (parseDuration(maxWait) ?? 0);
  if (draft.nowMs < deadlineMs) {
    draft.lookAgainAt(deadlineMs);
    return true;
  }
  fail(
    draft,
    afterRun,
    `"${name}" gave no answer within ${maxWait}: ${last?.text ?? "it is still being asked"}.`,
  );
  return false;
}

function fail(draft: Draft, afterRun: AfterRunStatus, what: string): void {
  const text = `Run ${afterRun.run} has ended ${afterRun.phase}; its post-rollout webhook ${what} It is not called again.`;
  record(draft, "PostRolloutFailed", text);
}
