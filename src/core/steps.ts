import type { RolloutSpec } from "../api/spec.ts";
import { parseDuration } from "../lib/duration.ts";

/** How a revision is compared with the one that serves. */
export type Strategy = "canary" | "ab" | "blueGreen";

export function strategyOf(spec: Pick<RolloutSpec, "ab" | "blueGreen">): Strategy {
  if (spec.ab !== undefined) return "ab";
  return spec.blueGreen === undefined ? "canary" : "blueGreen";
}

/** One step of the plan, whichever way the user wrote it. */
export interface PlannedStep {
  /** 0 to 100. 0 where requests reach the canary by match alone: an A/B test, a blue/green preview. */
  readonly weight: number;
  readonly holdMs: number;
  /** Leaving the step needs a person's approval. */
  readonly needsApproval: boolean;
}

/**
 * The steps of a spec: `steps` as they stand, or `ramp` unfolded; its last one ends exactly at `to`. An A/B test and a
 * blue/green preview are one step each.
 */
export function stepsOf(
  spec: Pick<RolloutSpec, "steps" | "ramp" | "ab" | "blueGreen">,
): readonly PlannedStep[] {
  const byMatch = spec.ab ?? spec.blueGreen;
  if (byMatch !== undefined) {
    const holdMs = parseDuration(byMatch.duration) ?? 0;
    return [{ weight: 0, holdMs, needsApproval: byMatch.approval === "required" }];
  }
  if (spec.steps !== undefined) {
    return spec.steps.map((step) => ({
      weight: step.weight,
      holdMs: parseDuration(step.hold) ?? 0,
      needsApproval: step.approval === "required",
    }));
  }
  if (spec.ramp === undefined) return [];
  const { by, to, every, approval } = spec.ramp;
  const holdMs = parseDuration(every) ?? 0;
  const count = Math.ceil(to / by);
  return Array.from({ length: count }, (_, index) => ({
    weight: Math.min(to, by * (index + 1)),
    holdMs,
    needsApproval: approval === "required" && index === count - 1,
  }));
}
