import type { JsonPatchOperation } from "../../kube/client.ts";
import type { RouteDestination } from "../../kube/kind/network.ts";
import type { Arms } from "./arms.ts";
import { ofSide } from "./our-routes.ts";
import type { ManagedRoute } from "./own-selection.ts";
import type { RouteWeights } from "./own-weights.ts";

type Operations = readonly JsonPatchOperation[];

/**
 * The operations that give a route, at `path`, these weights. They test first that the destinations are still those
 * that were read.
 */
export function editRoute(
  managed: ManagedRoute,
  path: string,
  weights: RouteWeights,
  arms: Arms,
): Operations {
  const changes = weightOperations(managed, path, weights, arms);
  if (changes.length === 0) return [];
  const tests = [managed.primary, managed.canary].flatMap((index) => testOperations(managed, path, index));
  return [...tests, ...changes];
}

/** The destinations of a route with these weights. */
export function destinationsWith(
  { route, primary, canary }: ManagedRoute,
  weights: RouteWeights,
  arms: Arms,
): readonly RouteDestination[] {
  const destinations = route.route ?? [];
  const changed = destinations.flatMap((it, index) => {
    if (index === primary) return [weighing(it, weights.primary)];
    if (index !== canary) return [it];
    return weights.canary === "absent" ? [] : [weighing(it, weights.canary)];
  });
  if (canary >= 0 || weights.canary === "absent") return changed;
  const added = weighing(ofSide("canary", destinations, arms), weights.canary);
  return [...changed.slice(0, primary + 1), added, ...changed.slice(primary + 1)];
}

function weighing({ weight: _weight, ...rest }: RouteDestination, weight: number | null): RouteDestination {
  return weight === null ? rest : { ...rest, weight };
}

function weightOperations(
  managed: ManagedRoute,
  path: string,
  weights: RouteWeights,
  arms: Arms,
): Operations {
  const { primary, canary } = managed;
  const first = weightOperation(managed, path, primary, weights.primary);
  if (canary >= 0) {
    return weights.canary === "absent"
      ? [...first, { op: "remove", path: `${path}/route/${canary}` }]
      : [...first, ...weightOperation(managed, path, canary, weights.canary)];
  }
  if (weights.canary === "absent") return first;
  const value = destinationsWith(managed, weights, arms)[primary + 1];
  return [...first, { op: "add", path: `${path}/route/${primary + 1}`, value }];
}

/** `add` overwrites a member that is there. */
function weightOperation(managed: ManagedRoute, path: string, index: number, to: number | null): Operations {
  const from = managed.route.route?.[index]?.weight ?? null;
  if (from === to) return [];
  const at = `${path}/route/${index}/weight`;
  return to === null ? [{ op: "remove", path: at }] : [{ op: "add", path: at, value: to }];
}

function testOperations(managed: ManagedRoute, path: string, index: number): Operations {
  const destination = managed.route.route?.[index]?.destination;
  if (destination === undefined) return [];
  const at = `${path}/route/${index}/destination`;
  const { host, subset } = destination;
  return [
    { op: "test", path: `${at}/host`, value: host },
    ...(subset === undefined ? [] : [{ op: "test" as const, path: `${at}/subset`, value: subset }]),
  ];
}
