import { isDeepEqual } from "../../../lib/json.ts";
import { duplicateValue, type FieldError } from "../field-error.ts";
import { isObject, type JsonObject } from "../json-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { memberSchema } from "./schema-prune.ts";

/** The element of the old list that is the same as `item`: by its keys in a list of type map, else none. */
export function correlatedItem(schema: JsonSchema, item: unknown, old: readonly unknown[]): unknown {
  if (schema["x-kubernetes-list-type"] !== "map" || !isObject(item)) return undefined;
  const keys = keysOf(schema, item);
  return old.find((candidate) => isObject(candidate) && isDeepEqual(keysOf(schema, candidate), keys));
}

function keysOf(schema: JsonSchema, item: JsonObject): JsonObject {
  const names = schema["x-kubernetes-list-map-keys"] ?? [];
  return Object.fromEntries(
    [...names].sort().flatMap((name) => (Object.hasOwn(item, name) ? [[name, item[name]]] : [])),
  );
}

/** Elements that stand twice in lists of type set or map. */
export function duplicateErrors(schema: JsonSchema, value: unknown, field: string): readonly FieldError[] {
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    const nested = value.flatMap((item, index) => duplicateErrors(items, item, `${field}[${index}]`));
    return [...ownDuplicates(schema, value, field), ...nested];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const known = memberSchema(schema, name);
    return known === undefined
      ? []
      : duplicateErrors(known, member, field === "" ? name : `${field}.${name}`);
  });
}

function ownDuplicates(schema: JsonSchema, value: readonly unknown[], field: string): readonly FieldError[] {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return [];
  const keys = value.map((item) => (type === "map" && isObject(item) ? keysOf(schema, item) : item));
  const seen = new Set<string>();
  return keys.flatMap((key, index) => {
    const text = JSON.stringify(key);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [duplicateValue(`${field}[${index}]`, key)];
  });
}
