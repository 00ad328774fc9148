import { isDeepEqual } from "../../../lib/json.ts";
import { type StructType, structType, type TypeField } from "../builtin-types.ts";
import { asList, asObject, type Draft, isObject, type JsonObject } from "../json-object.ts";
import { internalError } from "../status.ts";

const PATCH = "$patch";
const RETAIN_KEYS = "$retainKeys";
const ELEMENT_ORDER = "$setElementOrder/";
const DELETE_FROM = "$deleteFromPrimitiveList/";

/**
 * A strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch): like a JSON merge patch, but lists whose type
 * has a merge key are merged element by element, and `$`-directives delete, replace, retain and order. Neither
 * argument is changed; the result shares what was not touched.
 */
export function strategicMerge(type: StructType, target: JsonObject, patch: JsonObject): JsonObject {
  return mergeObject((name) => type.fields.get(name), target, patch);
}

type FieldOf = (name: string) => TypeField | undefined;

function mergeObject(fieldOf: FieldOf, target: JsonObject, patch: JsonObject): JsonObject {
  if (patch[PATCH] === "replace") return withoutDirectives(patch);
  if (patch[PATCH] === "delete") return {};
  const merged: Draft = { ...target };
  const retained = patch[RETAIN_KEYS];
  if (Array.isArray(retained)) {
    for (const name of Object.keys(merged)) if (!retained.includes(name)) delete merged[name];
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith("$")) continue;
    const order = patch[`${ELEMENT_ORDER}${name}`];
    const member = value === null ? undefined : mergeMember(fieldOf(name), merged[name], value, order);
    if (member === undefined) delete merged[name];
    else merged[name] = member;
  }
  deletePrimitives(merged, patch);
  orderUntouched(fieldOf, merged, patch);
  return merged;
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !name.startsWith("$")));
}

function mergeMember(field: TypeField | undefined, target: unknown, patch: unknown, order: unknown): unknown {
  if (isObject(patch)) {
    // A directive about something that is not there leaves it so.
    if (target === undefined && patch[PATCH] !== undefined && patch[PATCH] !== "replace") return undefined;
    const isReplaced = field?.strategies.includes("replace") === true;
    return mergeObject(membersOf(field), isObject(target) && !isReplaced ? target : {}, patch);
  }
  if (!Array.isArray(patch)) return patch;
  if (field === undefined || !field.strategies.includes("merge")) return patch;
  const original = asList(target);
  if (field.mergeKey === undefined) return orderPrimitives([...new Set([...original, ...patch])], order);
  return mergeList(field, field.mergeKey, original, patch, order);
}

/** Fields of an object of this type; members of a map have no types of their own that matter to patches. */
function membersOf(field: TypeField | undefined): FieldOf {
  if (field === undefined || field.shape === "map" || !field.isStruct) return () => undefined;
  const type = structType(field.type);
  return (name) => type.fields.get(name);
}

function mergeList(
  field: TypeField,
  mergeKey: string,
  original: readonly unknown[],
  patch: readonly unknown[],
  order: unknown,
): readonly unknown[] {
  const replaces = patch.some(
    (item) => isObject(item) && item[PATCH] === "replace" && item[mergeKey] === undefined,
  );
  if (replaces) return patch.filter((item) => !(isObject(item) && item[PATCH] === "replace"));
  const fieldOf = membersOf({ ...field, shape: undefined });
  const merged = [...original];
  for (const item of patch) {
    const change = asObject(item);
    const key = change[mergeKey];
    if (key === undefined) {
      throw internalError(`map: ${goText(change)} does not contain declared merge key: ${mergeKey}`);
    }
    const index = merged.findIndex((candidate) => isDeepEqual(asObject(candidate)[mergeKey], key));
    if (change[PATCH] === "delete") {
      if (index >= 0) merged.splice(index, 1);
    } else if (index < 0) merged.push(mergeObject(fieldOf, {}, change));
    else merged[index] = mergeObject(fieldOf, asObject(merged[index]), change);
  }
  return orderElements(mergeKey, merged, original, order);
}

/** Elements that `order` names stand in its order; the others keep their places among them. */
function orderElements(
  mergeKey: string,
  merged: readonly unknown[],
  original: readonly unknown[],
  order: unknown,
): readonly unknown[] {
  if (!Array.isArray(order)) return merged;
  const keyOf = (item: unknown) => JSON.stringify(asObject(item)[mergeKey]);
  const places = new Map(order.map((item, index) => [keyOf(item), index]));
  const before = new Map(original.map((item, index) => [keyOf(item), index]));
  const named = merged.filter((item) => places.has(keyOf(item)));
  named.sort((a, b) => (places.get(keyOf(a)) ?? 0) - (places.get(keyOf(b)) ?? 0));
  const others = merged.filter((item) => !places.has(keyOf(item)));
  const ordered: unknown[] = [];
  for (const item of named) {
    const place = before.get(keyOf(item));
    while (others.length > 0 && place !== undefined && (before.get(keyOf(others[0])) ?? 0) < place) {
      ordered.push(others.shift());
    }
    ordered.push(item);
  }
  return [...ordered, ...others];
}

function orderPrimitives(items: readonly unknown[], order: unknown): readonly unknown[] {
  if (!Array.isArray(order)) return items;
  return [...order.filter((item) => items.includes(item)), ...items.filter((item) => !order.includes(item))];
}

function deletePrimitives(merged: Draft, patch: JsonObject): void {
  for (const [name, values] of Object.entries(patch)) {
    if (!name.startsWith(DELETE_FROM)) continue;
    const member = name.slice(DELETE_FROM.length);
    const gone = asList(values);
    merged[member] = asList(merged[member]).filter((item) => !gone.includes(item));
  }
}

/** An order for a list that the patch does not change otherwise. */
function orderUntouched(fieldOf: FieldOf, merged: Draft, patch: JsonObject): void {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ELEMENT_ORDER)) continue;
    const member = name.slice(ELEMENT_ORDER.length);
    const list = merged[member];
    if (patch[member] !== undefined || !Array.isArray(list)) continue;
    const mergeKey = fieldOf(member)?.mergeKey;
    merged[member] =
      mergeKey === undefined ? orderPrimitives(list, order) : orderElements(mergeKey, list, list, order);
  }
}

/** A value as Go prints it with %v. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isObject(value)) return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${goText(member)}`).join(" ")}]`;
}
