import { describe, expect, it } from "vitest";
import { aTemplate } from "../../../test/support/rollout-objects.ts";
import type { PodTemplate } from "../../kube/kind/workload.ts";
import { isSameTemplate, primaryTemplate, selectorLabelOf } from "./pod-template.ts";

const LABEL = { key: "app", target: "checkout", primary: "checkout-primary" };

describe("selectorLabelOf", () => {
  it.each([
    [{ app: "a", name: "b", "app.kubernetes.io/name": "c" }, "app"],
    [{ name: "b", "app.kubernetes.io/name": "c" }, "name"],
    [{ tier: "web", "app.kubernetes.io/name": "c" }, "app.kubernetes.io/name"],
  ])("takes the first label that it knows of %j", (matchLabels, key) => {
    expect(selectorLabelOf({ matchLabels })?.key).toBe(key);
  });

  it("finds none where the selector has only labels that it does not know", () => {
    expect(selectorLabelOf({ matchLabels: { tier: "web" } })).toBeNull();
    expect(selectorLabelOf({ matchExpressions: [{ key: "app", operator: "Exists" }] })).toBeNull();
  });
});

describe("isSameTemplate", () => {
  it("does not see the hash label and what serialisers write", () => {
    const hashed = aTemplate("shop/checkout:v1", { app: "checkout", "pod-template-hash": "7d9f" });
    const serialised = {
      ...hashed,
      metadata: { ...hashed.metadata, creationTimestamp: null },
    } as unknown as PodTemplate;
    expect(isSameTemplate(serialised, aTemplate())).toBe(true);
  });

  it("sees another image and another label", () => {
    expect(isSameTemplate(aTemplate("shop/checkout:v2"), aTemplate())).toBe(false);
    expect(isSameTemplate(aTemplate("shop/checkout:v1", { app: "checkout", tier: "web" }), aTemplate())).toBe(
      false,
    );
  });
});

describe("primaryTemplate", () => {
  it("changes the selector label, drops the hash and nothing else", () => {
    const analysed: PodTemplate = {
      metadata: {
        labels: { app: "checkout", version: "v2", "pod-template-hash": "7d9f" },
        annotations: { "prometheus.io/scrape": "true" },
      },
      spec: {
        ...aTemplate().spec,
        nodeSelector: { app: "checkout" },
        volumes: [{ name: "settings", configMap: { name: "checkout" } }],
      },
    };
    expect(primaryTemplate(analysed, LABEL)).toEqual({
      metadata: {
        labels: { app: "checkout-primary", version: "v2" },
        annotations: { "prometheus.io/scrape": "true" },
      },
      spec: analysed.spec,
    });
  });

  it("lets affinity and spread rules about its own pods follow the label", () => {
    const own = { labelSelector: { matchLabels: { app: "checkout", tier: "web" } }, topologyKey: "zone" };
    const listed = {
      labelSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["checkout", "cart"] }] },
    };
    const foreign = { labelSelector: { matchLabels: { app: "cart" } } };
    const otherKey = { labelSelector: { matchLabels: { name: "checkout" } } };
    const analysed: PodTemplate = {
      metadata: { labels: { app: "checkout" } },
      spec: {
        ...aTemplate().spec,
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [own, foreign],
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: listed }],
          },
        },
        topologySpreadConstraints: [{ maxSkew: 1, ...own }, otherKey],
      },
    };
    const ownOfPrimary = {
      labelSelector: { matchLabels: { app: "checkout-primary", tier: "web" } },
      topologyKey: "zone",
    };
    expect(primaryTemplate(analysed, LABEL).spec).toEqual({
      ...aTemplate().spec,
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [ownOfPrimary, foreign],
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              podAffinityTerm: {
                labelSelector: {
                  matchExpressions: [{ key: "app", operator: "In", values: ["checkout-primary", "cart"] }],
                },
              },
            },
          ],
        },
      },
      topologySpreadConstraints: [{ maxSkew: 1, ...ownOfPrimary }, otherKey],
    });
  });
});
