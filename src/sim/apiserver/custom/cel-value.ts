import { type Draft, isObject } from "../json-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { memberSchema } from "./schema-prune.ts";

/** A JSON value as CEL sees it through its schema: integers are ints, date-times are timestamps, names are escaped. */
export function toCel(schema: JsonSchema | undefined, value: unknown): unknown {
  if (typeof value === "number") return isInteger(schema, value) ? BigInt(value) : value;
  if (typeof value === "string") return schema?.format === "date-time" ? new Date(value) : value;
  if (Array.isArray(value)) return value.map((item) => toCel(schema?.items, item));
  if (!isObject(value)) return value;
  const converted: Draft = {};
  for (const [name, member] of Object.entries(value)) {
    const isProperty = schema?.properties !== undefined && Object.hasOwn(schema.properties, name);
    const known = schema === undefined ? undefined : memberSchema(schema, name);
    converted[isProperty ? escapeName(name) : name] = toCel(known, member);
  }
  return converted;
}

function isInteger(schema: JsonSchema | undefined, value: number): boolean {
  return Number.isInteger(value) && schema?.type !== "number";
}

const RESERVED: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** Property names that are no CEL identifiers (k8s.io/apiserver/pkg/cel/escaping.go). */
export function escapeName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}
