import { isDeepEqual } from "../../../lib/json.ts";
import { type Draft, isObject, type JsonObject } from "../json-object.ts";
import { EMPTY_SET, type FieldSet, fieldSet, isEmptySet, LEAF } from "./field-set.ts";
import type { TypeView } from "./type-view.ts";

type ListView = Extract<TypeView, { readonly kind: "list" }>;
type MapView = Extract<TypeView, { readonly kind: "map" }>;

/** The step to a list element: by its keys, or by itself in a set. Keys stand in alphabetical order. */
export function stepOf(view: ListView, item: unknown): string {
  if (view.keys.length === 0 || !isObject(item)) return `v:${JSON.stringify(item)}`;
  const keys = [...view.keys].sort().flatMap((key) => {
    const value = item[key] ?? view.keyDefaults[key];
    return value === undefined ? [] : [[key, value]];
  });
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

/** Members of an object as steps with their views; names that the schema does not know are left out. */
function membersOf(view: MapView, value: JsonObject): readonly (readonly [string, unknown, TypeView])[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const known = view.member(name);
    return known === undefined || member === undefined ? [] : [[`f:${name}`, member, known] as const];
  });
}

function itemsOf(view: ListView, value: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map(value.map((item) => [stepOf(view, item), item]));
}

/** What an applied configuration claims (typed.ToFieldSet): its leaves, list elements, map keys and empty objects. */
export function fieldsOf(view: TypeView, value: unknown): FieldSet {
  if (view.kind === "map" && isObject(value)) {
    const children = membersOf(view, value).map(([step, member, known]) => {
      const own = fieldsOf(known, member);
      const isEmpty = member === null || (isObject(member) && Object.keys(member).length === 0);
      const isKey = !view.isField(step.slice(2));
      return [step, isEmpty || isKey ? { ...own, isMember: true } : own] as const;
    });
    return fieldSet(false, children);
  }
  if (view.kind === "list" && Array.isArray(value)) {
    const children = [...itemsOf(view, value)].map(
      ([step, item]) => [step, { ...fieldsOf(view.item, item), isMember: true }] as const,
    );
    return fieldSet(false, children);
  }
  return LEAF;
}

