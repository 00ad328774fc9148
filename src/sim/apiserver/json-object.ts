/** A JSON object that may be shared: nobody mutates it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object of which the holder has the only reference. */
export type Draft = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value itself if it is an object, else an empty one: for reading optional parts. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : EMPTY;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NOTHING;
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const EMPTY: JsonObject = Object.freeze({});
const NOTHING: readonly unknown[] = Object.freeze([]);

/** The member of a draft as a draft, created when it is not an object. The member must be the draft's own as well. */
export function childOf(draft: Draft, name: string): Draft {
  const child = draft[name];
  if (isObject(child)) return child as Draft;
  const created: Draft = {};
  draft[name] = created;
  return created;
}

/** Sets a member unless it has a value already. */
export function setDefault(draft: Draft, name: string, value: unknown): void {
  if (draft[name] === undefined) draft[name] = value;
}

/** A copy that shares nothing. */
export function copyJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: Draft = {};
  for (const [name, member] of Object.entries(value)) setOwn(copy, name, copyJson(member));
  return copy as T;
}

/** Assigns a member, also one named `__proto__`, which a body may hold. */
export function setOwn(draft: Draft, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(draft, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    draft[name] = value;
  }
}

/** The value at a path such as `.spec.replicas` (plain names only), or undefined. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const name of pathNames(path)) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** A copy of `object` with the value at a path replaced; only the objects along the path are copied. */
export function withValueAt(object: JsonObject, path: string, value: unknown): JsonObject {
  return replaceAt(object, pathNames(path), value);
}

function replaceAt(object: JsonObject, names: readonly string[], value: unknown): JsonObject {
  const [name, ...rest] = names;
  if (name === undefined) return object;
  if (rest.length > 0) return { ...object, [name]: replaceAt(asObject(object[name]), rest, value) };
  if (value !== undefined) return { ...object, [name]: value };
  const { [name]: _removed, ...others } = object;
  return others;
}

function pathNames(path: string): readonly string[] {
  return path.split(".").filter((name) => name !== "");
}
