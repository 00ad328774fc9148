import { describe, expect, it } from "vitest";
import { aDestinationRule } from "../../../test/support/mesh-objects.ts";
import { aMesh, CANARY, metric, weights } from "../../../test/support/small-mesh.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import { Prng } from "../../lib/prng.ts";
import { Draw } from "./draw.ts";
import type { OutlierDetection } from "./istio.ts";
import { type Outcomes, OutlierDetector, outlierPolicy } from "./outlier.ts";

const PODS = ["a", "b", "c", "d"];

/** A detector, what it is told, and whom it leaves out. */
function watched(written: OutlierDetection, pods: readonly string[] = PODS) {
  const policy = outlierPolicy({ maxEjectionPercent: 100, ...written })!;
  const draw = new Draw(new Prng(1));
  const detector = new OutlierDetector(policy, 0);
  detector.usable(policy, pods, 0);
  return {
    report: (pod: string, outcomes: Partial<Outcomes>, now: number) => {
      const none = { ok: 0, serverErrors: 0, gatewayErrors: 0, localFailures: 0 };
      detector.report(policy, pod, { ...none, ...outcomes }, draw, now);
    },
    ejectedAt: (now: number, known = pods) =>
      known.filter((pod) => !detector.usable(policy, known, now).includes(pod)),
  };
}

describe("outlier detection", () => {
  it("ejects after so many errors in a row, counted over batches, and starts anew after a success", () => {
    const { report, ejectedAt } = watched({ consecutive5xxErrors: 5 });
    report("a", { serverErrors: 4 }, 0);
    report("a", { ok: 1 }, 0);
    report("a", { serverErrors: 4 }, 0);
    expect(ejectedAt(1)).toEqual([]);
    report("a", { serverErrors: 1 }, 0);
    expect(ejectedAt(1)).toEqual(["a"]);
  });

  it("counts gateway errors as such where it is told to, and failures to connect among them", () => {
    const both = watched({ consecutive5xxErrors: 0, consecutiveGatewayErrors: 3 });
    both.report("a", { serverErrors: 50 }, 0);
    expect(both.ejectedAt(1)).toEqual([]);
    both.report("a", { gatewayErrors: 2 }, 0);
    both.report("a", { localFailures: 1 }, 0);
    expect(both.ejectedAt(1)).toEqual(["a"]);
  });

  it("counts failures to connect apart where it is told to", () => {
    const split = watched({
      consecutive5xxErrors: 3,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 4,
    });
    split.report("a", { localFailures: 3 }, 0);
    expect(split.ejectedAt(1)).toEqual([]);
    split.report("a", { localFailures: 1 }, 0);
    expect(split.ejectedAt(1)).toEqual(["a"]);
  });

  it("leaves a pod out for the base time, and longer each time that it fails again", () => {
    const { report, ejectedAt } = watched({ interval: "1s", baseEjectionTime: "10s" });
    report("a", { serverErrors: 5 }, 500);
    expect(ejectedAt(10_000)).toEqual(["a"]);
    expect(ejectedAt(11_000)).toEqual([]);
    report("a", { serverErrors: 5 }, 11_100);
    report("b", { serverErrors: 5 }, 11_100);
    expect(ejectedAt(20_000)).toEqual(["a", "b"]);
    expect(ejectedAt(22_000)).not.toContain("b");
  });

  it("never ejects more than the share that it may: of a few pods 10 percent are none", () => {
    const some = watched({ maxEjectionPercent: 50 });
    for (const pod of PODS) some.report(pod, { serverErrors: 9 }, 0);
    expect(some.ejectedAt(1)).toEqual(["a", "b"]);
    const usual = watched({ maxEjectionPercent: 0 });
    for (const pod of PODS) usual.report(pod, { serverErrors: 9 }, 0);
    expect(usual.ejectedAt(1)).toEqual([]);
  });

  it("uses all pods rather than too few of them, where a least share is given", () => {
    const { report, ejectedAt } = watched({ minHealthPercent: 50 });
    for (const pod of ["a", "b"]) report(pod, { serverErrors: 5 }, 0);
    expect(ejectedAt(1)).toEqual(["a", "b"]);
    report("c", { serverErrors: 5 }, 0);
    expect(ejectedAt(1)).toEqual([]);
  });

  it("forgets pods that are gone", () => {
    const { report, ejectedAt } = watched({ consecutive5xxErrors: 5 });
    report("a", { serverErrors: 5 }, 0);
    expect(ejectedAt(1, ["b", "c"])).toEqual([]);
    expect(ejectedAt(2)).toEqual([]);
  });
});

describe("a mesh with outlier detection", () => {
  const rule = (outlierDetection: OutlierDetection) =>
    aDestinationRule({ host: "checkout-canary", trafficPolicy: { outlierDetection } });

  it("may eject a whole failing canary: then users get 503 UH, which the canary never sees", async () => {
    const { clock, fed, mesh, to } = aMesh({ images: { "shop/checkout:v2": { errorRate: 1 } } });
    fed.put(weights(50), rule({ consecutive5xxErrors: 5, maxEjectionPercent: 100, baseEjectionTime: "60s" }));
    await clock.advance(30_000);
    expect(to("checkout")).toBeLessThan(100);
    const seen = metric(mesh, "istio_requests_total", { reporter: "source", response_flags: "UH" });
    expect(seen).toBeGreaterThan(6_000);
    expect(mesh.truth.requestsUnserved({ reason: "noEndpoints" })).toBe(seen);
  });

  it("sends around one bad pod", async () => {
    const { clock, fed, mesh, to } = aMesh({
      images: { bad: { errorRate: 1 } },
      traffic: { rps: 100 },
    });
    fed.put(
      weights(100),
      rule({ consecutive5xxErrors: 3, maxEjectionPercent: 50, baseEjectionTime: "120s" }),
    );
    const [bad, good] = CANARY;
    const broken: Pod = { ...bad!, spec: { containers: [{ name: "checkout", image: "bad" }] } };
    fed.put(broken);
    await clock.advance(60_000);
    const per = ({ metadata }: Pod) =>
      metric(mesh, "istio_requests_total", { reporter: "destination", pod: metadata.name });
    expect(per(broken)).toBeLessThan(50);
    expect(per(broken) + per(good!)).toBe(to("checkout"));
    expect(mesh.truth.userErrors()).toBe(per(broken));
  });
});
