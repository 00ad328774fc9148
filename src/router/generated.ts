import { isMadeFor, ownerReferenceTo, ownershipLabels } from "../api/ownership.ts";
import type { Rollout } from "../api/rollout.ts";
import { isNotFound } from "../kube/api-error.ts";
import type { Client } from "../kube/client.ts";
import { type KubeObject, keyOf, type ObjectMeta } from "../kube/object.ts";
import type { Reader } from "../kube/reader.ts";
import { apiVersionOf, type Resource } from "../kube/resource.ts";
import { present } from "../lib/assert.ts";
import { differenceText, firstDifference } from "./difference.ts";
import { ForeignObjectError, foreignText } from "./foreign-object.ts";
import { GITOPS_GUARDS } from "./guards.ts";

type Spec = Readonly<Record<string, unknown>>;

/** An object that we make, and keep as we made it. */
export interface Generated<T extends KubeObject & { readonly spec: Spec }> {
  readonly resource: Resource<T>;
  readonly reader: Reader<T>;
  readonly name: string;
  readonly spec: T["spec"];
  /** Members of spec that are ours: there `spec` is the whole truth. Others may add theirs beside them. */
  readonly owned: readonly string[];
}

export function generatedMeta(rollout: Rollout, name: string): ObjectMeta {
  const { namespace } = rollout.metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: ownershipLabels(rollout),
    annotations: GITOPS_GUARDS,
    ownerReferences: [ownerReferenceTo(rollout)],
  };
}

/** The object as it is known now. */
export function findGenerated<T extends KubeObject & { readonly spec: Spec }>(
  rollout: Rollout,
  wanted: Generated<T>,
): T | undefined {
  return wanted.reader.get({ namespace: rollout.metadata.namespace, name: wanted.name });
}

/** `VirtualService shop/checkout`, where it is there and ours; else null. */
export function titleOfOwn<T extends KubeObject & { readonly spec: Spec }>(
  rollout: Rollout,
  wanted: Generated<T>,
): string | null {
  const actual = findGenerated(rollout, wanted);
  return actual !== undefined && isMadeFor(rollout, actual) ? titleOf(rollout, wanted) : null;
}

/** A sentence that says where the object differs from what is wanted; null when it does not. */
export function driftOf<T extends KubeObject & { readonly spec: Spec }>(
  rollout: Rollout,
  wanted: Generated<T>,
): string | null {
  const actual = findGenerated(rollout, wanted);
  const title = titleOf(rollout, wanted);
  if (actual === undefined) return `${title} is missing`;
  if (!isMadeFor(rollout, actual)) return foreign(rollout, wanted);
  const difference =
    firstDifference(
      metadataOf(rollout, wanted.name),
      comparableMeta(rollout, actual.metadata),
      "subset",
      "metadata",
    ) ?? firstDifference(wanted.spec, pick(actual.spec, wanted.owned), "exact", "spec");
  return difference === null ? null : `${title}: ${differenceText(difference)}`;
}

/** One write, or none when the object is as wanted. Rejects with ForeignObjectError when it is not ours. */
export async function ensureGenerated<T extends KubeObject & { readonly spec: Spec }>(
  client: Client,
  rollout: Rollout,
  wanted: Generated<T>,
): Promise<void> {
  const actual = findGenerated(rollout, wanted);
  if (actual === undefined) {
    await client.create(wanted.resource, newObject(rollout, wanted));
    return;
  }
  if (!isMadeFor(rollout, actual)) throw new ForeignObjectError(foreign(rollout, wanted));
  if (driftOf(rollout, wanted) === null) return;
  const meta = generatedMeta(rollout, wanted.name);
  const kept = Object.fromEntries(
    Object.entries(actual.spec).filter(([name]) => !wanted.owned.includes(name)),
  );
  // The server keeps managedFields that are not given.
  const { managedFields: _, ...metadata } = actual.metadata;
  await client.update(wanted.resource, {
    ...actual,
    metadata: {
      ...metadata,
      labels: { ...actual.metadata.labels, ...meta.labels },
      annotations: { ...actual.metadata.annotations, ...meta.annotations },
      ownerReferences: [...otherControllers(actual.metadata), ...(meta.ownerReferences ?? [])],
    },
    spec: { ...kept, ...wanted.spec },
  });
}

/** Deletes it when it is ours and there. */
export async function removeGenerated<T extends KubeObject & { readonly spec: Spec }>(
  client: Client,
  rollout: Rollout,
  wanted: Generated<T>,
): Promise<void> {
  const actual = findGenerated(rollout, wanted);
  if (actual === undefined || !isMadeFor(rollout, actual)) return;
  try {
    await client.delete(wanted.resource, keyOf(actual), {
      preconditions: { uid: present(actual.metadata.uid, `uid of ${wanted.resource.kind} ${wanted.name}`) },
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

export function newObject<T extends KubeObject & { readonly spec: Spec }>(
  rollout: Rollout,
  wanted: Generated<T>,
): T {
  return {
    apiVersion: apiVersionOf(wanted.resource),
    kind: wanted.resource.kind,
    metadata: generatedMeta(rollout, wanted.name),
    spec: wanted.spec,
  } as unknown as T;
}

function titleOf(rollout: Rollout, wanted: { readonly resource: Resource; readonly name: string }): string {
  return `${wanted.resource.kind} ${rollout.metadata.namespace ?? "default"}/${wanted.name}`;
}

function foreign(rollout: Rollout, wanted: { readonly resource: Resource; readonly name: string }): string {
  const { namespace, name } = rollout.metadata;
  return foreignText({ kind: wanted.resource.kind, namespace, name: wanted.name, rollout: name });
}

function metadataOf(rollout: Rollout, name: string): unknown {
  const { labels, annotations } = generatedMeta(rollout, name);
  return { labels, annotations, owner: present(rollout.metadata.uid, "the Rollout's uid") };
}

function comparableMeta(rollout: Rollout, metadata: ObjectMeta): unknown {
  const owner = metadata.ownerReferences?.find((it) => it.uid === rollout.metadata.uid);
  return { labels: metadata.labels, annotations: metadata.annotations, owner: owner?.uid };
}

/** A Rollout that was deleted and made again has a new uid; its old reference would have the object collected. */
function otherControllers(metadata: ObjectMeta): NonNullable<ObjectMeta["ownerReferences"]> {
  return (metadata.ownerReferences ?? []).filter((it) => it.controller !== true);
}

function pick(spec: Spec, names: readonly string[]): Spec {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => names.includes(name)));
}
