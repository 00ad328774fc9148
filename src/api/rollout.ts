import type { KubeObjectLike } from "./kind.ts";
import type { RolloutSpec } from "./spec.ts";
import type { RolloutStatus } from "./status.ts";

/** A Rollout as the API serves it, its spec with defaults filled in. */
export interface Rollout extends KubeObjectLike {
  readonly spec: RolloutSpec;
  readonly status?: RolloutStatus;
}
