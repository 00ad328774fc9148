import { asList, asObject, asText, isObject, type JsonObject } from "../json-object.ts";
import { ProtobufWriter } from "../wire/protobuf-writer.ts";

/**
 * The OpenAPI v2 document of the given v3 schemas. Clients of today read paths and query parameters from v3; of v2
 * kubectl takes the definitions alone (to learn how to patch), so these are what it holds.
 */
export function openApiV2Document(
  info: { readonly title: string; readonly version: string },
  schemas: Readonly<Record<string, JsonObject>>,
): JsonObject {
  const definitions = Object.entries(schemas).map(([name, schema]) => [name, toV2(schema)]);
  return { swagger: "2.0", info, paths: {}, definitions: Object.fromEntries(definitions) };
}

/** Members that v2 has no word for. */
const DROPPED: ReadonlySet<string> = new Set(["anyOf", "oneOf", "not", "nullable", "allOf"]);

function toV2(schema: JsonObject): JsonObject {
  const reference = asText(schema["$ref"]) ?? asText(asObject(asList(schema["allOf"])[0])["$ref"]);
  if (reference !== undefined) {
    const name = reference.slice(reference.lastIndexOf("/") + 1);
    return { ...described(schema), $ref: `#/definitions/${name}` };
  }
  if (schema["format"] === "int-or-string")
    return { ...described(schema), type: "string", format: "int-or-string" };
  if (Array.isArray(schema["oneOf"]) && schema["type"] === undefined)
    return { ...described(schema), type: "string" };
  const kept = Object.entries(schema).filter(([name]) => !DROPPED.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, memberToV2(name, value)]));
}

function memberToV2(name: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  if (name === "properties")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toV2(asObject(item))]));
  return name === "items" || name === "additionalProperties" ? toV2(value) : value;
}

function described(schema: JsonObject): JsonObject {
  const extensions = Object.entries(schema).filter(
    ([name]) => name === "description" || name.startsWith("x-"),
  );
  return Object.fromEntries(extensions);
}

/** The document as the protobuf message openapi.v2.Document (github.com/google/gnostic, openapiv2/OpenAPIv2.proto). */
export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  const info = asObject(document["info"]);
  return new ProtobufWriter()
    .text(1, "2.0")
    .message(2, (writer) => writer.text(1, asText(info["title"])).text(2, asText(info["version"])))
    .message(8, () => {})
    .message(9, (writer) => writeNamedSchemas(writer, asObject(document["definitions"])))
    .finish();
}

function writeNamedSchemas(writer: ProtobufWriter, schemas: JsonObject): void {
  for (const [name, schema] of Object.entries(schemas)) {
    writer.message(1, (named) =>
      named.text(1, name).message(2, (inner) => writeSchema(inner, asObject(schema))),
    );
  }
}

/** Field numbers of openapi.v2.Schema. Bounds and patterns are left out: nobody validates by them. */
function writeSchema(writer: ProtobufWriter, schema: JsonObject): void {
  writer.text(1, asText(schema["$ref"])).text(2, asText(schema["format"]));
  writer.text(3, asText(schema["title"])).text(4, asText(schema["description"]));
  if (schema["default"] !== undefined) writer.message(5, (any) => writeAny(any, schema["default"]));
  for (const name of asList(schema["required"])) writer.text(19, String(name));
  for (const value of asList(schema["enum"])) writer.message(20, (any) => writeAny(any, value));
  writeAdditional(writer, schema["additionalProperties"]);
  const type = asText(schema["type"]);
  if (type !== undefined) writer.message(22, (item) => item.text(1, type));
  if (isObject(schema["items"])) {
    const items = schema["items"];
    writer.message(23, (item) => item.message(1, (inner) => writeSchema(inner, items)));
  }
  if (isObject(schema["properties"])) {
    const properties = schema["properties"];
    writer.message(25, (inner) => writeNamedSchemas(inner, properties));
  }
  for (const [name, value] of Object.entries(schema)) {
    if (name.startsWith("x-"))
      writer.message(31, (named) => named.text(1, name).message(2, (any) => writeAny(any, value)));
  }
}

function writeAdditional(writer: ProtobufWriter, additional: unknown): void {
  if (isObject(additional)) {
    writer.message(21, (item) => item.message(1, (inner) => writeSchema(inner, additional)));
  } else if (additional === true) writer.message(21, (item) => item.integer(2, 1));
}

/** openapi.v2.Any: its `yaml`, of which JSON is a part. */
function writeAny(writer: ProtobufWriter, value: unknown): void {
  writer.text(2, JSON.stringify(value));
}
