import type { Arms } from "./arms.ts";
import type { ManagedRoute } from "./own-selection.ts";
import type { RememberedRoute, RouteMemory } from "./route-memory.ts";
import { canaryShare, weightAt } from "./share.ts";

/** What a destination of ours is to say: its weight, null for none written, or "absent" for no destination at all. */
export interface RouteWeights {
  readonly primary: number | null;
  readonly canary: number | null | "absent";
  /** What has to be remembered so that the route can be given back; null: nothing, it is plain 100 and 0. */
  readonly memory: RememberedRoute | null;
}

/** The percentage that a route gives the canary; the one that was asked for, where rounding has made another of it. */
export function shareOf(managed: ManagedRoute, memory: RouteMemory, arms: Arms): number {
  const remembered = memory[managed.key];
  if (remembered !== undefined && isAsLeft(managed, remembered)) return remembered.weight;
  return canaryShare(managed.route.route ?? [], arms);
}

/**
 * The weights for a percentage. At 0 the route is as it was before; otherwise both weights are written out. Where a
 * route sends to others too, their weights stay, and ours share what is left.
 */
export function weightsFor(managed: ManagedRoute, memory: RouteMemory, percent: number): RouteWeights {
  const before = beforeOf(managed, memory);
  if (percent === 0) return { ...before, memory: null };
  const hasOthers = othersOf(managed) > 0;
  const whole = wholeOf(managed);
  const canary = hasOthers ? roundedShare(whole, percent) : percent;
  const primary = whole - canary;
  const isPlain = !hasOthers && before.primary === 100 && before.canary === 0;
  const memoryOf = { ...before, now: [primary, canary] as const, weight: percent };
  return { primary, canary, memory: isPlain ? null : memoryOf };
}

/** The weights that stand there now. */
export function weightsAsTheyAre(managed: ManagedRoute, memory: RouteMemory): RouteWeights {
  const destinations = managed.route.route ?? [];
  return {
    primary: destinations[managed.primary]?.weight ?? null,
    canary: managed.canary < 0 ? "absent" : (destinations[managed.canary]?.weight ?? null),
    memory: memory[managed.key] ?? null,
  };
}

/** Nobody has touched its weights since we wrote them. */
function isAsLeft(managed: ManagedRoute, { now }: RememberedRoute): boolean {
  const destinations = managed.route.route ?? [];
  return destinations[managed.primary]?.weight === now[0] && destinations[managed.canary]?.weight === now[1];
}

function beforeOf(managed: ManagedRoute, memory: RouteMemory): Omit<RouteWeights, "memory"> {
  const remembered = memory[managed.key];
  if (remembered !== undefined && isAsLeft(managed, remembered)) {
    return { primary: remembered.primary, canary: remembered.canary };
  }
  const destinations = managed.route.route ?? [];
  // A canary that had traffic before has none at rest.
  if (managed.canary >= 0 && weightAt(destinations, managed.canary) > 0)
    return { primary: wholeOf(managed), canary: 0 };
  const { primary, canary } = weightsAsTheyAre(managed, memory);
  return { primary, canary };
}

function othersOf({ route, canary }: ManagedRoute): number {
  return (route.route ?? []).length - (canary < 0 ? 1 : 2);
}

/** What the two sides share: 100, or what others leave them. */
function wholeOf(managed: ManagedRoute): number {
  if (othersOf(managed) === 0) return 100;
  const destinations = managed.route.route ?? [];
  return [managed.primary, managed.canary].reduce((sum, index) => sum + weightAt(destinations, index), 0);
}

/** To the nearest whole number; the least share is a share, and so is the primary's below 100 %. */
function roundedShare(whole: number, percent: number): number {
  if (percent === 100) return whole;
  return Math.min(Math.max(1, Math.round((whole * percent) / 100)), Math.max(0, whole - 1));
}
