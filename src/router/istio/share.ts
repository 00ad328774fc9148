import type { HttpRoute, RouteDestination } from "../../kube/kind/network.ts";
import { type Arms, isCanaryMirror, type Side } from "./arms.ts";

/** A lone destination without a weight gets everything. */
export function weightAt(destinations: readonly RouteDestination[], index: number): number {
  return destinations[index]?.weight ?? (destinations.length === 1 && index === 0 ? 100 : 0);
}

/**
 * Percentage of what a route sends to our two sides that goes to the canary, rounded up: the least share is a share.
 * Without a primary in it, of all that the route sends.
 */
export function canaryShare(destinations: readonly RouteDestination[], arms: Arms): number {
  const weights = destinations.map((it, index) => ({
    side: arms.sideOf(it.destination),
    weight: weightAt(destinations, index),
  }));
  const sumOf = (them: typeof weights) => them.reduce((sum, { weight }) => sum + weight, 0);
  const of = (wanted: Side) => weights.filter(({ side }) => side === wanted);
  const canary = sumOf(of("canary"));
  const whole = of("primary").length === 0 ? sumOf(weights) : canary + sumOf(of("primary"));
  return whole === 0 ? 0 : Math.ceil((100 * canary) / whole);
}

/** Percentage of a route's requests that is mirrored to the canary, rounded up. */
export function mirroredShare(route: HttpRoute, arms: Arms): number {
  const isCanary = (destination: HttpRoute["mirror"]) => isCanaryMirror(destination, arms);
  const single = isCanary(route.mirror) ? (route.mirrorPercentage?.value ?? 100) : 0;
  const several = (route.mirrors ?? [])
    .filter((it) => isCanary(it.destination))
    .map((it) => it.percentage?.value ?? 100);
  return Math.ceil(Math.max(single, ...several));
}
