import type { KubeObject } from "../../kube/object.ts";

/**
 * A controller as the loop drives it: keys of objects that may need something (`namespace/name`) come in through
 * `enqueue`, and `reconcile` does what is to be done for one of them, reading caches and writing through the client.
 * It answers with how long from now the key has to be looked at again; null: when something changes. What it throws
 * is retried with backoff.
 */
export interface Controller {
  readonly name: string;
  /** Subscribes to the caches that matter; keys may come at once. */
  subscribe(enqueue: (key: string) => void): void;
  reconcile(key: string): Promise<number | null>;
}

/** `namespace/name` of the object's controller when it is of this kind. */
export function controllerKey(object: KubeObject | undefined, kind: string): string | undefined {
  const reference = object?.metadata.ownerReferences?.find(
    (it) => it.controller === true && it.kind === kind,
  );
  if (object === undefined || reference === undefined) return undefined;
  return `${object.metadata.namespace}/${reference.name}`;
}
