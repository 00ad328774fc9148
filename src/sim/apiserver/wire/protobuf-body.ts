import { isStruct, type StructType, structType, type TypeField, typeOfKind } from "../builtin-types.ts";
import { type Draft, type JsonObject, setOwn } from "../json-object.ts";
import document from "./builtin-protobuf.json" with { type: "json" };
import { MalformedProtobuf, readFields, type WireField } from "./protobuf-reader.ts";

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

/** By struct: the names of its members at the index of their numbers; see DATA.md. */
const NUMBERS: Readonly<Record<string, readonly string[]>> = document;
const MAGIC = "k8s\0";

/**
 * The object in a body that clients such as `kubectl create configmap` send as protobuf: Kubernetes' envelope
 * (runtime.Unknown) around a built-in kind. Undefined for bytes that are not that, and for kinds that are not served.
 */
export function decodeProtobufBody(bytes: Uint8Array): JsonObject | undefined {
  if (textOf(bytes.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  try {
    const envelope = readFields(bytes.subarray(MAGIC.length));
    const [apiVersion, kind] = readFields(bytesAt(envelope, 1)).map(({ value }) => textOf(value));
    const type = typeOfKind(apiVersion ?? "", kind ?? "");
    if (type === undefined) return undefined;
    return { apiVersion, kind, ...readMessage(bytesAt(envelope, 2), type) };
  } catch (error) {
    // A RangeError: messages nested until the stack ends, or a time beyond all calendars.
    if (error instanceof MalformedProtobuf || error instanceof RangeError) return undefined;
    throw error;
  }
}

function readMessage(bytes: Uint8Array, type: StructType): JsonObject {
  const draft: Draft = {};
  readInto(draft, bytes, type, type.name);
  return draft;
}

/** `layout` is the struct whose numbers the bytes follow: `type` itself, or one that is embedded in it. */
function readInto(draft: Draft, bytes: Uint8Array, type: StructType, layout: string): void {
  for (const { number, value } of readFields(bytes)) {
    const name = NUMBERS[layout]?.[number];
    if (name === undefined || name === "") continue;
    if (name.startsWith("...")) {
      readInto(draft, asBytes(value), type, name.slice(3));
      continue;
    }
    const field = type.fields.get(name);
    if (field !== undefined) addMember(draft, name, field, value);
  }
}

function addMember(draft: Draft, name: string, field: TypeField, value: WireField["value"]): void {
  if (field.shape === "list") {
    const list = (draft[name] ?? []) as unknown[];
    draft[name] = [...list, readElement(field, value)];
  } else if (field.shape === "map") {
    const map = (draft[name] ?? {}) as Draft;
    const entry = readFields(asBytes(value));
    setOwn(
      map,
      textOf(bytesAt(entry, 1)),
      readElement(field, entry.find((each) => each.number === 2)?.value ?? EMPTY),
    );
    draft[name] = map;
  } else {
    const read = readElement(field, value);
    if (read !== undefined) setOwn(draft, name, read);
  }
}

function readElement(field: TypeField, value: WireField["value"]): unknown {
  if (isStruct(field)) return readMessage(asBytes(value), structType(field.type));
  const read = SCALARS[field.type];
  return read === undefined ? undefined : read(value);
}

const SCALARS: Readonly<Record<string, (value: WireField["value"]) => unknown>> = {
  string: textOf,
  boolean: (value) => value !== 0n,
  int32: Number,
  int64: Number,
  number: (value) => Buffer.from(asBytes(value)).readDoubleLE(0),
  bytes: (value) => Buffer.from(asBytes(value)).toString("base64"),
  strings: (value) => readFields(asBytes(value)).map((item) => textOf(item.value)),
  any: (value) => jsonOf(bytesAt(readFields(asBytes(value)), 1)),
  Time: (value) => timeOf(value, 0),
  MicroTime: (value) => timeOf(value, 6),
  Duration: (value) => `${Number(integerAt(readFields(asBytes(value)), 1)) / 1e9}s`,
  Quantity: (value) => textOf(bytesAt(readFields(asBytes(value)), 1)),
  IntOrString: intOrString,
};

/** A zero time is an empty message: no value. */
function timeOf(value: WireField["value"], digits: 0 | 6): string | undefined {
  const fields = readFields(asBytes(value));
  if (fields.length === 0) return undefined;
  const seconds = new Date(Number(integerAt(fields, 1)) * 1_000).toISOString().slice(0, -".000Z".length);
  if (digits === 0) return `${seconds}Z`;
  const micros = Math.floor(Number(integerAt(fields, 2)) / 1_000);
  return `${seconds}.${String(micros).padStart(digits, "0")}Z`;
}

function intOrString(value: WireField["value"]): number | string {
  const fields = readFields(asBytes(value));
  const isText = integerAt(fields, 1) === 1n;
  return isText ? textOf(bytesAt(fields, 3)) : Number(integerAt(fields, 2));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return bytes.length === 0 ? undefined : JSON.parse(textOf(bytes));
  } catch {
    throw new MalformedProtobuf("raw JSON in it is not JSON");
  }
}

const EMPTY = new Uint8Array();

function bytesAt(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.find((field) => field.number === number)?.value;
  return value === undefined ? EMPTY : asBytes(value);
}

function integerAt(fields: readonly WireField[], number: number): bigint {
  const value = fields.find((field) => field.number === number)?.value;
  return typeof value === "bigint" ? value : 0n;
}

function asBytes(value: WireField["value"]): Uint8Array {
  if (typeof value === "bigint") throw new MalformedProtobuf("a number where a message was expected");
  return value;
}

function textOf(value: WireField["value"]): string {
  return Buffer.from(asBytes(value)).toString("utf8");
}
