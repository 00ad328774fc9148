import { asList, asObject, type JsonObject } from "../json-object.ts";
import type { FieldSet, FieldSetCodec } from "./field-set.ts";

/** Who owns which fields, and by which operation. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** `status`, `scale`, or "" for the resource itself. */
  readonly subresource: string;
  readonly fields: FieldSet;
  readonly time: string;
}

/** metadata.managedFields. Entries that cannot be read own nothing. */
export function decodeManagers(codec: FieldSetCodec, managedFields: unknown): readonly Manager[] {
  return asList(managedFields).map((item) => {
    const entry = asObject(item);
    return {
      name: String(entry["manager"] ?? ""),
      operation: entry["operation"] === "Apply" ? "Apply" : "Update",
      apiVersion: String(entry["apiVersion"] ?? ""),
      subresource: String(entry["subresource"] ?? ""),
      fields: codec.decode(entry["fieldsV1"]),
      time: String(entry["time"] ?? ""),
    };
  });
}

/** Sorted as the real server does: who applies first, then by time and name. */
export function encodeManagers(codec: FieldSetCodec, managers: readonly Manager[]): readonly JsonObject[] {
  return [...managers]
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .map((manager) => ({
      manager: manager.name,
      operation: manager.operation,
      apiVersion: manager.apiVersion,
      time: manager.time,
      fieldsType: "FieldsV1",
      fieldsV1: codec.encode(manager.fields),
      ...(manager.subresource === "" ? {} : { subresource: manager.subresource }),
    }));
}

function orderOf({ operation, time, name, subresource }: Manager): string {
  return [operation, time, name, subresource].join("\u0001");
}

export function isSameManager(
  a: Pick<Manager, "name" | "operation" | "apiVersion" | "subresource">,
  b: Pick<Manager, "name" | "operation" | "apiVersion" | "subresource">,
): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === "Apply" || a.apiVersion === b.apiVersion)
  );
}
