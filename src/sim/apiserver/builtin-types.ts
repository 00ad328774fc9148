import { present } from "../../lib/assert.ts";
import document from "./builtin-types.json" with { type: "json" };

/** How a member of a built-in object is read and written; told from its Go type. */
export interface TypeField {
  /** `string`, `int32`, `Time` ..., or the name of a struct. */
  readonly type: string;
  readonly isStruct: boolean;
  readonly shape: "list" | "map" | undefined;
  /** A pointer in Go: its zero value is kept. */
  readonly pointer: boolean;
  /** The zero value is left out. */
  readonly omit: boolean;
  /** patchStrategy of strategic merge patches: `merge`, `retainKeys`, or both. */
  readonly strategies: readonly string[];
  readonly mergeKey: string | undefined;
  /** Server-side apply: keys of an associative list, none for a set; undefined for an atomic list. */
  readonly keys: readonly string[] | undefined;
  /** Server-side apply: owned as a whole. */
  readonly atomic: boolean;
}

export interface StructType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, TypeField>;
  /** The fields whose zero values are written out. */
  readonly kept: readonly (readonly [string, TypeField])[];
  readonly atomic: boolean;
}

const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = document.types;
const KINDS: Readonly<Record<string, string>> = document.kinds;
const ATOMIC: ReadonlySet<string> = new Set(document.atomic);

/** The struct of a built-in kind; undefined for one that has none here. */
export function typeOfKind(apiVersion: string, kind: string): StructType | undefined {
  const key = `${apiVersion} ${kind}`;
  return Object.hasOwn(KINDS, key) ? structType(KINDS[key] as string) : undefined;
}

export function structType(name: string): StructType {
  return present(TYPES.get(name), `type ${name}`);
}

/** The text form is described in DATA.md. */
function parseField(text: string): TypeField {
  const [head = "", ...words] = text.split(" ");
  const pointer = head.startsWith("*");
  const body = pointer ? head.slice(1) : head;
  const option = (name: string) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const [strategies = "", mergeKey = ""] = (option("patch") ?? "").split(":");
  const keys = option("keys");
  const type = body.replace(/^(\[\]|\{\})/, "");
  return {
    type,
    isStruct: Object.hasOwn(FIELDS, type),
    shape: shapeOf(body),
    pointer,
    omit: words.includes("omit"),
    strategies: strategies.split(",").filter((strategy) => strategy !== ""),
    mergeKey: mergeKey === "" ? undefined : mergeKey,
    keys: keys?.split(",").filter((key) => key !== ""),
    atomic: words.includes("atomic"),
  };
}

function shapeOf(text: string): "list" | "map" | undefined {
  if (text.startsWith("[]")) return "list";
  return text.startsWith("{}") ? "map" : undefined;
}

/** Whether a field's type is a struct rather than a scalar. */
export function isStruct(field: Pick<TypeField, "isStruct">): boolean {
  return field.isStruct;
}

const TYPES: ReadonlyMap<string, StructType> = new Map(
  Object.entries(FIELDS).map(([name, texts]) => {
    const fields = new Map(Object.entries(texts).map(([field, text]) => [field, parseField(text)]));
    const kept = [...fields].filter(([, { omit }]) => !omit);
    return [name, { name, fields, kept, atomic: ATOMIC.has(name) }];
  }),
);

export const OBJECT_META: StructType = structType("meta/v1.ObjectMeta");
