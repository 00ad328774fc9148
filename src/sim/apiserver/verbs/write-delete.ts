import type { AnyObject, ObjectMeta } from "../../../kube/object.ts";
import { type Backend, nowText } from "../backend.ts";
import { CLEANUP_FINALIZER } from "../custom/crd-controller.ts";
import { asList, asObject, type Draft, type JsonObject } from "../json-object.ts";
import { conflict } from "../status.ts";
import { formatTime } from "../typed-scalar.ts";
import type { Call } from "./call.ts";
import type { DeleteOptions } from "./request-options.ts";

export interface Deletion {
  /** The object as it is after the request: its last state, or waiting with a deletionTimestamp. */
  readonly object: AnyObject;
  readonly isGone: boolean;
}

/** Deletes an object, or marks it where finalizers or a grace period hold it. */
export function deleteObject(
  backend: Backend,
  call: Call,
  object: AnyObject,
  options: DeleteOptions,
): Deletion {
  checkPreconditions(call, object, options);
  const marked = markDeleted(backend, call, object, options);
  const isGone = marked === undefined;
  if (options.dryRun) return { object: marked ?? object, isGone };
  const { storage } = call.definition;
  if (marked === undefined) {
    const last = removeNow(backend, storage, object);
    backend.afterWrite(call.definition, last, true);
    return { object: last, isGone: true };
  }
  if (marked === object) return { object, isGone: false };
  const stored = backend.store.replace(storage, marked);
  backend.afterWrite(call.definition, stored, false);
  return { object: stored, isGone: false };
}

/** Pods are marked before they go, even where nobody has to be waited for. */
function removeNow(backend: Backend, storage: string, object: AnyObject): AnyObject {
  if (storage !== "pods") return backend.store.remove(storage, object);
  const mark = { deletionTimestamp: nowText(backend), graceSeconds: 0, finalizers: [] };
  return backend.store.remove(storage, backend.store.replace(storage, withDeletionMark(object, mark)));
}

function checkPreconditions(call: Call, object: AnyObject, { uid, resourceVersion }: DeleteOptions): void {
  const { definition } = call;
  const { name } = object.metadata;
  const failure = (text: string) => conflict({ ...definition, plural: definition.kind }, name, text);
  if (uid !== undefined && uid !== object.metadata.uid) {
    throw failure(
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
    throw failure(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${object.metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** undefined: nothing holds the object; itself: it is marked already, and nothing changes. */
function markDeleted(
  backend: Backend,
  call: Call,
  object: AnyObject,
  options: DeleteOptions,
): AnyObject | undefined {
  const { metadata } = object;
  const finalizers = finalizersFor(object, options.propagation);
  const graceSeconds = graceOf(call, object, options);
  const isHeld = finalizers.length > 0 || isHeldBySpec(object);
  if (!isHeld && graceSeconds === 0) return undefined;
  const hasSameFinalizers = finalizers.join() === (metadata.finalizers ?? []).join();
  const isDeleting = metadata.deletionTimestamp !== undefined;
  const isShorter = graceSeconds < (metadata.deletionGracePeriodSeconds ?? 0);
  if (isDeleting && hasSameFinalizers && !isShorter) return object;
  return withDeletionMark(object, {
    deletionTimestamp: deletionTime(backend, object, graceSeconds),
    graceSeconds: KEEPS_GENERATION.has(object.kind) ? undefined : graceSeconds,
    finalizers,
  });
}

/** When the grace period ends. A shorter one counts from the same beginning. */
function deletionTime(backend: Backend, { metadata }: AnyObject, graceSeconds: number): string {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata;
  if (deletionTimestamp === undefined) return formatTime(backend.clock.now() + graceSeconds * 1_000);
  return formatTime(
    Date.parse(deletionTimestamp) - Math.max(0, deletionGracePeriodSeconds - graceSeconds) * 1_000,
  );
}

interface Mark {
  readonly deletionTimestamp: string;
  readonly graceSeconds: number | undefined;
  readonly finalizers: readonly string[];
}

/** The beginning of a deletion counts as a generation where generations are counted. */
function withDeletionMark(object: AnyObject, mark: Mark): AnyObject {
  const { metadata } = object;
  const isFirst = metadata.deletionTimestamp === undefined;
  const meta: Draft = { ...metadata, deletionTimestamp: mark.deletionTimestamp };
  if (mark.graceSeconds !== undefined) meta["deletionGracePeriodSeconds"] = mark.graceSeconds;
  if (mark.finalizers.length > 0) meta["finalizers"] = mark.finalizers;
  else delete meta["finalizers"];
  if (isFirst && (metadata.generation ?? 0) > 0 && !KEEPS_GENERATION.has(object.kind)) {
    meta["generation"] = (metadata.generation ?? 0) + 1;
  }
  return { ...object, ...dyingStatus(object, mark), metadata: meta as unknown as ObjectMeta };
}

/** Namespaces and CustomResourceDefinitions say in their status that they are on their way out. */
function dyingStatus(object: AnyObject, mark: Mark): JsonObject {
  const status = asObject(object["status"]);
  if (object.kind === "Namespace") return { status: { ...status, phase: "Terminating" } };
  if (object.kind !== "CustomResourceDefinition") return {};
  const condition = { ...TERMINATING, lastTransitionTime: mark.deletionTimestamp };
  return { status: { ...status, conditions: [...asList(status["conditions"]), condition] } };
}

const TERMINATING = {
  type: "Terminating",
  status: "True",
  reason: "InstanceDeletionPending",
  message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
};

/** Kinds whose own delete handlers mark them. */
const KEEPS_GENERATION: ReadonlySet<string> = new Set(["CustomResourceDefinition", "Namespace"]);

function finalizersFor(object: AnyObject, propagation: DeleteOptions["propagation"]): readonly string[] {
  const current = object.metadata.finalizers ?? [];
  if (object.kind === "CustomResourceDefinition") {
    return current.includes(CLEANUP_FINALIZER) ? current : [...current, CLEANUP_FINALIZER];
  }
  const others = current.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  switch (propagation) {
    case "Foreground":
      return [...others, FOREGROUND];
    case "Orphan":
      return [...others, ORPHAN];
    case "Background":
      return others;
    case undefined:
      return current;
  }
}

/** Namespaces are held by their spec until they are empty. */
function isHeldBySpec(object: AnyObject): boolean {
  if (object.kind !== "Namespace") return false;
  const { finalizers } = (object["spec"] ?? {}) as { readonly finalizers?: readonly string[] };
  return (finalizers ?? []).length > 0;
}

/** Only pods are deleted gracefully, and only once they run on a node. */
function graceOf(call: Call, object: AnyObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (call.definition.storage !== "pods") return 0;
  const spec = (object["spec"] ?? {}) as {
    readonly nodeName?: string;
    readonly terminationGracePeriodSeconds?: number;
  };
  const { phase } = (object["status"] ?? {}) as { readonly phase?: string };
  if ((spec.nodeName ?? "") === "" || phase === "Failed" || phase === "Succeeded") return 0;
  const wanted = gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  return wanted < 0 ? 1 : wanted;
}

const DEFAULT_GRACE_SECONDS = 30;
