import type { AnyObject, ObjectMeta, OwnerReference } from "../../kube/object.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { type FieldError, forbiddenValue, IMMUTABLE, invalidValue, requiredValue } from "./field-error.ts";
import type { Draft } from "./json-object.ts";
import { isLabelValue, isQualifiedName, type NameRule } from "./names.ts";

const MAX_ANNOTATION_BYTES = 256 * 1024;

/** What is wrong with the metadata of a new object (k8s.io/apimachinery/pkg/api/validation, ValidateObjectMeta). */
export function metaErrors(meta: ObjectMeta, rule: NameRule): readonly FieldError[] {
  const name = meta.name ?? "";
  const nameErrors =
    name === ""
      ? [requiredValue("metadata.name", "name or generateName is required")]
      : rule(name).map((problem) => invalidValue("metadata.name", name, problem));
  return [...nameErrors, ...sharedErrors(meta)];
}

function sharedErrors(meta: ObjectMeta): readonly FieldError[] {
  return [
    ...labelErrors("metadata.labels", meta.labels),
    ...annotationErrors(meta.annotations),
    ...ownerErrors(meta.ownerReferences ?? []),
    ...finalizerErrors(meta.finalizers ?? []),
  ];
}

export function labelErrors(
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): readonly FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...isQualifiedName(key).map((problem) => invalidValue(field, key, problem)),
    ...isLabelValue(value).map((problem) => invalidValue(field, value, problem)),
  ]);
}

function annotationErrors(annotations: Readonly<Record<string, string>> | undefined): readonly FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const errors = entries.flatMap(([key]) =>
    isQualifiedName(key.toLowerCase()).map((problem) => invalidValue("metadata.annotations", key, problem)),
  );
  const size = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (size <= MAX_ANNOTATION_BYTES) return errors;
  const body = `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`;
  return [...errors, { reason: "FieldValueTooLong", field: "metadata.annotations", body }];
}

function ownerErrors(owners: readonly OwnerReference[]): readonly FieldError[] {
  const field = "metadata.ownerReferences";
  const errors = owners.flatMap((owner) =>
    (["apiVersion", "kind", "name", "uid"] as const)
      .filter((member) => (owner[member] ?? "") === "")
      .map((member) => invalidValue(`${field}.${member}`, "", MISSING_OWNER[member])),
  );
  const controllers = owners.filter((owner) => owner.controller === true);
  const [first, second] = controllers;
  if (first === undefined || second === undefined) return errors;
  const found = `${first.kind}/${first.name} and ${second.kind}/${second.name}`;
  return [
    ...errors,
    invalidValue(
      field,
      owners,
      `Only one reference can have Controller set to true. Found "true" in references for ${found}`,
    ),
  ];
}

const MISSING_OWNER = {
  apiVersion: "version must not be empty",
  kind: "must not be empty",
  name: "must not be empty",
  uid: "must not be empty",
} as const;

function finalizerErrors(finalizers: readonly string[]): readonly FieldError[] {
  const field = "metadata.finalizers";
  const errors = finalizers.flatMap((finalizer) =>
    isQualifiedName(finalizer).map((problem) => invalidValue(field, finalizer, problem)),
  );
  if (!finalizers.includes("orphan") || !finalizers.includes("foregroundDeletion")) return errors;
  const both = "finalizer orphan and foregroundDeletion cannot be both set";
  return [...errors, invalidValue(field, finalizers, both)];
}

/** Warnings about finalizers without a domain. */
export function finalizerWarnings(meta: ObjectMeta): readonly string[] {
  return (meta.finalizers ?? [])
    .filter((finalizer) => !finalizer.includes("/") && !STANDARD_FINALIZERS.has(finalizer))
    .map(
      (finalizer) =>
        `metadata.finalizers: "${finalizer}": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
}

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

/** System fields that an update does not bring, or may not change, are those of the old object. */
export function inheritMeta(draft: Draft, old: AnyObject): void {
  const meta = draft["metadata"] as Draft;
  const before = old.metadata as unknown as Draft;
  for (const name of INHERITED_IF_ABSENT) if (!meta[name]) copyMember(meta, before, name);
  for (const name of INHERITED) copyMember(meta, before, name);
}

const INHERITED_IF_ABSENT = ["uid", "creationTimestamp", "namespace"];
const INHERITED = ["generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];

function copyMember(meta: Draft, before: Draft, name: string): void {
  if (before[name] === undefined) delete meta[name];
  else meta[name] = before[name];
}

/** What is wrong with new metadata in view of the old. */
export function metaUpdateErrors(meta: ObjectMeta, old: ObjectMeta): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const late = (meta.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
    if (late.length > 0) {
      const shown = late.map((finalizer) => JSON.stringify(finalizer)).join(", ");
      errors.push(
        forbiddenValue(
          "metadata.finalizers",
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`,
        ),
      );
    }
  }
  for (const name of ["name", "namespace", "uid", "creationTimestamp"] as const) {
    if (!isDeepEqual(meta[name], old[name])) {
      errors.push(invalidValue(`metadata.${name}`, meta[name], IMMUTABLE));
    }
  }
  return [...errors, ...sharedErrors(meta)];
}
