import { copyJson, type Draft, isObject } from "../json-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { memberSchema } from "./schema-prune.ts";

/**
 * Fills in the defaults of a structural schema, in place. A null in a member that is not nullable counts as absent:
 * it takes the default, or is dropped (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting).
 */
export function applyDefaults(schema: JsonSchema, draft: Draft): void {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const value = draft[name];
    const isAbsent = value === undefined || (value === null && member.nullable !== true);
    if (!isAbsent) continue;
    if (member.default !== undefined) draft[name] = copyJson(member.default);
    else if (value === null) delete draft[name];
  }
  for (const [name, value] of Object.entries(draft)) {
    const member = memberSchema(schema, name);
    if (member === undefined) continue;
    if (value === null && member.nullable !== true && schema.properties?.[name] === undefined) {
      if (member.default !== undefined) draft[name] = copyJson(member.default);
      continue;
    }
    defaultValue(member, value);
  }
}

function defaultValue(schema: JsonSchema, value: unknown): void {
  if (isObject(value)) applyDefaults(schema, value as Draft);
  else if (Array.isArray(value) && schema.items !== undefined) {
    for (const item of value) defaultValue(schema.items, item);
  }
}
