import type { KubeObjectLike } from "./kind.ts";
import type { RolloutSpec } from "./spec.ts";
import type { SpecProblem } from "./validate.ts";

/** Other Rollouts of the namespace, the one in question may be among them. */
export interface Rivals {
  readonly ofTarget: readonly KubeObjectLike[];
  /** Whose apex Service it is as well. */
  readonly ofService: readonly KubeObjectLike[];
}

/** Two Rollouts of one target, or of one host, would undo each other's work: the younger one is refused. */
export function sharedProblem(
  rollout: KubeObjectLike,
  { targetRef, service, traffic }: RolloutSpec,
  rivals: Rivals,
): SpecProblem | null {
  const ofTarget = rivals.ofTarget.find((other) => isElder(other, rollout));
  if (ofTarget !== undefined) {
    return {
      field: "spec.targetRef.name",
      message: `Deployment ${targetRef.name} is already released by Rollout ${ofTarget.metadata.name}; a target can have one Rollout`,
    };
  }
  const { destinationRule, virtualServices } = traffic.istio;
  // Subsets and routes of the user's own have names of their own: several targets may stand behind one host.
  if (destinationRule !== undefined && virtualServices !== undefined) return null;
  const ofService = rivals.ofService.find((other) => isElder(other, rollout));
  if (ofService === undefined) return null;
  return {
    field: service.name === undefined ? "spec.targetRef.name" : "spec.service.name",
    message: `Service ${service.name ?? targetRef.name} is already that of Rollout ${ofService.metadata.name}; give this one another host (spec.service.name)`,
  };
}

function isElder(other: KubeObjectLike, rollout: KubeObjectLike): boolean {
  if (other.metadata.name === rollout.metadata.name) return false;
  const [a, b] = [other.metadata.creationTimestamp ?? "", rollout.metadata.creationTimestamp ?? ""];
  return a < b || (a === b && other.metadata.name < rollout.metadata.name);
}
