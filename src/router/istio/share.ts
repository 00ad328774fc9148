import type { HttpRoute, RouteDestination } from "../../kube/kind/network.ts";
import type { Arms } from "./arms.ts";

/**
 * Percentage of what a route sends to our two sides that goes to the canary, rounded up: the least share is a share.
 * Without a primary in it, of all that the route sends.
 */
export function canaryShare(destinations: readonly RouteDestination[], arms: Arms): number {
  const weightOf = (it: RouteDestination) => it.weight ?? (destinations.length === 1 ? 100 : 0);
  const sumOf = (them: readonly RouteDestination[]) => them.reduce((sum, it) => sum + weightOf(it), 0);
  const of = (side: string) => destinations.filter((it) => arms.sideOf(it.destination) === side);
  const canary = sumOf(of("canary"));
  const whole = of("primary").length === 0 ? sumOf(destinations) : canary + sumOf(of("primary"));
  return whole === 0 ? 0 : Math.ceil((100 * canary) / whole);
}

/** Percentage of a route's requests that is mirrored to the canary, rounded up. */
export function mirroredShare(route: HttpRoute, arms: Arms): number {
  const isCanary = (destination: HttpRoute["mirror"]) =>
    destination !== undefined && arms.sideOf(destination) === "canary";
  const single = isCanary(route.mirror) ? (route.mirrorPercentage?.value ?? 100) : 0;
  const several = (route.mirrors ?? [])
    .filter((it) => isCanary(it.destination))
    .map((it) => it.percentage?.value ?? 100);
  return Math.ceil(Math.max(single, ...several));
}
