import type { IndexFunction } from "../../kube/cache-index.ts";
import { OWNER_INDEXES } from "../../kube/indexes.ts";
import type { Service } from "../../kube/kind/network.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Pod } from "../kinds.ts";
import { controllerOf } from "./owner.ts";

/** Objects without a controller, by namespace: those that might be adopted. */
export const ORPHAN_INDEX = "orphan";

export function orphanIndex(object: KubeObject): readonly string[] {
  return controllerOf(object) === undefined ? [object.metadata.namespace ?? ""] : [];
}

/** Objects by each of their labels, as labelKey writes it. */
export const LABEL_INDEX = "label";

export function labelIndex(object: KubeObject): readonly string[] {
  const { namespace, labels } = object.metadata;
  return Object.entries(labels ?? {}).map(([name, value]) => labelKey(namespace, name, value));
}

export function labelKey(namespace: string | undefined, name: string, value: string): string {
  return `${namespace ?? ""}/${name}=${value}`;
}

/** By owner, by label, and those without a controller. */
export const WORKLOAD_INDEXES: Readonly<Record<string, IndexFunction<KubeObject>>> = {
  ...OWNER_INDEXES,
  [ORPHAN_INDEX]: orphanIndex,
  [LABEL_INDEX]: labelIndex,
};

/** Services by the first label of their selector: together with a pod's labels this finds the Services of a pod. */
export const SELECTOR_INDEX = "selector";

export function selectorIndex(service: Service): readonly string[] {
  const key = firstSelectorKey(service);
  return key === undefined ? [] : [key];
}

export function firstSelectorKey(service: Service): string | undefined {
  const first = Object.entries(service.spec.selector ?? {}).sort()[0];
  return first === undefined ? undefined : labelKey(service.metadata.namespace, ...first);
}

/** Pods by the node that they are bound to; "" for those that are not. */
export const NODE_INDEX = "node";

function nodeIndex(pod: Pod): readonly string[] {
  return [pod.spec.nodeName ?? ""];
}

export const NODE_INDEXES: Readonly<Record<string, IndexFunction<Pod>>> = { [NODE_INDEX]: nodeIndex };
