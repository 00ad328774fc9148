import { type StructType, structType, type TypeField, typeOfKind } from "./builtin-types.ts";
import type { DecodeReport } from "./decode-report.ts";
import { type Draft, isObject, type JsonObject, setOwn } from "./json-object.ts";
import { DecodeFailure, readScalar, zeroScalar } from "./typed-scalar.ts";

/**
 * Reads a built-in object as Go would decode and encode it again: unknown fields are dropped and reported, wrong types
 * fail, and zero values are kept or left out as the Go type says. The result shares nothing with `value` but members of
 * type any, which nobody changes.
 */
export function readStruct(
  type: StructType,
  value: JsonObject,
  report: DecodeReport,
  at: Place = TOP,
): Draft {
  const draft: Draft = {};
  for (const name in value) {
    const field = type.fields.get(name);
    const place: Place = { parent: at, kind: "field", step: name, struct: type };
    if (field === undefined) report.unknownField(pathOf(place));
    else put(draft, name, readField(field, value[name], report, place));
  }
  for (const [name, field] of type.kept) {
    if (!Object.hasOwn(draft, name)) put(draft, name, zeroOf(field));
  }
  return draft;
}

/** Where in a document we are; it becomes a text only in a message. */
interface Place {
  readonly parent: Place | null;
  readonly kind: "top" | "field" | "index" | "key";
  readonly step: string | number;
  /** The innermost struct; undefined at the top. */
  readonly struct: StructType | undefined;
}

const TOP: Place = { parent: null, kind: "top", step: "", struct: undefined };

/** The place of `metadata` in messages about a custom resource. */
export const METADATA_PLACE: Place = { parent: null, kind: "top", step: "metadata", struct: undefined };

/** With list indices, for "unknown field". */
function pathOf({ parent, kind, step }: Place): string {
  if (parent === null) return String(step);
  const path = pathOf(parent);
  if (kind === "index") return `${path}[${step}]`;
  return path === "" ? String(step) : `${path}.${step}`;
}

/** Members of structs alone, as Go's type errors have them. */
function fieldsOf({ parent, kind, step }: Place): string {
  if (parent === null) return "";
  const fields = fieldsOf(parent);
  if (kind !== "field") return fields;
  return fields === "" ? String(step) : `${fields}.${step}`;
}

function put(draft: Draft, name: string, value: unknown): void {
  if (value !== undefined) setOwn(draft, name, value);
}

function readField(field: TypeField, value: unknown, report: DecodeReport, at: Place): unknown {
  if (value === null || value === undefined) return zeroOf(field);
  if (field.shape === "list") return readList(field, value, report, at);
  if (field.shape === "map") return readMap(field, value, report, at);
  const read = readElement(field, value, report, at);
  const isZero = field.omit && !field.pointer && (isEmptyScalar(read) || isEmptyStruct(field, read));
  return isZero ? undefined : read;
}

function readList(field: TypeField, value: unknown, report: DecodeReport, at: Place): unknown {
  if (!Array.isArray(value)) throw wrongShape(value, `[]${goName(field.type)}`, at);
  if (value.length === 0) return field.omit && !field.pointer ? undefined : null;
  return value.map((item, index) =>
    readElement(field, item, report, { parent: at, kind: "index", step: index, struct: at.struct }),
  );
}

function readMap(field: TypeField, value: unknown, report: DecodeReport, at: Place): unknown {
  if (!isObject(value)) throw wrongShape(value, `map[string]${goName(field.type)}`, at);
  const names = Object.keys(value);
  if (names.length === 0) return field.omit ? undefined : null;
  const map: Draft = {};
  for (const name of names) {
    const place: Place = { parent: at, kind: "key", step: name, struct: at.struct };
    setOwn(map, name, readElement(field, value[name], report, place));
  }
  return map;
}

function readElement(field: TypeField, value: unknown, report: DecodeReport, at: Place): unknown {
  if (field.isStruct) {
    if (value === null) return readStruct(structType(field.type), {}, report, at);
    if (!isObject(value)) throw wrongShape(value, goName(field.type), at);
    return readStruct(structType(field.type), value, report, at);
  }
  if (field.type === "Schema") return readSchema(value, report, at);
  if (field.type === "any") return value;
  if (value === null) return zeroScalar(field.type);
  const read = readScalar(field.type, value);
  if (read === undefined) throw wrongShape(value, goName(field.type), at);
  return read;
}

/** A schema in a schema (JSONSchemaPropsOrBool, JSONSchemaPropsOrArray); lists of them are not structural. */
function readSchema(value: unknown, report: DecodeReport, at: Place): unknown {
  if (typeof value === "boolean") return value;
  if (!isObject(value)) throw wrongShape(value, goName(SCHEMA_TYPE), at);
  return readStruct(structType(SCHEMA_TYPE), value, report, at);
}

const SCHEMA_TYPE = "apiextensions/v1.JSONSchemaProps";

/** What a missing member reads as. */
function zeroOf(field: TypeField): unknown {
  if (field.omit) return undefined;
  if (field.shape !== undefined || field.pointer) return null;
  if (field.isStruct) return emptyStruct(field.type);
  return zeroScalar(field.type);
}

function emptyStruct(name: string): Draft {
  const draft: Draft = {};
  for (const [member, field] of structType(name).kept) put(draft, member, zeroOf(field));
  return draft;
}

/** An empty member of a kind, for example a new object's status. */
export function emptyMember(apiVersion: string, kind: string, name: string): unknown {
  const field = typeOfKind(apiVersion, kind)?.fields.get(name);
  return field === undefined ? undefined : zeroOf({ ...field, omit: false });
}

function isEmptyScalar(value: unknown): boolean {
  return value === "" || value === 0 || value === false || value === null;
}

/** Only fields with omitzero get here with `omit`. */
function isEmptyStruct(field: TypeField, value: unknown): boolean {
  return field.isStruct && isObject(value) && Object.keys(value).length === 0;
}

const GO_SCALARS: Readonly<Record<string, string>> = {
  boolean: "bool",
  number: "float64",
  bytes: "[]uint8",
  strings: "[]string",
  Time: "v1.Time",
  MicroTime: "v1.MicroTime",
  Duration: "v1.Duration",
  Quantity: "resource.Quantity",
  IntOrString: "intstr.IntOrString",
};

/** `core/v1.PodSpec` is `v1.PodSpec` in Go's messages. */
function goName(type: string): string {
  return GO_SCALARS[type] ?? type.slice(type.lastIndexOf("/") + 1);
}

function wrongShape(value: unknown, goType: string, at: Place): DecodeFailure {
  const found = jsonTypeOf(value);
  const fields = fieldsOf(at);
  const target =
    fields === ""
      ? `Go value of type ${goType}`
      : `Go struct field ${structName(at.struct)}.${fields} of type ${goType}`;
  return new DecodeFailure(`json: cannot unmarshal ${found} into ${target}`);
}

function structName(type: StructType | undefined): string {
  return goName(type?.name ?? "").replace(/^.*\./, "");
}

/** Fails as Go does when a whole object is expected and something else is found. */
export function wrongTopLevel(value: unknown, goType: string): DecodeFailure {
  return wrongShape(value, goType, TOP);
}

function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" && !Number.isInteger(value)) return `number ${value}`;
  return typeof value;
}
