import type { ServicePort } from "../kube/kind/network.ts";
import type { RouteContext, Services } from "./router.ts";

/** How the pods of the two sides are told apart: what `Router` promises of Services holds here. */
export interface Backends {
  observe(context: RouteContext): Services;
  ensure(context: RouteContext): Promise<void>;
  pinCanary(context: RouteContext, podTemplateHash: string): Promise<void>;
  pointApex(context: RouteContext, side: "primary" | "target"): Promise<void>;
  remove(context: RouteContext): Promise<void>;
  /** Routes of somebody else go on sending to these Services of ours when the Rollout is gone. */
  giveAway(context: RouteContext, services: readonly string[]): Promise<void>;
  /** Ports that requests can be for; the spec's first. */
  ports(context: RouteContext): readonly ServicePort[];
  /** Why the sides cannot be told apart, and what a person has to do; null when they can. */
  problem(context: RouteContext): string | null;
}
