import { type Draft, isObject, setOwn } from "../json-object.ts";

/**
 * RFC 7386, as the Go library of the API server does it: nulls inside of new objects are dropped even where these
 * stand in a list. Neither argument is changed; the result shares what was not touched.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return isObject(target) ? patch : withoutNulls(patch);
  if (!isObject(target)) return withoutNulls(patch);
  const merged: Draft = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else if (!Object.hasOwn(merged, name) || merged[name] === null) setOwn(merged, name, withoutNulls(value));
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: Draft = {};
  for (const [name, member] of Object.entries(value))
    if (member !== null) setOwn(kept, name, withoutNulls(member));
  return kept;
}
