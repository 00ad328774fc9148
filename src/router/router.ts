import type { PodFacts } from "../api/pod-facts.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutSpec } from "../api/spec.ts";

/** What the router needs to know about a rollout; its names come from `api/names.ts`. */
export interface RouteContext {
  readonly rollout: Rollout;
  /** The spec in force: that of the run while one is under way. */
  readonly spec: RolloutSpec;
  /** Labels that select the pods of each side. */
  readonly selectors: {
    readonly target: Readonly<Record<string, string>>;
    readonly primary: Readonly<Record<string, string>>;
  };
  readonly pods: PodFacts;
}

/** How traffic is to flow. Weights are whole percentages, 0 to 100; the primary gets the rest. */
export interface Traffic {
  readonly canaryWeight: number;
  /** Percentage of requests mirrored to the canary: 0 (none) to 100. */
  readonly shadowPercent: number;
  /**
   * Whether the routes by match stand, before the weighted one: requests that the spec reserves for one side
   * (api/reserved-match.ts) go there whatever the weight is. True only where the spec in force reserves any.
   */
  readonly reserved: boolean;
}

/** Everything goes to the primary, and nothing is mirrored. */
export const NO_CANARY: Traffic = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/** What the routing objects say now, read from caches. */
export type Routing =
  | { readonly kind: "missing"; readonly problem?: string }
  | {
      readonly kind: "present";
      readonly traffic: Traffic;
      /** The routing objects equal what `ensure` would write, weights apart. */
      readonly inSync: boolean;
      /** A sentence when `inSync` is false: which object differs, and where. */
      readonly drift?: string;
      /** A sentence when the routes differ in what they give the canary; `traffic` has the most that any of them gives. */
      readonly uneven?: string;
      /** Why the routes cannot carry a canary, and what a person has to do; only weight 0 can be set meanwhile. */
      readonly problem?: string;
      /** The field manager that wrote them last, where that was not us. */
      readonly changedBy?: string;
    };

/** Where a Service sends what it is sent. */
export interface ServiceState {
  readonly exists: boolean;
  /** pod-template-hash in the selector; null when it is not pinned. */
  readonly pinnedHash: string | null;
  /** Which side the selector names. */
  readonly selects: "target" | "primary" | "other" | "nothing";
  readonly readyEndpoints: number;
  /** Its ports (and, primary and canary, its selector apart from the pin) are as the spec wants them. */
  readonly inSync: boolean;
  /** The field manager that wrote the rule with its subset last, where that was not us. */
  readonly changedBy?: string;
}

export interface Services {
  readonly apex: ServiceState;
  readonly primary: ServiceState;
  readonly canary: ServiceState;
}

/**
 * Traffic to the two sides of a rollout. All methods are idempotent, write only on change, and write nothing that
 * `ensure` or `setTraffic` was not asked for. Writes carry a resourceVersion or a field manager and may reject with
 * ApiError (conflict: decide again) or UnreachableError.
 */
export interface Router {
  /** Reads caches only. */
  observe(context: RouteContext): { readonly routing: Routing; readonly services: Services };
  /** Makes Services and routing objects as the spec wants them. Never changes weights or mirror that exist. */
  ensureServices(context: RouteContext): Promise<void>;
  ensureRoutes(context: RouteContext): Promise<void>;
  /** Points the canary Service at one ReplicaSet of the target. */
  pinCanary(context: RouteContext, podTemplateHash: string): Promise<void>;
  /** Points the apex Service at the primary, or back at the target when the rollout is deleted. */
  pointApex(context: RouteContext, side: "primary" | "target"): Promise<void>;
  /**
   * One write of the routing object, and none when it already says so. It depends on nothing else existing or
   * being ready, so that going back to weight 0 always works while the object can be written at all.
   */
  setTraffic(context: RouteContext, traffic: Traffic): Promise<void>;
  /** Removes what `ensureRoutes` made (or gives the user's objects back as they were). */
  removeRoutes(context: RouteContext): Promise<void>;
  /**
   * Removes the primary and canary Services. The apex Service stays, whoever made it (it never has an owner
   * reference to the Rollout): clients go on calling it.
   */
  removeServices(context: RouteContext): Promise<void>;
}
