import { z } from "zod";

/** A node of an OpenAPI v3 schema as the API server wants it for custom resources. */
export type SchemaNode = { [member: string]: unknown };

/**
 * A zod schema as a structural schema (kubernetes.io/docs, "Specifying a structural schema"): what JSON Schema can say
 * and structural schemas may not is taken away, since CEL rules and pruning stand in for it.
 */
export function toStructural(schema: z.ZodType): SchemaNode {
  return clean(z.toJSONSchema(schema, { io: "input", target: "openapi-3.0" }) as SchemaNode);
}

const DROPPED = ["$schema", "additionalProperties", "propertyNames", "anyOf", "id", "title"];

function clean(node: SchemaNode): SchemaNode {
  const kept = Object.fromEntries(Object.entries(node).filter(([key]) => !DROPPED.includes(key)));
  if (node["x-kubernetes-preserve-unknown-fields"] === true) return withoutType(kept, node);
  if (isIntOrString(node)) return { ...kept, "x-kubernetes-int-or-string": true };
  if (kept.type === "integer") dropSafeIntegerBounds(kept);
  if (typeof node.properties === "object") kept.properties = mapValues(node.properties as SchemaNode, clean);
  if (typeof node.items === "object") kept.items = clean(node.items as SchemaNode);
  if (isSchema(node.additionalProperties)) kept.additionalProperties = clean(node.additionalProperties);
  return kept;
}

/** A free-form object keeps its type; a member that takes several types has none. */
function withoutType(kept: SchemaNode, node: SchemaNode): SchemaNode {
  const rest = Object.fromEntries(
    Object.entries(kept).filter(([key]) => key !== "type" && key !== "properties"),
  );
  return node.anyOf === undefined ? { type: "object", ...rest } : rest;
}

function isIntOrString(node: SchemaNode): boolean {
  const types = Array.isArray(node.anyOf) ? node.anyOf.map((option: SchemaNode) => option.type) : [];
  return types.length === 2 && types.includes("integer") && types.includes("string");
}

/** zod bounds every integer by what JavaScript can hold; that is nothing a user needs to read. */
function dropSafeIntegerBounds(node: SchemaNode): void {
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
}

function isSchema(value: unknown): value is SchemaNode {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function mapValues(object: SchemaNode, map: (node: SchemaNode) => SchemaNode): SchemaNode {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value as SchemaNode)]));
}
