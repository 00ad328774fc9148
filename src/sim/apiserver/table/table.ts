import { asList, asObject, type JsonObject } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { CLUSTER_COLUMNS } from "./cluster-columns.ts";
import { type ColumnSet, DEFAULT_COLUMNS, metadataOf, SCALE_COLUMNS, statusOf } from "./columns.ts";
import { customColumns } from "./custom-columns.ts";
import { NETWORK_COLUMNS } from "./network-columns.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { WORKLOAD_COLUMNS } from "./workload-columns.ts";

/** What a row carries beside its cells. */
export type IncludeObject = "Metadata" | "Object" | "None";

export interface TableOptions {
  /** `v1` or `v1beta1` of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  readonly nowMs: number;
  /** Events of a watch after the first have none. */
  readonly withHeaders: boolean;
}

const BUILTIN: Readonly<Record<string, ColumnSet>> = {
  ...WORKLOAD_COLUMNS,
  ...NETWORK_COLUMNS,
  ...CLUSTER_COLUMNS,
};

/** The columns in which a resource, or its `/scale`, is shown. */
export function columnsOf(definition: ResourceDefinition, kind: string): ColumnSet {
  if (kind === "Scale") return SCALE_COLUMNS;
  if (definition.custom) return customColumns(definition);
  return BUILTIN[`${definition.group}/${definition.kind}`] ?? DEFAULT_COLUMNS;
}

/** An object or a list as a meta.k8s.io Table, the form in which kubectl prints. */
export function tableOf(body: JsonObject, columns: ColumnSet, options: TableOptions): JsonObject {
  const isList = Array.isArray(body["items"]);
  const objects = isList ? asList(body["items"]).map(asObject) : [body];
  const { resourceVersion, ...page } = metadataOf(body);
  const paging = isList
    ? definedOf({ continue: page["continue"] || undefined, remainingItemCount: page["remainingItemCount"] })
    : {};
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: { resourceVersion: resourceVersion ?? "", ...paging },
    columnDefinitions: options.withHeaders ? columns.map(({ cell: _, ...header }) => header) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.nowMs)),
      ...conditionsOf(object),
      object: rowObject(object, body, options),
    })),
  };
}

function rowObject(object: JsonObject, list: JsonObject, options: TableOptions): JsonObject | null {
  if (options.includeObject === "None") return null;
  if (options.includeObject === "Metadata") return partialMetadata(object, options.version);
  if (object["kind"] !== undefined) return object;
  // Items of built-in lists do not name their kind; standing alone they do.
  return { kind: String(list["kind"]).replace(/List$/, ""), apiVersion: list["apiVersion"], ...object };
}

const COMPLETED: Readonly<Record<string, string>> = {
  Succeeded: "The pod has completed successfully.",
  Failed: "The pod failed.",
};

/** Pods that have run to their end are marked, so that clients can hide them. */
function conditionsOf(object: JsonObject): JsonObject {
  const isPod = asObject(object["spec"])["containers"] !== undefined;
  const phase = String(statusOf(object)["phase"] ?? "");
  const message = isPod ? COMPLETED[phase] : undefined;
  if (message === undefined) return {};
  return { conditions: [{ type: "Completed", status: "True", reason: phase, message }] };
}

function definedOf(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
