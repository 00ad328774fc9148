import type { RolloutSpec } from "../api/spec.ts";
import { parseDuration } from "../lib/duration.ts";

/** One step of the plan, whichever way the user wrote it. */
export interface PlannedStep {
  /** 1 to 100. */
  readonly weight: number;
  readonly holdMs: number;
  /** Leaving the step needs a person's approval. */
  readonly needsApproval: boolean;
}

/** The steps of a spec: `steps` as they stand, or `ramp` unfolded; its last one ends exactly at `to`. */
export function stepsOf(spec: Pick<RolloutSpec, "steps" | "ramp">): readonly PlannedStep[] {
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
