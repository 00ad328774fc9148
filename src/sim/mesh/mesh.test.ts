import { describe, expect, it } from "vitest";
import { aSlice, readyStatus } from "../../../test/support/mesh-objects.ts";
import {
  aMesh,
  CANARY,
  metric,
  PRIMARY,
  TRAFFIC,
  weights,
  within,
} from "../../../test/support/small-mesh.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import { evenLag } from "./lag.ts";
import { BATCH_MS } from "./mesh.ts";

describe("traffic", () => {
  it("arrives at the rate asked for and follows the weights", async () => {
    const { clock, fed, to } = aMesh();
    fed.put(weights(10));
    await clock.advance(60_000);
    const sent = to("checkout") + to("checkout-primary");
    within(sent, 30_000, 4 * Math.sqrt(30_000));
    within(to("checkout"), sent * 0.1, 4 * Math.sqrt(sent * 0.1 * 0.9));
  });

  it("goes nowhere near a canary of weight 0", async () => {
    const { clock, fed, to } = aMesh();
    fed.put(weights(0));
    await clock.advance(60_000);
    expect(to("checkout")).toBe(0);
  });

  it("spreads evenly over ready pods", async () => {
    const { clock, mesh } = aMesh();
    await clock.advance(60_000);
    const perPod = PRIMARY.map((pod) =>
      metric(mesh, "istio_requests_total", { reporter: "destination", pod: pod.metadata.name }),
    );
    for (const count of perPod) within(count, 10_000, 500);
  });

  it("changes when it is told to, and ends with its client", async () => {
    const { clock, mesh } = aMesh();
    await clock.advance(10_000);
    mesh.setTraffic("web-0", { ...TRAFFIC, rps: 0 });
    const before = mesh.truth.userRequests();
    await clock.advance(10_000);
    expect(mesh.truth.userRequests()).toBe(before);
    mesh.setTraffic("web-0", { ...TRAFFIC, rps: 100 });
    await clock.advance(10_000);
    within(mesh.truth.userRequests() - before, 1_000, 150);
    mesh.removeTraffic("web-0");
    expect(metric(mesh, "istio_requests_total", { reporter: "source" })).toBe(0);
  });

  it("is the same, byte for byte, for the same seed, and another for another", async () => {
    const story = async (seed: number) => {
      const { clock, fed, mesh } = aMesh({ seed, images: { "shop/checkout:v2": { errorRate: 0.1 } } });
      fed.put(weights(30, { retries: { attempts: 1, retryOn: "5xx" } }));
      await clock.advance(20_000);
      return mesh.metricsText();
    };
    expect(await story(1)).toBe(await story(1));
    expect(await story(1)).not.toBe(await story(2));
  });

  it("costs no more at 20,000 requests a second than at 20", async () => {
    const cells = async (rps: number) => {
      const { clock, mesh } = aMesh();
      mesh.setTraffic("web-0", { ...TRAFFIC, rps });
      const started = performance.now();
      await clock.advance(60_000);
      return performance.now() - started;
    };
    await cells(20);
    expect(await cells(20_000)).toBeLessThan(1_000);
  });
});

