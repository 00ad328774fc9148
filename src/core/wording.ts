import type { RolloutSpec } from "../api/spec.ts";
import { EVERY_METHOD } from "../api/spec-traffic.ts";
import type { RolloutStatus, RunStatus } from "../api/status.ts";
import { stepsOf, strategyOf } from "./steps.ts";

/** How people are told where a run stands, whichever its strategy: no text speaks of a weight that there is none of. */

/** The revision in question: what is being released, or else what was rejected or serves. */
export function subjectOf(status: RolloutStatus | undefined) {
  return status?.run ?? status?.rejected ?? status?.promoted;
}

/** For the printer column: `2/4`, `A/B`, `preview`. */
export function stepText(run: RunStatus): string {
  const strategy = strategyOf(run.spec);
  if (strategy === "canary") return `${stepNumber(run)}/${run.steps}`;
  if (run.stage === "Confirming") return "waiting";
  if (run.stage === "Starting") return "starting";
  if (run.stage === "Shadow") return "shadow";
  if (run.weight > 0 || run.stage === "Finalising") return "switched";
  return strategy === "ab" ? "A/B" : "preview";
}

function stepNumber(run: RunStatus): number {
  switch (run.stage) {
    case "Step":
      return run.stepIndex + 1;
    case "Confirming":
    case "Starting":
    case "Shadow":
      return 0;
    case "Shifting":
    case "Promoting":
    case "Finalising":
      return run.steps;
    case "RollingBack":
      return Math.min(run.stepIndex + 1, run.steps);
  }
}

/** The step as the subject of a sentence. */
export function stepName(run: RunStatus): string {
  switch (strategyOf(run.spec)) {
    case "canary":
      return `Step ${stepText(run)}`;
    case "ab":
      return "The A/B test";
    case "blueGreen":
      return "The preview";
  }
}

/** Where the run stands, as the beginning of a message. */
export function where(run: RunStatus): string {
  if (run.stage === "Confirming") return "Nothing has been started";
  if (run.stage === "Starting") return "The canary is ready";
  if (run.stage === "Shadow") return `Mirroring ${mirroredText(run)} to the canary`;
  switch (strategyOf(run.spec)) {
    case "canary":
      return `Step ${stepText(run)}: ${run.weight} % of requests`;
    case "ab":
      return "A/B test: requests that match go to the canary, all others to the primary";
    case "blueGreen":
      return "Preview: requests that match go to the canary, all others to the primary";
  }
}

/** Where the run stands, as the end of a title: `rolled back at 10 %`, `is paused in its A/B test`. */
export function placeText(run: RunStatus): string {
  if (run.stage === "Confirming") return "before its start";
  if (run.stage === "Starting") return "while starting";
  if (run.stage === "Shadow") return "in shadow";
  if (run.weight > 0) return `at ${run.weight} %`;
  switch (strategyOf(run.spec)) {
    case "canary":
      return "at 0 %";
    case "ab":
      return "in its A/B test";
    case "blueGreen":
      return "in its preview";
  }
}

/** What the canary gets of the requests, as a fact. */
export function shareText(run: RunStatus): string {
  if (run.shadowPercent > 0) return `${mirroredText(run)}, mirrored`;
  if (run.weight > 0 || strategyOf(run.spec) === "canary") return `${run.weight} %`;
  if (run.stage === "Confirming" || run.stage === "Starting") return "none yet";
  return run.stage === "Finalising" ? "none any more" : "requests that match";
}

/** `50 % of GET, HEAD and OPTIONS requests`. */
export function mirroredText({ spec, shadowPercent }: Pick<RunStatus, "spec" | "shadowPercent">): string {
  const methods = spec.shadow?.methods ?? [];
  const which = methods.includes(EVERY_METHOD) ? "" : `${joined(methods)} `;
  return `${shadowPercent} % of ${which}requests`;
}

/** What will come when the canary is ready. */
export function planText(spec: RolloutSpec): string {
  const steps = stepsOf(spec);
  switch (strategyOf(spec)) {
    case "canary":
      return `${steps.length} ${steps.length === 1 ? "step" : "steps"} up to ${steps.at(-1)?.weight ?? 0} % of requests`;
    case "ab":
      return `an A/B test of ${spec.ab?.duration}, in which requests that match reach it`;
    case "blueGreen":
      return `a preview of ${spec.blueGreen?.duration} for requests that match, then all requests at once`;
  }
}

function joined(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
