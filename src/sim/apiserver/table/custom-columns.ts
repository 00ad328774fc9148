import type { JsonObject } from "../json-object.ts";
import type { PrinterColumn, ResourceDefinition } from "../registry.ts";
import { type Column, type ColumnSet, CUSTOM_AGE, NAME } from "./columns.ts";
import { timeSince } from "./human-duration.ts";
import { type JsonPath, parseJsonPath } from "./json-path.ts";

/** The columns of a custom resource: its name and its additionalPrinterColumns, or name and age. */
export function customColumns(definition: ResourceDefinition): ColumnSet {
  if (definition.printerColumns.length === 0) return [NAME, CUSTOM_AGE];
  return [NAME, ...definition.printerColumns.map(printerColumn)];
}

function printerColumn(column: PrinterColumn): Column {
  const path = parseJsonPath(column.jsonPath);
  const cell = path === undefined ? () => null : cellMaker(column.type, path);
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? "",
    description:
      column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell,
  };
}

/** A value of another type than the column's shows as an empty cell. */
function cellMaker(type: string, path: JsonPath): (object: JsonObject, nowMs: number) => unknown {
  return (object, nowMs) => {
    const [value] = path.find(object);
    if (value === undefined || value === null) return null;
    switch (type) {
      case "string":
        return typeof value === "object" ? JSON.stringify(value) : String(value);
      case "integer":
        return typeof value === "number" ? Math.trunc(value) : null;
      case "number":
        return typeof value === "number" ? value : null;
      case "boolean":
        return typeof value === "boolean" ? value : null;
      case "date":
        return typeof value === "string" ? timeSince(value, nowMs) : null;
      default:
        return null;
    }
  };
}
