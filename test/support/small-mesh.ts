import { expect } from "vitest";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { HEALTHY_IMAGE, type ImageBehaviour } from "../../src/sim/image.ts";
import { INJECTED_NAMESPACE, isInjected } from "../../src/sim/mesh/injector.ts";
import type { HttpRoute } from "../../src/sim/mesh/istio.ts";
import { evenLag } from "../../src/sim/mesh/lag.ts";
import { Mesh } from "../../src/sim/mesh/mesh.ts";
import type { TrafficSpec } from "../../src/sim/mesh/traffic-spec.ts";
import { aPod, aService, aSlice, aVirtualService, HandFedCaches } from "./mesh-objects.ts";

export const PRIMARY = [0, 1, 2].map((index) => aPod("checkout-primary", index));
export const CANARY = [0, 1].map((index) =>
  aPod("checkout", index, { hash: "bbbb", image: "shop/checkout:v2" }),
);
const FROM = { workload: "web", namespace: "shop", labels: { app: "web" } };
export const TRAFFIC: TrafficSpec = { host: "checkout", rps: 500, from: FROM };

/** A VirtualService that splits requests between primary and canary. */
export function weights(canary: number, extra: Partial<HttpRoute> = {}) {
  return aVirtualService({
    hosts: ["checkout"],
    http: [
      {
        route: [
          { destination: { host: "checkout-primary" }, weight: 100 - canary },
          { destination: { host: "checkout-canary" }, weight: canary },
        ],
        ...extra,
      },
    ],
  });
}

/** Three pods of the primary, two of the canary, and one client that sends 500 requests a second to `checkout`. */
export function aMesh(
  options: {
    seed?: number;
    delayMs?: number;
    images?: Record<string, Partial<ImageBehaviour>>;
    traffic?: Partial<TrafficSpec>;
  } = {},
) {
  const clock = new VirtualClock();
  const fed = new HandFedCaches();
  fed.put(
    ...PRIMARY,
    ...CANARY,
    aService("checkout"),
    aService("checkout-primary"),
    aService("checkout-canary"),
    aSlice("checkout", PRIMARY),
    aSlice("checkout-primary", PRIMARY),
    aSlice("checkout-canary", CANARY),
  );
  const mesh = new Mesh({
    hasSidecar: (pod) => isInjected(pod, INJECTED_NAMESPACE),
    clock,
    prng: new Prng(options.seed ?? 7),
    images: (image) => ({ ...HEALTHY_IMAGE, ...options.images?.[image] }),
    caches: fed.caches,
    lag: evenLag(options.delayMs ?? 0),
  });
  mesh.setTraffic("web-0", { ...TRAFFIC, ...options.traffic });
  mesh.start();
  const to = (workload: string, use?: "live" | "mirror", fromMs?: number) =>
    mesh.truth.requestsTo({
      namespace: "shop",
      workload,
      ...(use === undefined ? {} : { use }),
      ...(fromMs === undefined ? {} : { fromMs }),
    });
  return { clock, fed, mesh, to };
}

/** Sum of a metric over all proxies, of the series that have these labels. */
export function metric(mesh: Mesh, name: string, labels: Record<string, string>): number {
  let total = 0;
  for (const line of mesh.metricsText().split("\n")) {
    if (!line.startsWith(`${name}{`)) continue;
    if (
      Object.entries(labels).every(
        ([key, value]) => line.includes(`,${key}="${value}"`) || line.includes(`{${key}="${value}"`),
      )
    ) {
      total += Number(line.slice(line.lastIndexOf(" ")));
    }
  }
  return total;
}

/** Fails unless the two are nearer to each other than that. */
export const within = (actual: number, expected: number, deviations: number) =>
  expect(Math.abs(actual - expected)).toBeLessThan(deviations);
