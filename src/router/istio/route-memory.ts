import type { Rollout } from "../../api/rollout.ts";
import type { JsonPatchOperation } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { isDeepEqual } from "../../lib/json.ts";

/** On a VirtualService of somebody else, while a canary has traffic in it: how its routes were before. */
export const BEFORE_ANNOTATION = "sluice.dev/before";

/** How one route was, and how we left it. */
export interface RememberedRoute {
  /** Weights of the two sides before; null: none was written. "absent": there was no such destination. */
  readonly primary: number | null;
  readonly canary: number | null | "absent";
  /** The weights that we wrote last; where others stand, somebody has made the route anew. */
  readonly now: readonly [primary: number, canary: number];
  /** The percentage that `now` stands for. */
  readonly weight: number;
}

export type RouteMemory = Readonly<Record<string, RememberedRoute>>;

/** What an object remembers for a Rollout; what cannot be read (somebody has edited it) counts as nothing. */
export function memoryIn(object: KubeObject, rollout: Rollout): RouteMemory {
  const routes = allIn(object)[rollout.metadata.name];
  if (!isRecord(routes)) return {};
  return Object.fromEntries(Object.entries(routes).filter(([, it]) => isRemembered(it))) as RouteMemory;
}

const POINTER = `/metadata/annotations/${BEFORE_ANNOTATION.replace("/", "~1")}`;

/** The operations that make an object remember this for a Rollout; none when it does. */
export function memoryOperations(
  object: KubeObject,
  rollout: Rollout,
  memory: RouteMemory,
): readonly JsonPatchOperation[] {
  const { annotations } = object.metadata;
  const text = annotations?.[BEFORE_ANNOTATION];
  const { [rollout.metadata.name]: now = {}, ...others } = allIn(object);
  if (isDeepEqual(now, memory)) return [];
  const all = Object.keys(memory).length === 0 ? others : { ...others, [rollout.metadata.name]: memory };
  const value = JSON.stringify(all);
  if (Object.keys(all).length === 0) return text === undefined ? [] : [{ op: "remove", path: POINTER }];
  return annotations === undefined
    ? [{ op: "add", path: "/metadata/annotations", value: { [BEFORE_ANNOTATION]: value } }]
    : [{ op: "add", path: POINTER, value }];
}

/** By the names of Rollouts: several may have routes in one object. */
function allIn(object: KubeObject): Readonly<Record<string, unknown>> {
  const text = object.metadata.annotations?.[BEFORE_ANNOTATION];
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRemembered(value: unknown): value is RememberedRoute {
  if (!isRecord(value)) return false;
  const { primary, canary, now, weight } = value;
  return (
    isWeight(primary) &&
    (canary === "absent" || isWeight(canary)) &&
    Array.isArray(now) &&
    now.length === 2 &&
    now.every((it) => Number.isInteger(it)) &&
    Number.isInteger(weight)
  );
}

function isWeight(value: unknown): value is number | null {
  return value === null || (Number.isInteger(value) && (value as number) >= 0);
}