describe("telemetry", () => {
  it("counts a request at its source and at its destination", async () => {
    const { clock, fed, mesh, to } = aMesh({ images: { "shop/checkout:v2": { errorRate: 0.2 } } });
    fed.put(weights(50));
    await clock.advance(30_000);
    const canary = { destination_workload: "checkout", destination_workload_namespace: "shop" };
    const count = (labels: Record<string, string>) =>
      metric(mesh, "istio_requests_total", { ...canary, source_workload: "web", ...labels });
    expect(count({ reporter: "source" })).toBe(to("checkout"));
    expect(count({ reporter: "destination" })).toBe(to("checkout"));
    expect(count({ reporter: "source", response_code: "500" })).toBe(mesh.truth.userErrors());
    within(mesh.truth.userErrors(), to("checkout") * 0.2, 4 * Math.sqrt(to("checkout") * 0.16));
    expect(count({ reporter: "source", destination_service_name: "checkout-canary" })).toBe(to("checkout"));
  });

  it("puts latencies into Istio's buckets", async () => {
    const { clock, mesh } = aMesh({
      images: { "shop/checkout-primary:v1": { latency: { p50Ms: 50, p99Ms: 500 } } },
    });
    await clock.advance(60_000);
    const bucket = (le: string) =>
      metric(mesh, "istio_request_duration_milliseconds_bucket", { reporter: "destination", le });
    const all = bucket("+Inf");
    expect(all).toBe(metric(mesh, "istio_request_duration_milliseconds_count", { reporter: "destination" }));
    expect(bucket("50") / all).toBeCloseTo(0.5, 1);
    expect(bucket("500") / all).toBeCloseTo(0.99, 2);
  });

  it("has counters that vanish with their pod and start from zero with the next", async () => {
    const { clock, fed, mesh } = aMesh();
    const pages: string[] = [];
    mesh.exportTo((page) => {
      const pod = page.labels["pod"]!;
      pages.push(`+${pod}`);
      return () => pages.push(`-${pod}`);
    });
    await clock.advance(10_000);
    const [first, ...others] = PRIMARY;
    fed.put(aSlice("checkout", others));
    fed.remove(first!);
    fed.put({ ...first!, metadata: { ...first!.metadata, uid: "another" } });
    expect(pages.slice(-2)).toEqual([`-${first!.metadata.name}`, `+${first!.metadata.name}`]);
    expect(metric(mesh, "istio_requests_total", { pod: first!.metadata.name })).toBe(0);
  });

  it("writes a page that names every label once, with escaped values", async () => {
    const { clock, mesh } = aMesh();
    mesh.setTraffic("odd", { ...TRAFFIC, from: { ...TRAFFIC.from, workload: 'a"b\\c' } });
    await clock.advance(2_000);
    const lines = mesh.metricsText().split("\n");
    expect(lines[0]).toBe("# HELP istio_requests_total Requests handled by an Istio proxy.");
    expect(lines.filter((line) => line.includes('source_workload="a\\"b\\\\c"')).length).toBeGreaterThan(0);
    for (const line of lines.filter((text) => text.startsWith("istio_"))) {
      const names = [...line.matchAll(/([a-z_]+)="/g)].map(([, name]) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe("mirroring", () => {
  it("copies a share of live requests, seen only by the receiving side", async () => {
    const { clock, fed, mesh, to } = aMesh();
    const route = [{ destination: { host: "checkout-primary" } }];
    fed.put(weights(0, { route, mirror: { host: "checkout-canary" }, mirrorPercentage: { value: 50 } }));
    await clock.advance(30_000);
    const live = to("checkout-primary", "live");
    within(to("checkout", "mirror"), live / 2, 4 * Math.sqrt(live / 4));
    expect(to("checkout", "live")).toBe(0);
    const seen = (reporter: string) =>
      metric(mesh, "istio_requests_total", { reporter, destination_workload: "checkout" });
    expect(seen("source")).toBe(0);
    expect(seen("destination")).toBe(to("checkout", "mirror"));
    expect(mesh.truth.userRequests()).toBe(live);
  });

  it("hides failures from users", async () => {
    const { clock, fed, mesh } = aMesh({ images: { "shop/checkout:v2": { errorRate: 1 } } });
    const route = [{ destination: { host: "checkout-primary" } }];
    fed.put(weights(0, { route, mirror: { host: "checkout-canary" } }));
    await clock.advance(10_000);
    expect(mesh.truth.userErrors()).toBe(0);
    expect(metric(mesh, "istio_requests_total", { response_code: "500" })).toBeGreaterThan(1_000);
  });
});

describe("what proxies know", () => {
  it("is as old as the propagation delay", async () => {
    const { clock, fed, to } = aMesh({ delayMs: 3_000 });
    fed.put(weights(0));
    await clock.advance(5_000);
    const changedAt = clock.now();
    fed.put(weights(100));
    await clock.advance(3_000 - BATCH_MS);
    expect(to("checkout")).toBe(0);
    await clock.advance(2_000);
    expect(to("checkout", "live", changedAt)).toBeGreaterThan(500);
  });

  it("comes in order, and is not forgotten when the delay grows", async () => {
    const { clock, fed, mesh, to } = aMesh({ delayMs: 1_000 });
    fed.put(weights(100));
    await clock.advance(2_000);
    mesh.setLag(evenLag(60_000));
    const before = to("checkout");
    await clock.advance(5_000);
    expect(to("checkout")).toBeGreaterThan(before);
    const turned = clock.now();
    fed.put(weights(0));
    await clock.advance(59_000);
    expect(to("checkout-primary", "live", turned)).toBe(0);
    mesh.setLag(evenLag(0));
    await clock.advance(1_000);
    expect(to("checkout-primary", "live", turned)).toBeGreaterThan(100);
  });

  it("lets requests go to a pod that is gone: refused, retried on another, and counted", async () => {
    const { clock, fed, mesh } = aMesh({ delayMs: 2_000 });
    fed.put(weights(0));
    await clock.advance(4_000);
    const [gone, ...left] = PRIMARY;
    fed.remove(gone!);
    fed.put(aSlice("checkout-primary", left));
    await clock.advance(10_000);
    // 500 rps for two seconds over three pods, and the retries that meet the gone pod no more.
    within(mesh.truth.requestsToUnready(), 333, 100);
    expect(mesh.truth.userErrors()).toBe(0);
  });

  it("shows users 503 where nothing is retried, at the source only", async () => {
    const { clock, fed, mesh } = aMesh({ delayMs: 2_000 });
    fed.put(weights(100, { retries: { attempts: 0 } }));
    await clock.advance(4_000);
    for (const pod of CANARY) {
      const notReady: Pod = { ...pod, status: readyStatus("checkout", false) };
      fed.put(notReady);
    }
    await clock.advance(1_000);
    const failed = { response_code: "503", response_flags: "UF", destination_workload: "checkout" };
    expect(mesh.truth.userErrors()).toBeGreaterThan(300);
    expect(metric(mesh, "istio_requests_total", { ...failed, reporter: "source" })).toBe(
      mesh.truth.userErrors(),
    );
    expect(metric(mesh, "istio_requests_total", { ...failed, reporter: "destination" })).toBe(0);
    expect(mesh.truth.requestsToUnready()).toBe(mesh.truth.userErrors());
  });

  it("includes that nobody is there: 503 UH, of an unknown workload", async () => {
    const { clock, fed, mesh } = aMesh();
    fed.put(weights(100), aSlice("checkout-canary", []));
    await clock.advance(2_000);
    const labels = {
      response_flags: "UH",
      destination_workload: "unknown",
      destination_service_name: "checkout-canary",
    };
    expect(metric(mesh, "istio_requests_total", labels)).toBe(mesh.truth.userRequests());
    expect(mesh.truth.requestsToUnready()).toBe(0);
  });

  it("keeps a pod that is being deleted serving until its container stops", async () => {
    const { clock, fed, mesh } = aMesh({ delayMs: 5_000 });
    fed.put(weights(0));
    await clock.advance(6_000);
    for (const pod of PRIMARY) {
      const metadata = { ...pod.metadata, deletionTimestamp: "2026-01-05T09:00:06Z" };
      const terminating: Pod = { ...pod, metadata, status: readyStatus("checkout-primary", false) };
      fed.put(terminating);
    }
    await clock.advance(2_000);
    expect(mesh.truth.requestsToUnready()).toBe(0);
    expect(mesh.truth.userErrors()).toBe(0);
  });
});

describe("requests that reach no pod", () => {
  it("are counted by what they met: no route, no such Service or subset, nobody there", async () => {
    const { clock, fed, mesh } = aMesh();
    const met = async (host: string, subset?: string) => {
      const fromMs = clock.now() + 1;
      const destination = { host, ...(subset === undefined ? {} : { subset }) };
      const path = { uri: { prefix: host === "none" ? "/nowhere" : "/" } };
      fed.put(weights(0, { match: [path], route: [{ destination }], mirror: { host: "checkout-mirror" } }));
      await clock.advance(2_000);
      const counts = (["noRoute", "noCluster", "noEndpoints"] as const).map((reason) =>
        mesh.truth.requestsUnserved({ reason, use: "live", fromMs }),
      );
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(
        mesh.truth.userErrors({ fromMs }) + counts[0]!,
      );
      return counts.map((count) => count > 0);
    };
    fed.put(aSlice("checkout-canary", []));
    expect(await met("none")).toEqual([true, false, false]);
    expect(await met("checkout-missing")).toEqual([false, true, false]);
    expect(await met("checkout-primary", "missing")).toEqual([false, true, false]);
    expect(await met("checkout-canary")).toEqual([false, false, true]);
    expect(await met("checkout-primary")).toEqual([false, false, false]);
    expect(mesh.truth.requestsUnserved({ use: "mirror" })).toBeGreaterThan(3_000);
  });
});

describe("policies of a route", () => {
  it("retries failures of the application when it says so", async () => {
    const { clock, fed, mesh, to } = aMesh({ images: { "shop/checkout:v2": { errorRate: 0.5 } } });
    fed.put(weights(100, { retries: { attempts: 2, retryOn: "5xx" } }));
    await clock.advance(30_000);
    const users = mesh.truth.userRequests();
    within(to("checkout"), users * 1.75, users * 0.03);
    within(mesh.truth.userErrors(), users * 0.125, users * 0.02);
    const seen = metric(mesh, "istio_requests_total", { reporter: "source", response_flags: "URX" });
    expect(seen).toBe(mesh.truth.userErrors());
  });

  it("times out: 504 for the user, a client gone away for the pod", async () => {
    const { clock, fed, mesh } = aMesh({
      images: { "shop/checkout:v2": { latency: { p50Ms: 50, p99Ms: 500 } } },
    });
    fed.put(weights(100, { timeout: "0.3s" }));
    await clock.advance(60_000);
    const users = mesh.truth.userRequests();
    within(mesh.truth.userErrors(), users * 0.0351, users * 0.006);
    const late = (labels: Record<string, string>) => metric(mesh, "istio_requests_total", labels);
    expect(late({ reporter: "source", response_code: "504", response_flags: "UT" })).toBe(
      mesh.truth.userErrors(),
    );
    expect(late({ reporter: "destination", response_code: "0", response_flags: "DC" })).toBe(
      mesh.truth.userErrors(),
    );
  });

  it("injects faults before any pod sees the request", async () => {
    const { clock, fed, mesh, to } = aMesh();
    const fault = {
      abort: { httpStatus: 555, percentage: { value: 20 } },
      delay: { fixedDelay: "2s", percentage: { value: 50 } },
    };
    fed.put(weights(100, { fault }));
    await clock.advance(30_000);
    const users = mesh.truth.userRequests();
    within(mesh.truth.userErrors(), users * 0.2, users * 0.02);
    expect(to("checkout")).toBe(users - mesh.truth.userErrors());
    const slow = metric(mesh, "istio_request_duration_milliseconds_count", {
      reporter: "source",
      response_flags: "DI",
    });
    within(slow, users * 0.4, users * 0.02);
    const sum = metric(mesh, "istio_request_duration_milliseconds_sum", {
      reporter: "source",
      response_flags: "DI",
    });
    expect(sum / slow).toBeGreaterThan(2_000);
  });
});

describe("images", () => {
  it("may degrade some time after a container has started", async () => {
    const { clock, fed, mesh } = aMesh({
      images: { "shop/checkout:v2": { degradeAfter: { afterMs: 30_000, errorRate: 1 } } },
    });
    fed.put(weights(100));
    await clock.advance(29_000);
    expect(mesh.truth.userErrors()).toBe(0);
    await clock.advance(11_000);
    within(mesh.truth.userErrors(), 5_000, 500);
  });
});

describe("a metrics page", () => {
  it("gives the same label objects at every scrape", async () => {
    const { clock, mesh } = aMesh();
    const collected: (() => readonly { labels: object }[])[] = [];
    mesh.exportTo((page) => {
      collected.push(() => page.collect());
      return () => {};
    });
    await clock.advance(1_000);
    for (const collect of collected) {
      const [before, after] = [collect(), collect()];
      expect(before.every(({ labels }, index) => labels === after[index]!.labels)).toBe(true);
    }
  });
});
