import { ROLLOUT_GROUP, ROLLOUT_KIND, ROLLOUT_PLURAL, ROLLOUT_VERSION } from "./kind.ts";
import type { Rollout } from "./rollout.ts";

/** How the API serves Rollouts. Structurally a kube/ Resource<Rollout>, which api may not import; `_type` is never set. */
export const ROLLOUT: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly _type?: Rollout;
} = {
  group: ROLLOUT_GROUP,
  version: ROLLOUT_VERSION,
  kind: ROLLOUT_KIND,
  plural: ROLLOUT_PLURAL,
  namespaced: true,
};
