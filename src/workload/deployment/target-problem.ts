import { isMadeFor } from "../../api/ownership.ts";
import type { Rollout } from "../../api/rollout.ts";
import type { Deployment } from "../../kube/kind/workload.ts";
import type { TargetProblem } from "../workload.ts";
import { SELECTOR_LABEL_KEYS, selectorLabelOf } from "./pod-template.ts";

/** Longest value of a label. */
const MAX_LABEL_VALUE = 63;

/** Why this target cannot be released; null when it can. */
export function targetProblem(
  rollout: Rollout,
  target: Deployment | undefined,
  primary: Deployment | undefined,
): TargetProblem | null {
  const { name } = rollout.spec.targetRef;
  if (target === undefined) {
    return problem(
      `Deployment "${name}" does not exist in namespace "${rollout.metadata.namespace ?? "default"}"`,
    );
  }
  const label = selectorLabelOf(target.spec.selector);
  if (label === null) {
    return problem(
      `spec.selector.matchLabels of Deployment "${name}" has none of the labels ${SELECTOR_LABEL_KEYS.join(", ")}: one is needed to tell its pods from those of "${name}-primary"`,
    );
  }
  if (label.primary.length > MAX_LABEL_VALUE) {
    return problem(
      `label ${label.key} of Deployment "${name}" is too long: "${label.primary}" must have at most ${MAX_LABEL_VALUE} characters`,
    );
  }
  if (primary !== undefined && !isMadeFor(rollout, primary)) {
    return problem(
      `Deployment "${name}-primary" exists already and was not made by this Rollout: rename or delete it, Sluice needs the name`,
    );
  }
  return null;
}

function problem(message: string): TargetProblem {
  return { field: "spec.targetRef.name", message };
}
