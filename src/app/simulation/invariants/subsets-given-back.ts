import type { KubeObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { GITOPS_GUARDS } from "../../../router/guards.ts";
import type { DestinationRule } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, mayGoUnreleased, NAMESPACE_NAME } from "../invariant.ts";
import {
  CANARY_SUBSET,
  destinationRuleManifest,
  PRIMARY_SUBSET,
  type Subset,
  subsetsOf,
} from "../subsets.ts";

/**
 * 9. Of a DestinationRule that people own the labels of two subsets change, and nothing else; after a run the canary's
 * are what they were, and when the Rollout is gone all of it is.
 */
export const subsetsGivenBack: InvariantFactory = (scene) => {
  const { plan, world } = scene;
  const owned = new Map(
    plan.rollouts.flatMap((rollout) => {
      const object = destinationRuleManifest(rollout) as DestinationRule | null;
      return object === null ? [] : [[rollout.name, object] as const];
    }),
  );
  const now = (name: string) => world.caches.destinationRules.get({ namespace: NAMESPACE_NAME, name });
  return {
    name: "subsets-given-back",
    onWrite: ({ kind, object, method }) => {
      const { name } = object.metadata;
      const before = kind === "DestinationRule" ? owned.get(name) : undefined;
      if (before === undefined) return [];
      if (method === "DELETE") return [`a controller deleted DestinationRule ${name}`];
      const managed = [PRIMARY_SUBSET, CANARY_SUBSET];
      return isDeepEqual(partsOf(object, managed), partsOf(before, managed))
        ? []
        : [`a controller changed more of DestinationRule ${name} than labels of its subsets`];
    },
    atEnd: () =>
      [...owned].flatMap(([name, before]) => {
        const rollout = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name });
        if (rollout?.status?.run !== undefined) return [];
        if (rollout === undefined && mayGoUnreleased(scene, name)) return [];
        // As long as the primary serves, its subset selects it.
        const managed = rollout === undefined ? [] : [PRIMARY_SUBSET];
        const rule = now(name);
        const isBack = rule !== undefined && isDeepEqual(partsOf(rule, managed), partsOf(before, managed));
        const isAnnotated = rollout === undefined && !isDeepEqual(annotations(rule), annotations(before));
        return isBack && !isAnnotated
          ? []
          : [`DestinationRule ${name} is not what it was: ${JSON.stringify(rule?.spec?.subsets)}`];
      }),
  };
};

/** Without the labels of these subsets, and without our annotations. */
function partsOf(object: KubeObject, managed: readonly string[]): unknown {
  const rule = object as DestinationRule;
  const theirs = Object.entries(annotations(object)).filter(
    ([name]) => !name.startsWith("sluice.dev/") && !Object.hasOwn(GITOPS_GUARDS, name),
  );
  const subsets = subsetsOf(rule).map((it) => (managed.includes(it.name) ? withoutLabels(it) : it));
  return {
    labels: object.metadata.labels,
    annotations: Object.fromEntries(theirs),
    spec: { ...rule.spec, subsets },
  };
}

function withoutLabels({ labels: _, ...subset }: Subset): unknown {
  return subset;
}

function annotations(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return object?.metadata.annotations ?? {};
}
