import { describe, expect, test } from "vitest";
import type { DestinationRule, VirtualService } from "../src/kube/kind/network.ts";
import type { AnyObject } from "../src/kube/object.ts";
import { expectNoDifference } from "./support/argo-comparison.ts";
import { expectRoutesGivenBack, lint, preflight, type WithSpec, weights } from "./support/guide-checks.ts";
import { type GuideStory, inNamespace, objectsOf, type Played, playGuide } from "./support/guide-story.ts";
import { type GuideYaml, yamlOf } from "./support/guide-yaml.ts";
import { schemaErrors } from "./support/istio-schema.ts";

/** Whatever these guides show is applied as it stands, released, and held against what the text around it says. */

const SHOWN = ["docs/guides/istio.md", "docs/guides/strategies.md"].flatMap(yamlOf);

interface Told extends GuideStory {
  /** What came of it is what the text says. */
  readonly holds?: (played: Played, objects: readonly AnyObject[]) => void;
}

const CALLS = { name: "all", host: "checkout", rps: 20 };
/** Before the Rollout is initialized nothing serves a host of its own. */
const LATER = { rps: 0, changes: [{ at: "20s", rps: 40 }] };
const half = (of: string) => ({ of, weight: 50, toCanary: { min: 0.35, max: 0.65 } });
const promoted = { phase: "Succeeded", promotedImage: "shop/checkout:v2" };
const withHeader = (name: string, key: string, value: string) => ({
  ...CALLS,
  name,
  rps: 20,
  headers: { [key]: value },
});
const approved = [{ at: "60s", annotate: { approve: "fine" } }];
const retried = { retries: { attempts: 2, perTryTimeout: "2s", retryOn: "5xx" }, timeout: "8s" };

