import type { RouteContext, Routing, Traffic } from "../router.ts";

/** The routing objects of a rollout, as far as `Router` is about them; what it promises holds here. */
export interface Routes {
  observe(context: RouteContext): Routing;
  ensure(context: RouteContext): Promise<void>;
  setTraffic(context: RouteContext, traffic: Traffic): Promise<void>;
  remove(context: RouteContext): Promise<void>;
  /** Names of primary and canary Service that routes go on sending to when `remove` is done. */
  leftHosts(context: RouteContext): readonly string[];
}
