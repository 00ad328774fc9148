import type { KubeObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { GITOPS_GUARDS } from "../../../router/guards.ts";
import { type ControllerWrite, type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * 9. Of what people own (target, apex Service) a controller changes the replicas, the selector and annotations of its own,
 * and not a byte besides.
 */
export const userFieldsKept: InvariantFactory = ({ plan, world }) => {
  const names = new Set(plan.rollouts.map(({ name }) => name));
  const { deployments, services } = world.caches;
  const previous = ({ kind, object }: ControllerWrite): KubeObject | undefined => {
    const at = { namespace: NAMESPACE_NAME, name: object.metadata.name };
    const cached = kind === "Deployment" ? deployments.get(at) : services.get(at);
    // The cache may know our own write already, or not yet what somebody wrote just before: then nothing can be told.
    return cached?.metadata.uid === object.metadata.uid ? cached : undefined;
  };
  return {
    name: "user-fields-kept",
    onWrite: (write) => {
      const { kind, object, isStatus, method } = write;
      const isTheirs = (kind === "Deployment" || kind === "Service") && names.has(object.metadata.name);
      if (!isTheirs || isStatus || method === "DELETE" || method === "POST") return [];
      const old = previous(write);
      if (old === undefined || isDeepEqual(theirs(old), theirs(object))) return [];
      const gap = Number(object.metadata.resourceVersion) - Number(old.metadata.resourceVersion);
      return gap === 1
        ? [`a controller changed more of ${kind} ${object.metadata.name} than is its own`]
        : [];
    },
  };
};

/** Everything but what we may change. */
function theirs(object: KubeObject): unknown {
  const { spec, metadata } = object as KubeObject & { readonly spec: Members };
  const { replicas: _, selector: __, ...rest } = spec;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !name.includes("sluice.dev/") && !Object.hasOwn(GITOPS_GUARDS, name),
  );
  return {
    labels: metadata.labels ?? {},
    annotations: Object.fromEntries(annotations),
    spec: object.kind === "Service" ? rest : { ...rest, selector: (spec as Members)["selector"] },
  };
}
