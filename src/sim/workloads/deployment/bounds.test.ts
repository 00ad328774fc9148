import { describe, expect, it } from "vitest";
import { aDeployment } from "../../../../test/support/workload-objects.ts";
import { boundsOf } from "./bounds.ts";

describe("boundsOf", () => {
  it.each([
    [4, "25%", "25%", 1, 1],
    [2, "25%", "25%", 1, 0],
    [10, "25%", "25%", 3, 2],
    [10, "100%", 0, 10, 0],
    [3, 0, "10%", 0, 1],
    [5, 2, 9, 2, 5],
    [0, "25%", "25%", 0, 0],
  ])(
    "of %i replicas with surge %s and unavailable %s is %i and %i pods",
    (replicas, surge, down, maxSurge, maxUnavailable) => {
      const rollingUpdate = { maxSurge: surge, maxUnavailable: down };
      const deployment = aDeployment({ replicas, strategy: { type: "RollingUpdate", rollingUpdate } });
      expect(boundsOf(deployment)).toEqual({ maxSurge, maxUnavailable });
    },
  );

  it("of Recreate is nothing", () => {
    expect(boundsOf(aDeployment({ strategy: { type: "Recreate" } }))).toEqual({
      maxSurge: 0,
      maxUnavailable: 0,
    });
  });
});
