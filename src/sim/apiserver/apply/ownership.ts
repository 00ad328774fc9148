import type { JsonObject } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { StatusFailure } from "../status.ts";
import {
  difference,
  type FieldSet,
  type FieldSetCodec,
  intersection,
  isEmptySet,
  isSameSet,
  only,
  pathsOf,
  union,
  without,
} from "./field-set.ts";
import { decodeManagers, encodeManagers, isSameManager, type Manager } from "./managed-fields.ts";
import type { TypeView } from "./type-view.ts";
import { compare, fieldsOf, merge, prune } from "./walk.ts";

/** A writer of one request. */
export interface Writer {
  readonly name: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
}

/** Metadata that nobody owns. */
const SYSTEM_META = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
].map((name) => `f:${name}`);

/** The part of a set that a writer of this subresource can own. */
export function ownable(set: FieldSet, definition: ResourceDefinition, subresource: string): FieldSet {
  const stripped = withoutSystemFields(set);
  if (subresource === "status") {
    // Custom resources change nothing but the status there; built-in ones labels and annotations as well.
    return definition.custom ? only(stripped, ["f:status"]) : without(stripped, ["f:spec"]);
  }
  const hasStatus = definition.subresources.some(({ name }) => name === "status");
  return hasStatus ? without(stripped, ["f:status"]) : stripped;
}

function withoutSystemFields(set: FieldSet): FieldSet {
  const rest = without(set, ["f:apiVersion", "f:kind"]);
  const meta = rest.children.get("f:metadata");
  if (meta === undefined) return { ...rest, isMember: false };
  const own = { ...without(meta, SYSTEM_META), isMember: false };
  const children = new Map(rest.children);
  if (isEmptySet(own)) children.delete("f:metadata");
  else children.set("f:metadata", own);
  return { isMember: false, children };
}

export interface OwnershipContext {
  readonly codec: FieldSetCodec;
  readonly definition: ResourceDefinition;
  readonly view: TypeView;
  readonly writer: Writer;
}

/**
 * managedFields after a create, PUT or patch (structured-merge-diff, Updater.Update): the writer takes what it has
 * changed from everybody, and what is gone is owned by nobody.
 */
export function ownershipAfterUpdate(
  context: OwnershipContext,
  before: JsonObject,
  after: JsonObject,
  managedFields: unknown,
): readonly JsonObject[] {
  const { codec, definition, view, writer } = context;
  const { changed, removed } = compare(view, before, after);
  const taken = ownable(changed, definition, writer.subresource);
  const gone = withoutSystemFields(removed);
  const self = { ...writer, operation: "Update" as const };
  const managers = decodeManagers(codec, managedFields);
  const others = withoutFields(
    managers.filter((manager) => !isSameManager(manager, self)),
    union(taken, gone),
  );
  const previous = managers.find((manager) => isSameManager(manager, self));
  const fields = union(previous === undefined ? taken : difference(previous.fields, gone), taken);
  if (isEmptySet(fields)) return encodeManagers(codec, others);
  const isUnchanged = previous !== undefined && isSameSet(previous.fields, fields);
  return encodeManagers(codec, [...others, isUnchanged ? previous : { ...self, fields }]);
}

function withoutFields(managers: readonly Manager[], fields: FieldSet): readonly Manager[] {
  return managers
    .map((manager) => {
      const left = difference(manager.fields, fields);
      return left === manager.fields ? manager : { ...manager, fields: left };
    })
    .filter((manager) => !isEmptySet(manager.fields));
}

export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: readonly JsonObject[];
}

/**
 * An object after server-side apply (structured-merge-diff, Updater.Apply). Fields that others own and that would get
 * another value are conflicts, unless forced; what the manager owned and has left out is removed.
 */
export function applyConfiguration(
  context: OwnershipContext,
  live: JsonObject,
  config: JsonObject,
  managedFields: unknown,
  force: boolean,
): Applied {
  const { codec, definition, view, writer } = context;
  const self = { ...writer, operation: "Apply" as const };
  const managers = decodeManagers(codec, managedFields);
  const previous = managers.find((manager) => isSameManager(manager, self));
  const others = managers.filter((manager) => manager !== previous);
  const claimed = ownable(fieldsOf(view, config), definition, writer.subresource);
  const kept = others.reduce((all, manager) => union(all, manager.fields), claimed);
  const merged = merge(view, live, config);
  const givenUp = previous === undefined ? undefined : difference(previous.fields, claimed);
  const object = (givenUp === undefined ? merged : prune(view, merged, givenUp, kept)) as JsonObject;
  const { changed, removed } = compare(view, live, object);
  const conflicts = others.flatMap((manager) => {
    const fields = intersection(manager.fields, changed);
    return isEmptySet(fields) ? [] : [{ manager, paths: pathsOf(fields) }];
  });
  if (conflicts.length > 0 && !force) throw conflictFailure(conflicts);
  const left = withoutFields(others, union(changed, removed));
  const isUnchanged =
    previous !== undefined && isSameSet(previous.fields, claimed) && isEmptySet(union(changed, removed));
  const own = isUnchanged ? previous : { ...self, fields: claimed };
  return { object, managedFields: encodeManagers(codec, isEmptySet(claimed) ? left : [...left, own]) };
}

interface Conflict {
  readonly manager: Manager;
  readonly paths: readonly string[];
}

function conflictFailure(conflicts: readonly Conflict[]): StatusFailure {
  const count = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  const lines = conflicts.map(({ manager, paths }) =>
    paths.length === 1
      ? `conflict with ${managerText(manager)}: ${paths[0]}`
      : `conflicts with ${managerText(manager)}:\n${paths.map((path) => `- ${path}`).join("\n")}`,
  );
  return new StatusFailure({
    message: `Apply failed with ${count} conflict${count === 1 ? "" : "s"}: ${lines.join("\n")}`,
    reason: "Conflict",
    details: {
      causes: conflicts.flatMap(({ manager, paths }) =>
        paths.map((path) => ({
          reason: "FieldManagerConflict",
          message: `conflict with ${managerText(manager)}`,
          field: path,
        })),
      ),
    },
    code: 409,
  });
}

function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const quoted = JSON.stringify(name);
  const own = subresource === "" ? quoted : `${quoted} with subresource ${JSON.stringify(subresource)}`;
  return operation === "Update" ? `${own} using ${apiVersion}` : own;
}
