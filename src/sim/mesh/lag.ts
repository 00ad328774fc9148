import type { Prng } from "../../lib/prng.ts";

export interface Range {
  readonly minMs: number;
  readonly maxMs: number;
}

/** How long changes take to reach proxies: each proxy has a delay of its own within these ranges. */
export interface MeshLag {
  /** Of VirtualServices, DestinationRules and Services. */
  readonly routes: Range;
  /** Of endpoints and the labels of pods. */
  readonly endpoints: Range;
}

/** The delays of one proxy. */
export interface Lag {
  readonly routesMs: number;
  readonly endpointsMs: number;
}

/** The same delay for everything and everybody. */
export function evenLag(delayMs: number): MeshLag {
  const range = { minMs: delayMs, maxMs: delayMs };
  return { routes: range, endpoints: range };
}

/** The longest that anything takes to be known everywhere. */
export function longestLagMs({ routes, endpoints }: MeshLag): number {
  return Math.max(routes.maxMs, endpoints.maxMs);
}

/** Draws only where there is something to choose: fixed delays leave the stream of chance as it is. */
export function drawLag({ routes, endpoints }: MeshLag, prng: Prng): Lag {
  return { routesMs: drawn(routes, prng), endpointsMs: drawn(endpoints, prng) };
}

function drawn({ minMs, maxMs }: Range, prng: Prng): number {
  return minMs === maxMs ? minMs : prng.integer(minMs, maxMs);
}
