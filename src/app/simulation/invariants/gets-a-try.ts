import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { isComparable, type PlannedRollout, releasesByWeight } from "../plan.ts";
import { weightOf } from "../routing-view.ts";
import { isBadImage } from "../versions.ts";

/**
 * 7, 8. Where nobody interferes and metrics answer: a good version has been tried on live requests, and one that
 * answers with errors or late has none any more.
 */
export const getsATry: InvariantFactory = ({ plan, world }) => {
  const bumpOf = ({ name }: PlannedRollout): string => {
    const bump = plan.moves.find((move) => move.rollout === name && move.kind === "image");
    return bump?.kind === "image" ? bump.image : "";
  };
  const problemOf = (rollout: PlannedRollout): string | null => {
    const { name } = rollout;
    const image = bumpOf(rollout);
    const requests = world.mesh.truth.requestsTo({ namespace: NAMESPACE_NAME, workload: name, use: "live" });
    const isServed = primaryImage(name) === image;
    if (image.endsWith(":v1") || image === "") return null;
    if (!isBadImage(image)) {
      return isServed || hasBeenTried(name)
        ? null
        : `${image} is good and was never tried (${requests} requests)`;
    }
    if (isServed) return `${image} is bad and serves`;
    const routes = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name });
    const weight = routes === undefined ? 0 : weightOf(routes, name);
    return weight > 0 ? `${image} is bad and has ${weight} % in the end` : null;
  };
  const primaryImage = (name: string): string | undefined =>
    world.caches.deployments.get({ namespace: NAMESPACE_NAME, name: `${name}-primary` })?.spec.template.spec
      .containers[0]?.image;
  /** It was sent requests under its own hash, which the first version's pods have not. */
  const hasBeenTried = (name: string): boolean => {
    const groups = world.mesh.truth.groups().filter(({ workload }) => workload === name);
    return groups.length > 1;
  };
  return {
    name: "gets-a-try",
    atEnd: () => {
      if (!isComparable(plan)) return [];
      const plain = plan.rollouts.filter((rollout) => {
        return releasesByWeight(rollout) && rollout.rps >= 20 && rollout.spec["skipAnalysis"] !== true;
      });
      return plain.map(problemOf).filter((it) => it !== null);
    },
  };
};
