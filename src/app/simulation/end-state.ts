import type { World } from "../../sim/world.ts";
import { NAMESPACE_NAME } from "./invariant.ts";
import { weightOf } from "./routing-view.ts";

/** What a run has come to, without anything that only tells when. */
export interface EndState {
  readonly phase: string;
  readonly reason: string | null;
  /** What serves. */
  readonly primary: string | null;
  readonly primaryReplicas: number;
  readonly targetReplicas: number;
  readonly weight: number;
  readonly rejected: string | null;
  readonly paused: string | null;
}

export function endStateOf(world: World, name: string): EndState {
  const at = (object: string) => ({ namespace: NAMESPACE_NAME, name: object });
  const { rollouts, deployments, virtualServices } = world.caches;
  const status = rollouts.get(at(name))?.status;
  const primary = deployments.get(at(`${name}-primary`));
  const routes = virtualServices.get(at(name));
  return {
    phase: status?.phase ?? "gone",
    reason: status?.history?.[0]?.reason ?? null,
    primary: primary?.spec.template.spec.containers[0]?.image ?? null,
    primaryReplicas: primary?.spec.replicas ?? 0,
    targetReplicas: deployments.get(at(name))?.spec.replicas ?? 0,
    weight: routes === undefined ? 0 : weightOf(routes, name),
    rejected: status?.rejected?.images[0] ?? null,
    paused: status?.run?.pause?.kind ?? null,
  };
}
