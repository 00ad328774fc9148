import { describe, expect, test } from "vitest";
import { sharedProblem } from "./shared.ts";
import { rolloutSpecSchema } from "./spec.ts";

const at = (name: string, creationTimestamp: string) => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "shop", creationTimestamp },
});
const ELDER = at("z", "2026-01-01T00:00:00Z");
const YOUNGER = at("a", "2026-01-02T00:00:00Z");

function specOf(istio: object = {}) {
  return rolloutSpecSchema.parse({
    targetRef: { name: "checkout" },
    service: { port: 80, name: "shop" },
    traffic: { istio },
    steps: [{ weight: 10 }],
  });
}

describe("two Rollouts", () => {
  test("of one target are one too many, and it is the younger one", () => {
    const rivals = { ofTarget: [YOUNGER, ELDER], ofService: [] };
    expect(sharedProblem(ELDER, specOf(), rivals)).toBeNull();
    expect(sharedProblem(YOUNGER, specOf(), rivals)).toEqual({
      field: "spec.targetRef.name",
      message: "Deployment checkout is already released by Rollout z; a target can have one Rollout",
    });
  });

  test("of one host are one too many as well", () => {
    const rivals = { ofTarget: [YOUNGER], ofService: [YOUNGER, ELDER] };
    expect(sharedProblem(ELDER, specOf(), rivals)).toBeNull();
    expect(sharedProblem(YOUNGER, specOf(), rivals)).toEqual({
      field: "spec.service.name",
      message: "Service shop is already that of Rollout z; give this one another host (spec.service.name)",
    });
  });

  test("may stand behind one host with subsets and routes of the user's own", () => {
    const istio = {
      virtualServices: [{ name: "edge" }],
      destinationRule: { name: "shop", primarySubset: "v2", canarySubset: "v2-canary" },
    };
    const rivals = { ofTarget: [YOUNGER], ofService: [YOUNGER, ELDER] };
    expect(sharedProblem(YOUNGER, specOf(istio), rivals)).toBeNull();
  });

  test("of one age are told apart by their names", () => {
    const twin = at("b", YOUNGER.metadata.creationTimestamp);
    const rivals = { ofTarget: [YOUNGER, twin], ofService: [] };
    expect(sharedProblem(YOUNGER, specOf(), rivals)).toBeNull();
    expect(sharedProblem(twin, specOf(), rivals)).not.toBeNull();
  });
});
