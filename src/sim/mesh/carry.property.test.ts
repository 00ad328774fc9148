import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aPod, readyStatus } from "../../../test/support/mesh-objects.ts";
import { Prng } from "../../lib/prng.ts";
import { HEALTHY_IMAGE } from "../image.ts";
import { Batch } from "./carry.ts";
import type { Cluster } from "./clusters.ts";
import { Draw } from "./draw.ts";
import { GroundTruth } from "./ground-truth.ts";
import { LatencyGrids } from "./latency.ts";
import { Outliers } from "./outliers.ts";
import { PeerAuthentications } from "./peer-authentication.ts";
import { PodDirectory } from "./pod-directory.ts";
import { faultPolicy, retryPolicy } from "./policy.ts";
import type { ForwardPlan } from "./route.ts";
import { ProxyStats, UNKNOWN_WORKLOAD } from "./telemetry.ts";

const SEEN = { path: "/", authority: "web" };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const percentage = share.map((value) => ({ value: value * 100 }));

/** Pods of one workload: how many, which of them are gone or not ready, and how the image behaves. */
const backend = fc.record({
  pods: fc.array(fc.constantFrom("ready", "ready", "unready", "gone"), { maxLength: 4 }),
  exists: fc.constantFrom(true, true, true, false),
  errorRate: share,
  p50Ms: fc.integer({ min: 1, max: 2_000 }),
  weight: fc.constantFrom(0, 1, 50, 100),
  mirrored: share,
});

const policy = fc.record({
  attempts: fc.integer({ min: 0, max: 4 }),
  retryOn: fc.constantFrom("5xx", "connect-failure", "gateway-error,reset", ""),
  perTryTimeout: fc.option(fc.constantFrom("50ms", "1s"), { nil: undefined }),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 2_000 })),
  abort: percentage,
  delay: percentage,
});

type Backend = typeof backend extends fc.Arbitrary<infer T> ? T : never;
type Policy = typeof policy extends fc.Arbitrary<infer T> ? T : never;

function carried(seed: number, count: number, backends: readonly Backend[], given: Policy) {
  const pods = new PodDirectory(() => true);
  const images = (image: string) => {
    const { errorRate, p50Ms } = backends[Number(image)]!;
    return { ...HEALTHY_IMAGE, errorRate, latency: { p50Ms, p99Ms: p50Ms * 4 } };
  };
  const proxies: ProxyStats[] = [];
  const clusters = backends.map((it, index): Cluster => {
    const endpoints = it.pods.map((state, number) => {
      const name = `backend${index}`;
      const status = readyStatus(name, state === "ready");
      const pod = aPod(name, number, { image: String(index), status });
      const { meshPod } = pods.update(pod);
      proxies.push(meshPod.stats);
      if (state === "gone") pods.remove(pod);
      return { pod: `shop/${pod.metadata.name}` };
    });
    const service = it.exists ? { name: `backend${index}`, namespace: "shop" } : null;
    const host = `backend${index}.shop.svc.cluster.local`;
    const policies = { tls: "auto", outlier: null } as const;
    return { name: host, host, service, endpoints: it.exists ? endpoints : [], ...policies };
  });
  const { attempts, retryOn, perTryTimeout, timeoutMs, abort, delay } = given;
  const plan: ForwardPlan = {
    kind: "forward",
    destinations: backends.map(({ weight }, index) => ({
      share: weight,
      cluster: clusters[index]!,
      seen: SEEN,
      cookies: [],
    })),
    mirrors: backends.map(({ mirrored }, index) => ({
      share: mirrored,
      cluster: clusters[index]!,
      seen: SEEN,
    })),
    fault: faultPolicy({
      abort: { httpStatus: 555, percentage: abort },
      delay: { fixedDelay: "1s", percentage: delay },
    }),
    retry: retryPolicy({ attempts, retryOn, ...(perTryTimeout === undefined ? {} : { perTryTimeout }) }),
    timeoutMs,
  };
  const truth = new GroundTruth();
  const peers = new PeerAuthentications();
  const sender = {
    identity: UNKNOWN_WORKLOAD,
    stats: new ProxyStats(),
    origin: { source: "web", method: "GET" },
    outliers: new Outliers(),
  };
  const carrier = { draw: new Draw(new Prng(seed)), grids: new LatencyGrids(), images, pods, peers, truth };
  new Batch(carrier, sender, 0).carry(plan, count);
  return { plan, truth, source: sender.stats, destinations: proxies };
}

function total(stats: readonly ProxyStats[]): number {
  return stats.flatMap((it) => [...it.series()]).reduce((sum, { requests }) => sum + requests, 0);
}

describe("whatever the route, the pods and the draws", () => {
  const world = [
    fc.integer(),
    fc.constantFrom(0, 1, 20, 5_000),
    fc.array(backend, { minLength: 1, maxLength: 3 }),
    policy,
  ] as const;

  it("every request gets exactly one answer, counted once at its source", () => {
    fc.assert(
      fc.property(...world, (seed, count, backends, given) => {
        fc.pre(backends.some(({ weight }) => weight > 0));
        const { truth, source } = carried(seed, count, backends, given);
        expect(truth.userRequests()).toBe(count);
        expect(total([source])).toBe(count);
      }),
    );
  });

  it("every attempt is seen by its pod or found nobody there", () => {
    fc.assert(
      fc.property(...world, (seed, count, backends, given) => {
        const { truth, destinations } = carried(seed, count, backends, given);
        const sent = backends.reduce(
          (sum, _, index) => sum + truth.requestsTo({ namespace: "shop", workload: `backend${index}` }),
          0,
        );
        expect(total(destinations) + truth.requestsToUnready()).toBe(sent);
      }),
    );
  });

  it("a weight of 0 and a mirror of 0 send nothing", () => {
    fc.assert(
      fc.property(...world, (seed, count, backends, given) => {
        const silent = backends.map((it, index) =>
          index === 0 ? { ...it, weight: 0 as const, mirrored: 0 } : it,
        );
        const { truth } = carried(seed, count, silent, given);
        expect(truth.requestsTo({ namespace: "shop", workload: "backend0" })).toBe(0);
      }),
    );
  });

  it("histograms hold every request once, and no duration is beyond the request's timeout", () => {
    fc.assert(
      fc.property(...world, (seed, count, backends, given) => {
        const { plan, source, destinations } = carried(seed, count, backends, given);
        for (const stats of [source, ...destinations]) {
          for (const { requests, buckets, durationSumMs } of stats.series()) {
            expect(buckets.reduce((sum, part) => sum + part, 0)).toBe(requests);
            expect(durationSumMs).toBeGreaterThan(0);
          }
        }
        for (const stats of destinations) {
          for (const { requests, durationSumMs } of stats.series()) {
            if (plan.timeoutMs !== null)
              expect(durationSumMs / requests).toBeLessThanOrEqual(plan.timeoutMs + 1e-6);
          }
        }
      }),
    );
  });
});
