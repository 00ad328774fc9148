import { namesOf } from "../../api/names.ts";
import type { IstioSpec } from "../../api/spec.ts";
import type { Destination } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";

export type Side = "primary" | "canary";

/** How routes name the two sides of a rollout. */
export interface Arms {
  readonly primary: Destination;
  readonly canary: Destination;
  /** Which side a destination is; null: somebody else's. */
  sideOf(destination: Destination): Side | null;
  /** It reaches pods of both sides, by their number. */
  isBoth(destination: Destination): boolean;
  /** The canary as somebody would write it who wrote the primary like this: the host in the same form, the same port. */
  canaryLike(primary: Destination): Destination;
}

export function armsOf(context: RouteContext): Arms {
  const { destinationRule } = context.spec.traffic.istio;
  return destinationRule === undefined ? hosts(context) : subsets(context, destinationRule);
}

/** Two subsets of the apex Service. */
function subsets(
  { rollout }: RouteContext,
  { primarySubset, canarySubset }: NonNullable<IstioSpec["destinationRule"]>,
): Arms {
  const { apexService: host } = namesOf(rollout);
  const { namespace = "default" } = rollout.metadata;
  return {
    primary: { host, subset: primarySubset },
    canary: { host, subset: canarySubset },
    sideOf: (destination) => {
      if (!isHost(destination.host, host, namespace)) return null;
      if (destination.subset === canarySubset) return "canary";
      return destination.subset === primarySubset ? "primary" : null;
    },
    isBoth: (destination) => destination.subset === undefined && isHost(destination.host, host, namespace),
    canaryLike: (primary) => ({ ...primary, subset: canarySubset }),
  };
}

/**
 * Two hosts: the primary and the canary Service. A destination that names the apex Service is the primary too, since
 * that Service selects the primary's pods.
 */
function hosts({ rollout }: RouteContext): Arms {
  const { apexService, primaryService, canaryService } = namesOf(rollout);
  const { namespace = "default" } = rollout.metadata;
  return {
    primary: { host: primaryService },
    canary: { host: canaryService },
    sideOf: ({ host }) => {
      if (isHost(host, canaryService, namespace)) return "canary";
      return isHost(host, primaryService, namespace) || isHost(host, apexService, namespace)
        ? "primary"
        : null;
    },
    isBoth: () => false,
    canaryLike: ({ host, ...rest }) => ({ host: host.replace(/^[^.]+/, canaryService), ...rest }),
  };
}

/** What a route mirrors to, where it mirrors, is the canary. */
export function isCanaryMirror(destination: Destination | undefined, arms: Arms): boolean {
  return destination !== undefined && arms.sideOf(destination) === "canary";
}

/** A host may be written short or in full: `checkout`, `checkout.shop`, `checkout.shop.svc.cluster.local`. */
export function isHost(host: string, service: string, namespace: string): boolean {
  const full = `${service}.${namespace}`;
  return host === service || host === full || host === `${full}.svc` || host.startsWith(`${full}.svc.`);
}
