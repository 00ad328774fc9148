import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aPod, readyStatus } from "../../../../test/support/workload-objects.ts";
import type { EndpointSlice, Service } from "../../../kube/kind/network.ts";
import type { Pod } from "../../kinds.ts";
import { groupEndpoints } from "./endpoints.ts";
import { planSlices } from "./slices.ts";

const service: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop", uid: "uid-service" },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] },
};

/** Pods by number; each listens on one of two ports. */
const pods = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 260 }).map((numbers) =>
  numbers.map((number): Pod => {
    const ports = [{ name: "http", containerPort: number % 7 === 0 ? 9090 : 8080 }];
    const containers = [{ name: "main", image: "web:1", ports }];
    return aPod(`pod-${number}`, {
      spec: { containers },
      status: readyStatus(undefined, `10.244.1.${number}`),
    });
  }),
);

/** The slices after the plan was carried out. */
function carryOut(
  existing: readonly EndpointSlice[],
  wanted: readonly Pod[],
  round: number,
): readonly EndpointSlice[] {
  const plan = planSlices(service, groupEndpoints(service, wanted), existing);
  const gone = new Set(plan.delete.map(({ metadata }) => metadata.name));
  const updated = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
  const kept = existing.filter(({ metadata }) => !gone.has(metadata.name));
  const created = plan.create.map((slice, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `web-${round}-${index}` },
  }));
  return [...kept.map((slice) => updated.get(slice.metadata.name) ?? slice), ...created];
}

describe("planSlices", () => {
  it("always leads to slices of at most 100 that hold every pod once, with its port", () => {
    fc.assert(
      fc.property(fc.array(pods, { minLength: 1, maxLength: 5 }), (rounds) => {
        let slices: readonly EndpointSlice[] = [];
        for (const [round, wanted] of rounds.entries()) {
          slices = carryOut(slices, wanted, round);
          const held = slices.flatMap((slice) =>
            (slice.endpoints ?? []).map(({ targetRef }) => `${targetRef?.name}:${slice.ports?.[0]?.port}`),
          );
          const expected = wanted.map(
            (pod) => `${pod.metadata.name}:${pod.spec.containers[0]?.ports?.[0]?.containerPort}`,
          );
          expect([...held].sort()).toEqual([...expected].sort());
          expect(Math.max(0, ...slices.map((slice) => slice.endpoints?.length ?? 0))).toBeLessThanOrEqual(
            100,
          );
          expect(slices.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 40 },
    );
  });
});
