import { describe, expect, it } from "vitest";
import type { EvidenceRow } from "../../src/api/evidence.ts";
import type { Pod } from "../../src/kube/kind/workload.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { PrometheusSource } from "../../src/metrics/prometheus/prometheus-source.ts";
import { HEALTHY_IMAGE } from "../../src/sim/image.ts";
import { INJECTED_NAMESPACE, isInjected } from "../../src/sim/mesh/injector.ts";
import { evenLag } from "../../src/sim/mesh/lag.ts";
import { Mesh } from "../../src/sim/mesh/mesh.ts";
import { inProcessAdapter } from "../../src/sim/prometheus/axios-adapter.ts";
import { EmbeddedPrometheus } from "../../src/sim/prometheus/embedded-prometheus.ts";
import {
  aPod,
  aService,
  aSlice,
  aVirtualService,
  HandFedCaches,
  readyStatus,
} from "../support/mesh-objects.ts";

const PRIMARY = [0, 1, 2].map((index) => aPod("checkout-primary", index));
const CANARY = [0, 1].map((index) => aPod("checkout", index, { hash: "bbbb", image: "shop/checkout:v2" }));
const INTERVAL_MS = 15_000;

/** A mesh that sends a fifth of 300 requests a second to a canary that fails one in ten, seen through Prometheus. */
function aWatchedMesh() {
  const clock = new VirtualClock();
  const fed = new HandFedCaches();
  fed.put(
    ...PRIMARY,
    ...CANARY,
    aService("checkout"),
    aService("checkout-primary"),
    aService("checkout-canary"),
    aSlice("checkout-primary", PRIMARY),
    aSlice("checkout-canary", CANARY),
    aVirtualService({
      hosts: ["checkout"],
      http: [
        {
          route: [
            { destination: { host: "checkout-primary" }, weight: 80 },
            { destination: { host: "checkout-canary" }, weight: 20 },
          ],
        },
      ],
    }),
  );
  const mesh = new Mesh({
    hasSidecar: (pod) => isInjected(pod, INJECTED_NAMESPACE),
    clock,
    prng: new Prng(7),
    images: (image) => ({ ...HEALTHY_IMAGE, errorRate: image.endsWith("v2") ? 0.1 : 0 }),
    caches: fed.caches,
    lag: evenLag(0),
  });
  const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: 5_000 });
  mesh.exportTo((page) => prometheus.addTarget(page));
  const from = { workload: "web", namespace: "shop", labels: { app: "web" } };
  mesh.setTraffic("web-0", { host: "checkout", rps: 300, from });
  mesh.start();
  const source = new PrometheusSource({
    clock,
    url: "http://prometheus",
    adapter: inProcessAdapter(prometheus),
  });
  const rows = async (fromMs: number, toMs: number): Promise<readonly EvidenceRow[]> => {
    const fetched = source.fetch({
      canary: { namespace: "shop", workload: "checkout" },
      primary: { namespace: "shop", workload: "checkout-primary" },
      variables: {},
      intervalMs: INTERVAL_MS,
      fromMs,
      toMs,
      metrics: [{ name: "latency", max: "500ms", onFail: "rollback" }],
      phase: "live",
      counts: "requests",
    });
    await clock.advance(1_000);
    return fetched;
  };
  return { clock, mesh, fed, rows };
}

describe("what PrometheusSource says about a mesh", () => {
  it("is what the mesh did, to within what one scrape can miss", async () => {
    const { clock, mesh, rows } = aWatchedMesh();
    const startMs = clock.now();
    await clock.advance(120_000);
    const evidence = await rows(startMs + INTERVAL_MS, startMs + 8 * INTERVAL_MS);
    for (const [arm, workload] of [
      ["canary", "checkout"],
      ["primary", "checkout-primary"],
    ] as const) {
      const truth = mesh.truth.requestsTo({
        namespace: "shop",
        workload,
        fromMs: startMs,
        toMs: startMs + 120_000,
      });
      const seen = evidence.reduce((sum, row) => sum + (row[arm]?.requests ?? 0), 0);
      const perScrape = truth / 24;
      expect(Math.abs(seen - truth)).toBeLessThan(2 * perScrape);
    }
    const errors = evidence.reduce((sum, { canary }) => sum + (canary?.errors ?? 0), 0);
    const requests = evidence.reduce((sum, { canary }) => sum + (canary?.requests ?? 0), 0);
    expect(errors / requests).toBeCloseTo(0.1, 1);
    expect(evidence.every(({ primary }) => primary?.errors === 0)).toBe(true);
    for (const { canary } of evidence.slice(1)) {
      expect(canary?.latencyMs?.["+Inf"]).toBeGreaterThan(500);
      expect(canary?.latencyMs?.["+Inf"]).toBeLessThanOrEqual((canary?.requests ?? 0) * 1.2);
    }
  });

  it("is the same whether rows are asked for one by one or all at once", async () => {
    const { clock, rows } = aWatchedMesh();
    const startMs = clock.now();
    const single: EvidenceRow[] = [];
    for (let row = 1; row <= 4; row++) {
      await clock.advance(startMs + row * INTERVAL_MS - clock.now());
      single.push(...(await rows(startMs + row * INTERVAL_MS, startMs + row * INTERVAL_MS)));
    }
    expect(await rows(startMs + INTERVAL_MS, startMs + 4 * INTERVAL_MS)).toEqual(single);
    expect(single.at(-1)?.canary?.requests).toBeGreaterThan(0);
  });

  it("shows a canary whose pods have died, though only callers can tell", async () => {
    const { clock, fed, rows } = aWatchedMesh();
    await clock.advance(30_000);
    for (const pod of CANARY) {
      const died: Pod = { ...pod, status: readyStatus("checkout", false) };
      fed.put(died);
    }
    await clock.advance(25_000);
    const endMs = Math.floor(clock.now() / INTERVAL_MS) * INTERVAL_MS;
    await clock.advance(15_000);
    const [row] = await rows(endMs + INTERVAL_MS, endMs + INTERVAL_MS);
    expect(row?.canary?.requests).toBeGreaterThan(500);
    expect(row?.canary?.errors).toBe(row?.canary?.requests);
    expect(row?.primary?.errors).toBe(0);
  });
});
