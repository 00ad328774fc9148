import type { DecodeReport } from "../decode-report.ts";
import { copyJson, type Draft, isObject, type JsonObject, setOwn } from "../json-object.ts";
import type { JsonSchema } from "./json-schema.ts";

/**
 * A copy of an object without the members that its structural schema does not know
 * (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning). Dropped members are reported with their path.
 */
export function pruneObject(
  schema: JsonSchema,
  value: JsonObject,
  path: string,
  report: DecodeReport,
): Draft {
  const kept: Draft = {};
  for (const name of Object.keys(value).sort()) {
    const memberPath = path === "" ? name : `${path}.${name}`;
    const member = memberSchema(schema, name);
    if (member !== undefined) setOwn(kept, name, pruneValue(member, value[name], memberPath, report));
    else if (schema["x-kubernetes-preserve-unknown-fields"] === true)
      setOwn(kept, name, copyJson(value[name]));
    else report.unknownField(memberPath);
  }
  return kept;
}

function pruneValue(schema: JsonSchema, value: unknown, path: string, report: DecodeReport): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return copyJson(value);
    return value.map((item, index) => pruneValue(items, item, `${path}[${index}]`, report));
  }
  if (!isObject(value)) return value;
  if (schema["x-kubernetes-embedded-resource"] === true) return pruneEmbedded(schema, value, path, report);
  return pruneObject(schema, value, path, report);
}

/** An embedded object keeps apiVersion, kind and metadata. */
function pruneEmbedded(schema: JsonSchema, value: JsonObject, path: string, report: DecodeReport): Draft {
  const { apiVersion, kind, metadata, ...rest } = value;
  const kept = pruneObject(schema, rest, path, report);
  const own = { apiVersion, kind, metadata: copyJson(metadata) };
  for (const [name, member] of Object.entries(own)) if (member !== undefined) kept[name] = member;
  return kept;
}

/** The schema of a member; undefined when the schema does not know it. */
export function memberSchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name))
    return schema.properties[name];
  const { additionalProperties } = schema;
  if (additionalProperties === undefined || additionalProperties === false) return undefined;
  return additionalProperties === true ? ANYTHING : additionalProperties;
}

const ANYTHING: JsonSchema = { "x-kubernetes-preserve-unknown-fields": true };
