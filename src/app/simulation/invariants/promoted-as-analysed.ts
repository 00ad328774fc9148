import { REVISION_ANNOTATION } from "../../../api/names.ts";
import type { Deployment } from "../../../kube/kind/workload.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";

/** 3. The primary runs, container by container, what the analysed ReplicaSet runs: here told by images, which name versions. */
export const promotedAsAnalysed: InvariantFactory = ({ world }) => {
  /** Images by target and pod-template-hash, from pods as they really were. */
  const analysed = new Map<string, readonly string[]>();
  world.caches.pods.subscribe(({ new: pod }) => {
    const hash = pod?.metadata.labels?.["pod-template-hash"];
    const owner = pod?.metadata.ownerReferences?.[0]?.name;
    if (pod === undefined || hash === undefined || owner === undefined) return;
    analysed.set(
      `${owner.slice(0, -hash.length - 1)}/${hash}`,
      (pod.spec?.containers ?? []).map(({ image }) => image ?? ""),
    );
  });
  return {
    name: "promoted-as-analysed",
    onWrite: ({ kind, object, isStatus, method }) => {
      const { name, namespace, annotations } = object.metadata;
      if (kind !== "Deployment" || isStatus || method === "DELETE" || !name.endsWith("-primary")) return [];
      if (namespace !== NAMESPACE_NAME) return [];
      const revision = annotations?.[REVISION_ANNOTATION] ?? "";
      const images = (object as Deployment).spec.template.spec.containers.map(({ image }) => image);
      const expected = analysed.get(`${name.slice(0, -"-primary".length)}/${revision}`);
      if (expected === undefined || isDeepEqual(expected, images)) return [];
      return [
        `${name} says revision ${revision} and has ${images.join(", ")} in place of ${expected.join(", ")}`,
      ];
    },
  };
};
