import type { Destination } from "../../kube/kind/network.ts";
import type { HttpRoute, VirtualService } from "../../sim/mesh/istio.ts";
import { CANARY_SUBSET } from "./subsets.ts";

/** The largest share that a route of this VirtualService gives to a Rollout's canary, 0 to 100; mirrors do not count. */
export function weightOf(object: VirtualService, rollout: string): number {
  const weights = (object.spec?.http ?? []).flatMap((route) =>
    (route.route ?? [])
      .filter(({ destination }) => isCanary(destination, rollout))
      .map(({ weight }) => weight ?? ((route.route ?? []).length === 1 ? 100 : 0)),
  );
  return Math.max(0, ...weights);
}

export function mirrorsTo(object: VirtualService, rollout: string): boolean {
  return (object.spec?.http ?? []).some((route) => mirrorsOf(route).some((it) => isCanary(it, rollout)));
}

/** By its Service, or as a subset of the apex Service. */
export function isCanary({ host, subset }: Destination, rollout: string): boolean {
  const service = host.split(".")[0];
  return service === `${rollout}-canary` || (service === rollout && subset === CANARY_SUBSET);
}

function mirrorsOf(route: HttpRoute): readonly Destination[] {
  const mirrors = (route.mirrors ?? []).map(({ destination }) => destination);
  return [...mirrors, ...(route.mirror === undefined ? [] : [route.mirror])];
}
