import type { KubeObject } from "../../src/kube/object.ts";
import type { RequestShape } from "../../src/sim/mesh/match.ts";
import type { HttpPlan } from "../../src/sim/mesh/route.ts";
import { ChangeLog, type KindName, type View } from "../../src/sim/mesh/view.ts";
import { aPod, aService, aSlice, HandFedCaches } from "./mesh-objects.ts";

const PRIMARY = [aPod("checkout-primary", 0), aPod("checkout-primary", 1)];
export const CANARY = aPod("checkout", 0, { hash: "bbbb", labels: { version: "v2" } });
/** Two pods of the primary, one of the canary, labelled v2. */
const WORLD = [
  ...PRIMARY,
  CANARY,
  aService("checkout"),
  aService("checkout-primary"),
  aService("checkout-canary"),
  aSlice("checkout", PRIMARY),
  aSlice("checkout-primary", PRIMARY),
  aSlice("checkout-canary", [CANARY]),
];

/** What a proxy knows that knows these objects beside the usual Services and pods. */
export function viewOf(...objects: readonly KubeObject[]): View {
  const log = new ChangeLog();
  const fed = new HandFedCaches();
  for (const [kind, cache] of Object.entries(fed.caches)) {
    cache.subscribe((change: { new?: unknown }) =>
      log.record(0, kind as KindName, change.new as never, false),
    );
  }
  fed.put(...WORLD, ...objects);
  return log.current;
}

export function aRequest(overrides: Partial<RequestShape> = {}): RequestShape {
  return {
    method: "GET",
    path: "/",
    authority: "checkout",
    scheme: "http",
    headers: {},
    port: 80,
    gateway: "mesh",
    source: { namespace: "shop", labels: {} },
    ...overrides,
  };
}

/** `host:share` of each destination, or `status flags`. */
export function planText(plan: HttpPlan): string {
  if (plan.kind === "answer") return `${plan.status} ${plan.flags}`;
  return plan.destinations
    .map(({ share, cluster }) => `${cluster.service?.name ?? "?"}:${share}:${cluster.endpoints.length}`)
    .join(" ");
}
