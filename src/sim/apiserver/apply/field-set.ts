import { type Draft, isObject, type JsonObject } from "../json-object.ts";

/**
 * A set of paths in an object, as server-side apply's managedFields hold it (FieldsV1). Steps of a path are `f:name`
 * (a member), `k:{"name":"a"}` (a list element by its keys), `v:"a"` (an element of a set). Immutable.
 */
export interface FieldSet {
  /** The path that leads here is in the set itself. */
  readonly isMember: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const EMPTY_SET: FieldSet = { isMember: false, children: new Map() };
export const LEAF: FieldSet = { isMember: true, children: new Map() };

export function isEmptySet(set: FieldSet): boolean {
  return !set.isMember && set.children.size === 0;
}

export function fieldSet(isMember: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = [...children].filter(([, child]) => !isEmptySet(child));
  return { isMember, children: new Map(kept) };
}

/** `a` itself when `b` adds nothing to it. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a)) return b;
  if (isEmptySet(b)) return a;
  let children: Map<string, FieldSet> | null = null;
  for (const [step, child] of b.children) {
    const own = a.children.get(step);
    const both = own === undefined ? child : union(own, child);
    if (both !== own) children = (children ?? new Map(a.children)).set(step, both);
  }
  const isMember = a.isMember || b.isMember;
  return children === null && isMember === a.isMember ? a : { isMember, children: children ?? a.children };
}

/** `a` itself when nothing of `b` is in it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  let children: Map<string, FieldSet> | null = null;
  for (const [step, child] of b.children) {
    const own = a.children.get(step);
    if (own === undefined) continue;
    const left = difference(own, child);
    if (left === own) continue;
    children ??= new Map(a.children);
    if (isEmptySet(left)) children.delete(step);
    else children.set(step, left);
  }
  const isMember = a.isMember && !b.isMember;
  return children === null && isMember === a.isMember ? a : { isMember, children: children ?? a.children };
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const children = [...a.children].flatMap(([step, child]) => {
    const other = b.children.get(step);
    return other === undefined ? [] : [[step, intersection(child, other)] as const];
  });
  return fieldSet(a.isMember && b.isMember, children);
}

export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  if (a.isMember !== b.isMember || a.children.size !== b.children.size) return false;
  return [...a.children].every(([step, child]) => {
    const other = b.children.get(step);
    return other !== undefined && isSameSet(child, other);
  });
}

/** Without these top-level branches. */
export function without(set: FieldSet, steps: readonly string[]): FieldSet {
  if (!steps.some((step) => set.children.has(step))) return set;
  return fieldSet(
    set.isMember,
    [...set.children].filter(([step]) => !steps.includes(step)),
  );
}

/** Only these top-level branches. */
export function only(set: FieldSet, steps: readonly string[]): FieldSet {
  return fieldSet(
    set.isMember,
    [...set.children].filter(([step]) => steps.includes(step)),
  );
}

/** Every path of the set, in the notation of conflict messages: `.spec.steps[name="a"].weight`. */
export function pathsOf(set: FieldSet, prefix = ""): readonly string[] {
  const own = set.isMember ? [prefix] : [];
  const steps = [...set.children].sort(([a], [b]) => (a < b ? -1 : 1));
  return [...own, ...steps.flatMap(([step, child]) => pathsOf(child, prefix + stepText(step)))];
}

function stepText(step: string): string {
  const text = step.slice(2);
  if (step.startsWith("f:")) return `.${text}`;
  if (step.startsWith("v:")) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}

/** Sets as FieldsV1 JSON, and back. Both are immutable, and most of them are met again at the object's next write. */
export class FieldSetCodec {
  readonly #decoded = new WeakMap<object, FieldSet>();
  readonly #encoded = new WeakMap<FieldSet, JsonObject>();

  encode(set: FieldSet): JsonObject {
    return this.#encoded.get(set) ?? this.#keep(set, encodeSet(set));
  }

  decode(fields: unknown): FieldSet {
    if (!isObject(fields)) return EMPTY_SET;
    const known = this.#decoded.get(fields);
    if (known !== undefined) return known;
    const set = decodeSet(fields);
    this.#keep(set, fields);
    return set;
  }

  #keep(set: FieldSet, fields: JsonObject): JsonObject {
    this.#encoded.set(set, fields);
    this.#decoded.set(fields, set);
    return fields;
  }
}

function encodeSet(set: FieldSet): JsonObject {
  const encoded: Draft = {};
  if (set.isMember && set.children.size > 0) encoded["."] = {};
  for (const step of [...set.children.keys()].sort()) {
    encoded[step] = encodeSet(set.children.get(step) as FieldSet);
  }
  return encoded;
}

function decodeSet(fields: unknown): FieldSet {
  if (!isObject(fields)) return EMPTY_SET;
  const steps = Object.entries(fields);
  if (steps.length === 0) return LEAF;
  const children = steps
    .filter(([step]) => step !== ".")
    .map(([step, child]) => [step, decodeSet(child)] as const);
  return { isMember: Object.hasOwn(fields, "."), children: new Map(children) };
}
