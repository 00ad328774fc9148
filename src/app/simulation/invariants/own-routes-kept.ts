import type { AnyObject, KubeObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import type { HttpRoute, VirtualService } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, mayGoUnreleased, NAMESPACE_NAME } from "../invariant.ts";
import { ownRoutesManifest } from "../manifests.ts";
import { isCanary } from "../routing-view.ts";

/**
 * 9. Of VirtualServices that people own a run changes weights, and adds a canary and routes of its own; after it they are
 * what they were.
 */
export const ownRoutesKept: InvariantFactory = (scene) => {
  const { plan, world } = scene;
  const owned = new Map(
    plan.rollouts.flatMap((rollout) => {
      const object = ownRoutesManifest(rollout);
      return object === null ? [] : [[rollout.name, object] as const];
    }),
  );
  return {
    name: "own-routes-kept",
    onWrite: ({ kind, object, method }) => {
      const { name } = object.metadata;
      const before = kind === "VirtualService" ? owned.get(name) : undefined;
      if (before === undefined) return [];
      if (method === "DELETE") return [`a controller deleted VirtualService ${name}`];
      return isDeepEqual(theirs(object, name), theirs(before, name))
        ? []
        : [`a controller changed more of VirtualService ${name} than is its own`];
    },
    atEnd: () =>
      [...owned].flatMap(([name, before]) => {
        const at = { namespace: NAMESPACE_NAME, name };
        const rollout = world.caches.rollouts.get(at);
        if (rollout === undefined ? mayGoUnreleased(scene, name) : rollout.status?.run !== undefined)
          return [];
        const now = world.caches.virtualServices.get(at);
        return now !== undefined && isDeepEqual(partsOf(now), partsOf(before))
          ? []
          : [`VirtualService ${name} is not what it was before the run`];
      }),
  };
};

function partsOf({ metadata, ...object }: KubeObject | AnyObject): unknown {
  return { annotations: metadata.annotations ?? {}, spec: (object as { readonly spec?: unknown }).spec };
}

/** Without weights, the canary, routes that were put before others, and the memory of a run. */
function theirs(object: KubeObject | AnyObject, name: string): unknown {
  const { spec } = object as VirtualService;
  const { "sluice.dev/before": _, ...annotations } = object.metadata.annotations ?? {};
  const http = (spec?.http ?? []).filter((route) => route.name?.startsWith(`sluice-${name}-`) !== true);
  return { annotations, spec: { ...spec, http: http.map((route) => withoutCanary(route, name)) } };
}

function withoutCanary({ route = [], ...rest }: HttpRoute, name: string): unknown {
  const kept = route.filter(({ destination }) => !isCanary(destination, name));
  return { ...rest, route: kept.map(({ weight: _, ...destination }) => destination) };
}
