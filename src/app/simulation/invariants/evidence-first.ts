import { REVISION_ANNOTATION } from "../../../api/names.ts";
import type { Deployment } from "../../../kube/kind/workload.ts";
import { MIN_REQUESTS } from "../draw-plan.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { servedBy } from "../subsets.ts";
import { isBadImage } from "../versions.ts";

/** Instants are at most so far apart. */
const LOOK_EVERY_MS = 5_000;

/** 8. What the primary is given has served enough requests as a canary, and was not bad, unless a person promoted it or skipped a step. */
export const evidenceFirst: InvariantFactory = ({ plan, world, people }) => {
  const served = new Map<string, Set<string>>();
  const isServedByTarget = (name: string): boolean => {
    const rollout = plan.rollouts.find((it) => it.name === name);
    return rollout !== undefined && servedBy(world, rollout) === name;
  };
  /** When the metrics source could last be asked. */
  let answeredMs = world.clock.now();
  const problemsOf = (rollout: string, deployment: Deployment): readonly string[] => {
    const revision = deployment.metadata.annotations?.[REVISION_ANNOTATION] ?? "";
    const known = served.get(deployment.metadata.uid ?? "");
    if (known === undefined) {
      served.set(deployment.metadata.uid ?? "", new Set([revision]));
      return [];
    }
    if (known.has(revision)) return [];
    known.add(revision);
    // Until it is adopted the target serves: what it has is what the primary may have.
    if (isServedByTarget(rollout)) return [];
    const { spec } = plan.rollouts.find(({ name }) => name === rollout) ?? {};
    const isWaived =
      spec?.["skipAnalysis"] === true ||
      people.commands(rollout).some((it) => it.command === "promote" || it.command === "skip");
    // What metrics say is all that anybody can go by.
    const isLiedTo = plan.faults.prometheus.some(({ fault }) => fault.kind === "lies");
    if (isWaived || isLiedTo) return [];
    const filter = { namespace: NAMESPACE_NAME, workload: rollout, hash: revision, use: "live" } as const;
    const requests = world.mesh.truth.requestsTo({ ...filter, toMs: answeredMs + LOOK_EVERY_MS });
    const image = deployment.spec.template.spec.containers[0]?.image ?? "";
    return [
      ...(requests >= MIN_REQUESTS
        ? []
        : [`${image} was promoted after ${requests} requests that metrics could tell of`]),
      ...(isBadImage(image) ? [`${image} was promoted`] : []),
    ];
  };
  return {
    name: "evidence-first",
    atInstant: () => {
      const { fault } = world.prometheus;
      if (fault === null || fault.kind === "slow") answeredMs = world.clock.now();
      return [];
    },
    onWrite: ({ kind, object, isStatus, method }) => {
      const { name } = object.metadata;
      if (kind !== "Deployment" || isStatus || method === "DELETE" || !name.endsWith("-primary")) return [];
      return problemsOf(name.slice(0, -"-primary".length), object as Deployment);
    },
  };
};