export interface Comparison {
  /** Paths that are new or have another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

const SAME: Comparison = { changed: EMPTY_SET, removed: EMPTY_SET };

/** How an object differs from what it was, by paths (typed.Compare). What appears or goes is told with all its parts. */
export function compare(view: TypeView, before: unknown, after: unknown): Comparison {
  if (before === after) return SAME;
  if (before === undefined || before === null) {
    return after === undefined || after === null
      ? SAME
      : { changed: everything(view, after), removed: EMPTY_SET };
  }
  if (after === undefined || after === null) return { changed: EMPTY_SET, removed: everything(view, before) };
  if (view.kind === "map" && isObject(before) && isObject(after)) return compareMembers(view, before, after);
  if (isDeepEqual(before, after)) return SAME;
  if (view.kind === "list" && Array.isArray(before) && Array.isArray(after)) {
    return compareItems(view.item, itemsOf(view, before), itemsOf(view, after));
  }
  return { changed: LEAF, removed: EMPTY_SET };
}

function compareMembers(view: MapView, before: JsonObject, after: JsonObject): Comparison {
  const found = new Differences();
  const look = (name: string) => {
    const member = view.member(name);
    if (member === undefined) return;
    found.add(`f:${name}`, compare(member, ownMember(before, name), ownMember(after, name)));
  };
  for (const name in before) look(name);
  for (const name in after) if (!Object.hasOwn(before, name)) look(name);
  return found.comparison();
}

function ownMember(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function compareItems(
  view: TypeView,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Comparison {
  const found = new Differences();
  for (const [step, item] of before) found.add(step, compare(view, item, after.get(step)));
  for (const [step, item] of after) if (!before.has(step)) found.add(step, compare(view, undefined, item));
  return found.comparison();
}

/** Children that differ: most do not, and cost nothing. */
class Differences {
  readonly #changed = new Map<string, FieldSet>();
  readonly #removed = new Map<string, FieldSet>();

  add(step: string, child: Comparison): void {
    if (child === SAME) return;
    if (!isEmptySet(child.changed)) this.#changed.set(step, child.changed);
    if (!isEmptySet(child.removed)) this.#removed.set(step, child.removed);
  }

  comparison(): Comparison {
    if (this.#changed.size === 0 && this.#removed.size === 0) return SAME;
    return {
      changed: { isMember: false, children: this.#changed },
      removed: { isMember: false, children: this.#removed },
    };
  }
}

/** A value with all its parts, itself included. */
function everything(view: TypeView, value: unknown): FieldSet {
  if (view.kind === "map" && isObject(value)) {
    const members = membersOf(view, value).map(
      ([step, member, known]) => [step, everything(known, member)] as const,
    );
    return { isMember: true, children: new Map(members) };
  }
  if (view.kind === "list" && Array.isArray(value)) {
    const items = [...itemsOf(view, value)].map(
      ([step, item]) => [step, everything(view.item, item)] as const,
    );
    return { isMember: true, children: new Map(items) };
  }
  return LEAF;
}

/** The live value with an applied configuration merged into it; shares what was not touched. */
export function merge(view: TypeView, live: unknown, config: unknown): unknown {
  if (view.kind === "map" && isObject(live) && isObject(config)) {
    const merged: Draft = { ...live };
    for (const [name, value] of Object.entries(config)) {
      const member = view.member(name);
      merged[name] = member === undefined ? value : merge(member, live[name], value);
    }
    return merged;
  }
  if (view.kind === "list" && Array.isArray(live) && Array.isArray(config)) {
    const merged = new Map(itemsOf(view, live));
    for (const [step, item] of itemsOf(view, config))
      merged.set(step, merge(view.item, merged.get(step), item));
    return [...merged.values()];
  }
  return config;
}

/**
 * Removes what a manager has given up. `givenUp` are the paths that it owned and does not claim any more; what
 * `kept` (owned by anybody now) holds, or holds a part of, stays.
 */
export function prune(view: TypeView, value: unknown, givenUp: FieldSet, kept: FieldSet): unknown {
  if (isEmptySet(givenUp)) return value;
  if (view.kind === "map" && isObject(value)) {
    const pruned: Draft = {};
    for (const [name, member] of Object.entries(value)) {
      const left = pruneChild(view.member(name), member, `f:${name}`, givenUp, kept);
      if (left !== undefined) pruned[name] = left;
    }
    return pruned;
  }
  if (view.kind === "list" && Array.isArray(value)) {
    return value.flatMap((item) => {
      const left = pruneChild(view.item, item, stepOf(view, item), givenUp, kept);
      return left === undefined ? [] : [left];
    });
  }
  return value;
}

function pruneChild(
  view: TypeView | undefined,
  value: unknown,
  step: string,
  givenUp: FieldSet,
  kept: FieldSet,
): unknown {
  const lost = givenUp.children.get(step);
  const own = kept.children.get(step) ?? EMPTY_SET;
  if (view === undefined || lost === undefined) return value;
  if (lost.isMember && isEmptySet(own)) return undefined;
  const left = prune(view, value, lost, own);
  const isNowEmpty = isObject(left) && Object.keys(left).length === 0 && !isDeepEqual(left, value);
  return isNowEmpty && isEmptySet(own) ? undefined : left;
}

/** What keeps a configuration from being applied, in the words of the real server's type checker. */
export function configErrors(view: TypeView, value: unknown, path = ""): readonly string[] {
  if (value === null) return [];
  if (view.kind === "map") {
    if (view.isUntyped === true) return [];
    if (!isObject(value)) return [`${path}: expected map, got ${shown(value)}`];
    return Object.entries(value).flatMap(([name, member]) => {
      const known = view.member(name);
      if (known === undefined) return [`${path}.${name}: field not declared in schema`];
      return configErrors(known, member, `${path}.${name}`);
    });
  }
  if (view.kind === "list") {
    if (!Array.isArray(value)) return [`${path}: expected list, got ${shown(value)}`];
    return value.flatMap((item, index) => itemErrors(view, item, index, path));
  }
  return scalarErrors(view.scalar, value, path);
}

function itemErrors(view: ListView, item: unknown, index: number, path: string): readonly string[] {
  const hasKey =
    view.keys.length === 0 || (isObject(item) && view.keys.some((key) => item[key] !== undefined));
  if (!hasKey && Object.keys(view.keyDefaults).length === 0) {
    const keys = JSON.stringify(view.keys).replaceAll(",", " ");
    return [
      `${path}: element ${index}: associative list with keys has an element that omits all key fields ${keys} (and doesn't have default values for any key fields)`,
    ];
  }
  return configErrors(view.item, item, `${path}${bracket(view, item)}`);
}

function bracket(view: ListView, item: unknown): string {
  const step = stepOf(view, item);
  if (step.startsWith("v:")) return `[=${step.slice(2)}]`;
  const keys = Object.entries(JSON.parse(step.slice(2)) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}

function scalarErrors(
  scalar: "numeric" | "string" | "boolean" | undefined,
  value: unknown,
  path: string,
): readonly string[] {
  const found = typeof value === "number" ? "numeric" : typeof value;
  if (scalar === undefined || scalar === found) return [];
  const wanted = scalar === "numeric" ? "numeric (int or float)" : scalar;
  return [`${path}: expected ${wanted}, got ${shown(value)}`];
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value === "object" ? "map" : typeof value;
}
