import type { Rollout } from "./rollout.ts";
import type { RolloutSpec } from "./spec.ts";

/** Set on Rollouts: holds deletion back until the target serves again. */
export const FINALIZER = "sluice.dev/hand-back";

/** On the primary Deployment: which revision of the target its template was taken from. */
export const REVISION_ANNOTATION = "sluice.dev/revision";

/** On every object that we made: the Rollout it belongs to. */
export const ROLLOUT_LABEL = "sluice.dev/rollout";

/** On an apex Service that was there before us: how it was, so that it can be given back. */
export const ADOPTED_ANNOTATION = "sluice.dev/adopted";

export interface Names {
  readonly target: string;
  readonly primary: string;
  readonly apexService: string;
  readonly primaryService: string;
  readonly canaryService: string;
  readonly virtualService: string;
  readonly primaryDestinationRule: string;
  readonly canaryDestinationRule: string;
}

/** Of a spec as it was read, or as it was written: then it may have neither. */
export function apexServiceOf(spec: {
  readonly service?: { readonly name?: string | undefined } | undefined;
  readonly targetRef?: { readonly name: string } | undefined;
}): string | undefined {
  return spec.service?.name ?? spec.targetRef?.name;
}

/** The names of everything that belongs to a Rollout. */
export function namesOf(rollout: Pick<Rollout, "metadata"> & { readonly spec: RolloutSpec }): Names {
  const target = rollout.spec.targetRef.name;
  const apex = rollout.spec.service.name ?? target;
  return {
    target,
    primary: `${target}-primary`,
    apexService: apex,
    primaryService: `${apex}-primary`,
    canaryService: `${apex}-canary`,
    virtualService: apex,
    primaryDestinationRule: `${apex}-primary`,
    canaryDestinationRule: `${apex}-canary`,
  };
}

/** What the target's pods are selected by, as far as the primary's selector tells: the same labels, with a suffix. */
export function targetSelectorOf(
  primary: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(primary).map(([key, value]) => [key, value.replace(/-primary$/, "")]),
  );
}