const STORIES: Readonly<Record<string, Told>> = {
  "A generated VirtualService": {
    traffic: [
      { ...LATER, name: "gateway", host: "checkout.example.com", path: "/checkout/cart" },
      { name: "mesh", host: "checkout", rps: 20, path: "/checkout/cart" },
    ],
    timeline: [{ at: "22s", patch: tampering("checkout") }],
    expect: { ...promoted, events: ["TrafficRepaired"], requests: [half("gateway"), half("mesh")] },
    holds: ({ written }) => {
      const { hosts, gateways, http } = last(written<VirtualService>("VirtualService", "checkout")).spec;
      expect(hosts?.toSorted()).toEqual(["checkout", "checkout.example.com"]);
      expect(gateways?.toSorted()).toEqual(["istio-system/public", "mesh"]);
      expect(http?.at(-1)).toMatchObject({ timeout: "8s", rewrite: { uri: "/" } });
      for (const side of ["primary", "canary"]) {
        const { spec } = last(written<DestinationRule>("DestinationRule", `checkout-${side}`));
        expect(spec.trafficPolicy).toMatchObject({ outlierDetection: { consecutive5xxErrors: 5 } });
      }
    },
  },
  Delegation: {
    traffic: [
      { ...CALLS, ...LATER, host: "shop.example.com", path: "/checkout/cart" },
      { name: "mesh", host: "checkout", rps: 5 },
    ],
    expect: { ...promoted, requests: [half("all")] },
    holds: ({ written }) => {
      expect(written("VirtualService", "shop")).toEqual([]);
      for (const { spec } of written<VirtualService>("VirtualService", "checkout"))
        expect(Object.keys(spec).filter((it) => it === "hosts" || it === "gateways")).toEqual([]);
    },
  },
  "Your VirtualServices": {
    traffic: [
      { ...CALLS, name: "edge", host: "checkout.example.com" },
      { ...CALLS, name: "api", host: "checkout.example.com", path: "/api/cart" },
      { ...CALLS, name: "internal" },
    ],
    expect: { ...promoted, requests: ["edge", "api", "internal"].map(half) },
    holds: ({ written }) => {
      for (const name of ["edge", "internal"]) expect(weights(written, name)).toEqual([50, 100, 0]);
    },
  },
  Subsets: {
    traffic: CALLS,
    timeline: [{ at: "2m", delete: "rollout/checkout" }],
    expect: { events: ["Promoted"], requests: [half("all")], minCanaryWeight: 50 },
    holds: ({ written }, objects) => {
      const rules = written<DestinationRule>("DestinationRule", "checkout");
      const labels = (subset: string) =>
        rules.map(({ spec }) => spec.subsets?.find(({ name }) => name === subset)?.labels);
      expect(labels("stable")).toContainEqual({ app: "checkout-primary" });
      expect(labels("canary")).toContainEqual({ app: "checkout", "pod-template-hash": expect.any(String) });
      // The Rollout was deleted in the end.
      expect(last(rules).spec).toEqual(objectNamed(objects, "DestinationRule", "checkout")["spec"]);
      expect(last(rules).metadata.annotations ?? {}).toEqual({});
    },
  },
  "istio.md Session affinity": {
    traffic: { ...CALLS, rps: 60, scheme: "https", clients: { count: 300, stay: "10s" } },
    expect: { ...promoted, clientsMovedBack: 0, requests: [newcomers(50)] },
    holds: ({ written }) => {
      const { spec } = written<VirtualService>("VirtualService", "checkout").find(hasCookie)!;
      expect(JSON.stringify(spec)).toMatch(/"side=canary[^;]+; Path=\/; Max-Age=3600; SameSite=Lax; Secure/);
    },
  },
  Preflight: {
    traffic: CALLS,
    spec: { traffic: { istio: retried } },
    holds: async (_, objects) => {
      const without = objects.map((it) => (it.kind === "Rollout" ? withoutIgnore(it) : it));
      expect((await lint(without)).out).toContain("[retry-on-errors]");
    },
  },
  GitOps: {
    traffic: { ...CALLS, host: "checkout.example.com" },
    beside: [...shownUnder("Your VirtualServices").slice(0, 1).map(toSubsets), ...shownUnder("Subsets")],
    spec: {
      traffic: {
        istio: {
          virtualServices: [{ name: "edge", routes: ["main"] }],
          destinationRule: { name: "checkout", primarySubset: "stable", canarySubset: "canary" },
          canaryMatch: [{ headers: { "x-tester": { exact: "yes" } } }],
        },
      },
    },
    holds: expectNoDifference,
  },
  "Routes by match": {
    traffic: [
      withHeader("testers", "x-tester", "yes"),
      withHeader("enterprise", "x-merchant-tier", "enterprise"),
      CALLS,
    ],
    expect: {
      ...promoted,
      requests: [
        { of: "testers", stage: "Step", toCanary: 1 },
        { of: "enterprise", stage: "Step", toCanary: 0 },
        half("all"),
      ],
    },
    holds: ({ written }) => {
      const routes = written<VirtualService>("VirtualService", "checkout");
      expect(routes.some(({ spec }) => (spec.http?.length ?? 0) > 1)).toBe(true);
      expect(last(routes).spec.http).toHaveLength(1);
    },
  },
  "A/B test": {
    traffic: [withHeader("b", "cookie", "theme=dark; group=b"), withHeader("a", "cookie", "group=a")],
    timeline: approved,
    expect: {
      ...promoted,
      requests: [
        { of: "b", stage: "Step", toCanary: 1 },
        { of: "a", stage: "Step", toCanary: 0 },
      ],
    },
  },
  "Blue/green": {
    traffic: [withHeader("staff", "x-preview", "true"), CALLS],
    timeline: approved,
    expect: {
      ...promoted,
      requests: [
        { of: "staff", stage: "Step", toCanary: 1 },
        { of: "all", stage: "Step", toCanary: 0 },
        { stage: "Promoting", toCanary: 1 },
      ],
    },
    holds: ({ written }) => expect(weights(written, "checkout")).toEqual([0, 100, 0]),
  },
  "strategies.md Session affinity": {
    traffic: { ...CALLS, rps: 60, clients: { count: 300, stay: "10s" } },
    expect: { ...promoted, clientsMovedBack: 0, requests: [newcomers(20), newcomers(50)] },
  },
  "Shadow traffic": {
    traffic: { ...CALLS, rps: 60, method: { GET: 3, POST: 1 } },
    expect: {
      ...promoted,
      requests: [
        { method: "POST", mirrored: 0 },
        { method: "GET", stage: "Shadow", mirroredAtLeast: 200, toCanary: 0 },
        half("all"),
      ],
    },
  },
};

describe("what a guide shows does what its text says", () => {
  const titles = [...new Set(SHOWN.map(titleOf))];

  test("wherever it shows something", () => {
    expect(titles.toSorted()).toEqual(Object.keys(STORIES).toSorted());
  });

  test.each(Object.entries(STORIES))("%s", async (title, story) => {
    const objects = objectsOf(
      SHOWN.filter((it) => titleOf(it) === title),
      story,
    );
    expect(await lint(objects)).toMatchObject({ out: "1 Rollout checked, no problem found.\n", err: "" });
    const played = await playGuide(
      objects.filter(({ kind }) => kind !== "Application"),
      story,
    );
    expect(played.result.expectations).toEqual("met");
    expect(schemaErrors(played.versions)).toEqual([]);
    expect(played.warnings).toEqual([]);
    expectRoutesGivenBack(played, objects);
    expect(preflight(played)).toEqual(["Nothing was found."]);
    await story.holds?.(played, objects);
  });
});

function titleOf({ guide, heading }: GuideYaml): string {
  const others = SHOWN.some((it) => it.heading === heading && it.guide !== guide);
  return others ? `${guide.split("/").at(-1)} ${heading}` : heading;
}

/** Whole objects, in the Rollout's namespace. */
function shownUnder(heading: string): readonly AnyObject[] {
  return SHOWN.filter((it) => it.heading === heading && it.value["kind"] !== undefined).map(({ value }) =>
    inNamespace(value as AnyObject),
  );
}

function objectNamed(objects: readonly AnyObject[], kind: string, name: string): AnyObject & WithSpec {
  const found = objects.find((it) => it.kind === kind && it.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found as AnyObject & WithSpec;
}

function withoutIgnore(object: AnyObject): AnyObject {
  const { preflight: _, ...spec } = (object as AnyObject & WithSpec).spec;
  return { ...object, spec } as AnyObject;
}

function hasCookie({ spec }: VirtualService): boolean {
  return JSON.stringify(spec).includes("Set-Cookie");
}

function newcomers(weight: number) {
  return { weight, newToCanary: { min: (weight - 15) / 100, max: (weight + 15) / 100 } };
}

function tampering(name: string) {
  return {
    kind: "VirtualService",
    name,
    patch: [{ op: "replace", path: "/spec/http/0/timeout", value: "1s" }],
  };
}

/** A VirtualService of the guide whose routes send to a subset. */
function toSubsets(object: AnyObject): AnyObject {
  const text = JSON.stringify(object);
  return JSON.parse(text.replaceAll('"host":"checkout"', '"host":"checkout","subset":"stable"')) as AnyObject;
}

function last<T>(values: readonly T[]): T {
  const value = values.at(-1);
  if (value === undefined) throw new Error("nothing was written");
  return value;
}
