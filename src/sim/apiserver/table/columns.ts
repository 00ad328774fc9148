import { asObject, type JsonObject } from "../json-object.ts";
import { BUILTIN_DEFINITIONS } from "../openapi/builtin-definitions.ts";
import { timeSince } from "./human-duration.ts";

/** A column of a Table, and how its cells are made. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority: number;
  /** A string, number, boolean or null. */
  readonly cell: (object: JsonObject, nowMs: number) => unknown;
}

export type ColumnSet = readonly Column[];

interface ColumnOptions {
  readonly type?: string;
  readonly format?: string;
  readonly wide?: boolean;
}

export function column(
  name: string,
  description: string,
  cell: Column["cell"],
  options: ColumnOptions = {},
): Column {
  const { type = "string", format = "", wide = false } = options;
  return { name, type, format, description, priority: wide ? 1 : 0, cell };
}

/** A column that `-o wide` alone shows. */
export function wideColumn(name: string, description: string, cell: Column["cell"]): Column {
  return column(name, description, cell, { wide: true });
}

export function integerColumn(name: string, description: string, cell: Column["cell"]): Column {
  return column(name, description, cell, { type: "integer" });
}

/** The description of a field in Kubernetes' OpenAPI: `docOf("core.v1.PodStatus", "podIP")`. */
export function docOf(type: string, field: string): string {
  const name = type.startsWith("meta.") ? `io.k8s.apimachinery.pkg.apis.${type}` : `io.k8s.api.${type}`;
  const text = BUILTIN_DEFINITIONS[name]?.properties?.[field]?.description ?? "";
  // The paragraph that lists the values of an enum is added to the schema alone.
  return text.split("\n\nPossible enum values:")[0] ?? "";
}

export const NONE = "<none>";

export function metadataOf(object: JsonObject): JsonObject {
  return asObject(object["metadata"]);
}

export function specOf(object: JsonObject): JsonObject {
  return asObject(object["spec"]);
}

export function statusOf(object: JsonObject): JsonObject {
  return asObject(object["status"]);
}

export const NAME: Column = column(
  "Name",
  docOf("meta.v1.ObjectMeta", "name"),
  (object) => metadataOf(object)["name"] ?? "",
  {
    format: "name",
  },
);

const CREATED_TEXT = docOf("meta.v1.ObjectMeta", "creationTimestamp");

/** How long ago the object was made, as text: built-in kinds. */
export const AGE: Column = column("Age", CREATED_TEXT, (object, nowMs) =>
  timeSince(metadataOf(object)["creationTimestamp"], nowMs),
);

/** The same with the type `date`: custom resources. */
export const CUSTOM_AGE: Column = { ...AGE, type: "date" };

/** Kinds without columns of their own show when the object was made. */
export const DEFAULT_COLUMNS: ColumnSet = [
  NAME,
  column("Created At", CREATED_TEXT, (object) => metadataOf(object)["creationTimestamp"] ?? null, {
    type: "date",
  }),
];

/** Of `/scale`. */
export const SCALE_COLUMNS: ColumnSet = [
  NAME,
  integerColumn("Desired", "Number of desired replicas", (object) => specOf(object)["replicas"] ?? 0),
  integerColumn("Available", "Number of actual replicas", (object) => statusOf(object)["replicas"] ?? 0),
  CUSTOM_AGE,
];
