import { REVISION_ANNOTATION } from "../../../api/names.ts";
import type { KubeObject } from "../../../kube/object.ts";
import type { VirtualService } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { weightOf } from "../routing-view.ts";

/**
 * 4. After an abort no weight is raised, and no primary given the canary's template, until it has been obeyed: its annotation is
 * there until then. Not even by a controller that does not see it, but for a write that is on its way already.
 */
export const abortWins: InvariantFactory = ({ plan, world, people }) => {
  const weights = new Map<string, number>();
  /** Of primaries, by uid. */
  const revisions = new Map<string, string | undefined>();
  const { network } = plan.faults;
  // Whoever is frozen in the middle of it goes on where it was.
  const blindMs = 1_000 + 4 * network.latencyMs + (plan.faults.upheavals.length > 0 ? 45_000 : 0);
  /** For how long an abort of this Rollout has been waiting; null: none is. */
  const waitsMs = (name: string, atMs: number): number | null => {
    const rollout = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name });
    if (rollout?.metadata.annotations?.["sluice.dev/abort"] === undefined) return null;
    const askedMs = people.commands(name).findLast(({ command }) => command === "abort")?.atMs ?? atMs;
    return atMs - askedMs < blindMs ? null : atMs - askedMs;
  };
  const raised = (object: VirtualService, isGone: boolean, atMs: number): readonly string[] => {
    const { name } = object.metadata;
    const before = weights.get(name) ?? 0;
    const now = isGone ? 0 : weightOf(object, name);
    weights.set(name, now);
    const ms = now > before ? waitsMs(name, atMs) : null;
    return ms === null ? [] : [`weight of ${name} rose from ${before} to ${now} ${ms} ms after an abort`];
  };
  const promoted = ({ metadata }: KubeObject, atMs: number): readonly string[] => {
    const name = metadata.name.slice(0, -"-primary".length);
    const before = revisions.get(metadata.uid ?? "");
    const now = metadata.annotations?.[REVISION_ANNOTATION];
    revisions.set(metadata.uid ?? "", now);
    const run = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name })?.status?.run;
    const isPromoted = before !== undefined && before !== now && now === run?.revision;
    const ms = isPromoted ? waitsMs(name, atMs) : null;
    return ms === null ? [] : [`${metadata.name} was given the canary's template ${ms} ms after an abort`];
  };
  return {
    name: "abort-wins",
    onWrite: ({ kind, object, isStatus, method, atMs }) => {
      if (kind === "VirtualService") return raised(object as VirtualService, method === "DELETE", atMs);
      const isPrimary = kind === "Deployment" && object.metadata.name.endsWith("-primary");
      return isPrimary && !isStatus && method !== "DELETE" ? promoted(object, atMs) : [];
    },
  };
};
