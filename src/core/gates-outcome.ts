import type { WebhookSpec } from "../api/spec-gates.ts";
import type { Outcome, RunStatus } from "../api/status.ts";
import type { Draft } from "./draft.ts";
import { askedHooks, gateId, gateOf, isCheck, isSettled } from "./gates.ts";

/** Refusals in a row at which a check fails the run. */
export function thresholdOf({ threshold, type }: Pick<WebhookSpec, "threshold" | "type">): number {
  return threshold ?? (type === "pre-rollout" ? 1 : 3);
}

/**
 * How webhooks end the run: one that asks for a rollback, or a check that has refused too often. Looked at before all
 * else, and from what is known: nothing is waited for.
 */
export function outcomeOfGates(draft: Draft, run: RunStatus): Outcome | null {
  for (const hook of askedHooks(run)) {
    const answers = draft.snapshot.gates[gateId(run, hook)];
    if (answers?.last === undefined || answers.last === null) continue;
    const { result, text } = answers.last;
    if (hook.type === "rollback" && result === "yes") {
      const message = `The rollback webhook "${hook.name}" asked for it: ${text}.`;
      return { result: "Failed", reason: "RollbackRequested", message };
    }
    const gate = gateOf(run, hook);
    if (!isCheck(hook) || (gate !== undefined && isSettled(gate))) continue;
    if (result === "no" && answers.refusals >= thresholdOf(hook)) {
      const times = answers.refusals === 1 ? "" : `, ${answers.refusals} times in a row`;
      const message = `The ${hook.type} webhook "${hook.name}" answered ${text}${times}.`;
      return { result: "Failed", reason: "GateRefused", message };
    }
  }
  return null;
}
