import { describe, expect, it } from "vitest";
import { aRollout, aTarget, aTemplate } from "../../../test/support/rollout-objects.ts";
import type { Deployment } from "../../kube/kind/workload.ts";
import { buildPrimary, primarySettings } from "./primary.ts";

const LABEL = { key: "app", target: "checkout", primary: "checkout-primary" };

function primaryOf(target: Deployment): Deployment {
  return buildPrimary(aRollout(), { target, label: LABEL, template: aTemplate(), revision: "7d9f" }, 3);
}

function surgeOf(strategy: NonNullable<Deployment["spec"]["strategy"]>): unknown {
  return primarySettings(aTarget({ strategy })).strategy?.rollingUpdate?.maxSurge;
}

describe("buildPrimary", () => {
  it("selects by one label of its own and names the revision that it was made from", () => {
    const target = aTarget({ selector: { matchLabels: { app: "checkout", tier: "web" } } });
    const { metadata, spec } = primaryOf(target);
    expect(metadata).toEqual({
      name: "checkout-primary",
      namespace: "shop",
      labels: { "sluice.dev/rollout": "checkout", app: "checkout-primary" },
      annotations: { "sluice.dev/revision": "7d9f" },
      ownerReferences: [
        {
          apiVersion: "sluice.dev/v1alpha1",
          kind: "Rollout",
          name: "checkout",
          uid: "uid-rollout",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
    expect(spec.selector).toEqual({ matchLabels: { app: "checkout-primary" } });
    expect(spec.template.metadata?.labels).toEqual({ app: "checkout-primary" });
    expect(spec.replicas).toBe(3);
  });

  it("does not take over the target's labels, by which others would prune it", () => {
    const target = aTarget({}, { metadata: { labels: { "app.kubernetes.io/instance": "shop" } } });
    expect(primaryOf(target).metadata.labels).not.toHaveProperty(["app.kubernetes.io/instance"]);
  });
});

describe("primarySettings", () => {
  it("never takes a serving pod away before its successor is available", () => {
    const { strategy } = primarySettings(aTarget({ strategy: { type: "Recreate" } }));
    expect(strategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" },
    });
  });

  it("surges as the target does, but at least by one pod", () => {
    expect(surgeOf({ rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } })).toBe(2);
    expect(surgeOf({ rollingUpdate: { maxSurge: "50%" } })).toBe("50%");
    expect(surgeOf({ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } })).toBe(1);
    expect(surgeOf({ rollingUpdate: { maxSurge: "0%", maxUnavailable: 1 } })).toBe(1);
    expect(surgeOf({ type: "RollingUpdate" })).toBe("25%");
  });

  it("keeps enough ReplicaSets to go back to", () => {
    expect(primarySettings(aTarget({ revisionHistoryLimit: 0 })).revisionHistoryLimit).toBe(2);
    expect(primarySettings(aTarget({ revisionHistoryLimit: 5 })).revisionHistoryLimit).toBe(5);
  });

  it("copies deadlines", () => {
    expect(primarySettings(aTarget({ minReadySeconds: 7, progressDeadlineSeconds: 90 }))).toMatchObject({
      minReadySeconds: 7,
      progressDeadlineSeconds: 90,
    });
  });
});
