import { describe, expect, test } from "vitest";
import type {
  ControllerWrite,
  Invariant,
  InvariantFactory,
  Scene,
} from "../../src/app/simulation/invariant.ts";
import { capacityKept } from "../../src/app/simulation/invariants/capacity-kept.ts";
import { evidenceFirst } from "../../src/app/simulation/invariants/evidence-first.ts";
import { oneWriter } from "../../src/app/simulation/invariants/one-writer.ts";
import { silentAtRest } from "../../src/app/simulation/invariants/silent-at-rest.ts";
import { subsetsGivenBack } from "../../src/app/simulation/invariants/subsets-given-back.ts";
import { weightsSum } from "../../src/app/simulation/invariants/weights-sum.ts";
import { STORIES } from "../../src/app/simulation/stories.ts";
import { destinationRuleManifest } from "../../src/app/simulation/subsets.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import type { DestinationRule } from "../../src/sim/mesh/istio.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World } from "../../src/sim/world.ts";

/** A world in which nothing runs: what is written is told by hand. */
function invariantOf(
  make: InvariantFactory,
  twoControllers = false,
  name = "promote",
  destinationRules: readonly DestinationRule[] = [],
): Invariant {
  const story = STORIES[name]!;
  const scene: Scene = {
    plan: { ...story, faults: { ...story.faults, twoControllers } },
    world: new World({ clock: new VirtualClock(), seed: 1, images: new ScenarioImages({}), crds: [] }),
    people: { commands: () => [], wantedImage: () => null, hasCutShort: () => false },
    inbox: { messages: [] },
    gates: { hasSaidYes: () => false },
  };
  scene.world.caches.destinationRules.replace({ items: destinationRules, resourceVersion: "1" });
  return make(scene);
}

function write(object: object, instance = "a-0"): ControllerWrite {
  const { kind, metadata } = object as KubeObject;
  const path = `/${kind}/${metadata.name}`;
  const common = { atMs: new VirtualClock().now(), method: "PUT", isStatus: false };
  return { ...common, path, instance, kind, object: object as KubeObject };
}

function routes(primary: number, canary: number): object {
  const route = [
    { destination: { host: "app-0-primary" }, weight: primary },
    { destination: { host: "app-0-canary" }, weight: canary },
  ];
  const metadata = { name: "app-0", namespace: "shop" };
  return { kind: "VirtualService", metadata, spec: { http: [{ route }] } };
}

interface Rule {
  readonly spec: { readonly subsets: readonly { readonly name: string }[] };
}

function subsetRoutes(stable: number, canary: number): object {
  const to = (subset: string, weight: number) => ({ destination: { host: "app-0", subset }, weight });
  const metadata = { name: "app-0", namespace: "shop" };
  return {
    kind: "VirtualService",
    metadata,
    spec: { http: [{ route: [to("stable", stable), to("canary", canary)] }] },
  };
}

function primary(revision: string, image: string, replicas = 2): object {
  return {
    kind: "Deployment",
    metadata: {
      name: "app-0-primary",
      namespace: "shop",
      uid: "u1",
      annotations: { "sluice.dev/revision": revision },
    },
    spec: { replicas, template: { spec: { containers: [{ image }] } } },
  };
}

describe("invariants find", () => {
  test("weights that do not add up, and nothing in those that do", () => {
    const invariant = invariantOf(weightsSum);
    expect(invariant.onWrite?.(write(routes(100, 0)))).toEqual([]);
    expect(invariant.onWrite?.(write(routes(80, 0)))).toEqual(["weights of VirtualService app-0 sum to 80"]);
  });

  test("a weight for a Service that does not exist", () => {
    const problems = invariantOf(weightsSum).onWrite?.(write(routes(50, 50)));
    expect(problems).toEqual(["app-0 gives requests to Service app-0-canary, which does not exist"]);
  });

  test("weights of subsets as they do those of Services", () => {
    const problems = invariantOf(weightsSum, false, "subsets").onWrite?.(write(subsetRoutes(50, 50)));
    expect(problems).toEqual(["app-0 gives requests to Service app-0, which does not exist"]);
  });

  test("more of a DestinationRule that was changed than labels of its subsets", () => {
    const invariant = invariantOf(subsetsGivenBack, false, "subsets");
    const rule = destinationRuleManifest(STORIES["subsets"]!.rollouts[0]!) as unknown as Rule;
    const [everybody, ...managed] = rule.spec.subsets;
    const labelled = managed.map((it) => ({ ...it, labels: { app: "app-0-primary" } }));
    const changed = (subsets: readonly object[], more = {}) =>
      invariant.onWrite?.(write({ ...rule, spec: { ...rule.spec, ...more, subsets } }));
    expect(changed([everybody!, ...labelled])).toEqual([]);
    const problem = ["a controller changed more of DestinationRule app-0 than labels of its subsets"];
    expect(changed([{ ...everybody, labels: {} }, ...managed])).toEqual(problem);
    expect(changed([everybody!, ...managed.map(({ name }) => ({ name }))])).toEqual(problem);
    expect(changed(rule.spec.subsets, { trafficPolicy: {} })).toEqual(problem);
    expect(invariant.atEnd?.()).toEqual(["DestinationRule app-0 is not what it was: undefined"]);
  });

  test("a revision that is promoted without requests, and one that is bad", () => {
    const invariant = invariantOf(evidenceFirst);
    expect(invariant.onWrite?.(write(primary("r1", "shop/app-0:v1")))).toEqual([]);
    expect(invariant.onWrite?.(write(primary("r2", "shop/app-0:errors")))).toEqual([
      "shop/app-0:errors was promoted after 0 requests that metrics could tell of",
      "shop/app-0:errors was promoted",
    ]);
  });

  test("nothing in a primary that follows its target while subsets still send requests to that (seed 455)", () => {
    const rule = destinationRuleManifest(STORIES["subsets"]!.rollouts[0]!)!;
    const metadata = { ...rule.metadata, resourceVersion: "1" };
    const invariant = invariantOf(evidenceFirst, false, "subsets", [{ ...rule, metadata } as never]);
    expect(invariant.onWrite?.(write(primary("r1", "shop/app-0:v1")))).toEqual([]);
    expect(invariant.onWrite?.(write(primary("r2", "shop/app-0:crash")))).toEqual([]);
  });

  test("a second writer", () => {
    const invariant = invariantOf(oneWriter, true);
    const lease = { kind: "Lease", metadata: { name: "sluice" }, spec: { holderIdentity: "a-0" } };
    expect(invariant.onWrite?.(write(lease))).toEqual([]);
    expect(invariant.onWrite?.(write(routes(100, 0)))).toEqual([]);
    expect(invariant.onWrite?.(write(routes(100, 0), "b-0"))).toHaveLength(1);
  });

  test("a write just before the end", () => {
    const invariant = invariantOf(silentAtRest);
    invariant.onWrite?.(write(primary("r1", "shop/app-0:v1")));
    expect(invariant.atEnd?.()).toEqual(["PUT /Deployment/app-0-primary was written 0 ms before the end"]);
  });

  test("nothing in a primary that is scaled down while nobody else serves less", () => {
    const invariant = invariantOf(capacityKept);
    invariant.onWrite?.(write(primary("r1", "shop/app-0:v1", 3)));
    expect(invariant.onWrite?.(write(primary("r1", "shop/app-0:v1", 1)))).toEqual([]);
  });
});
