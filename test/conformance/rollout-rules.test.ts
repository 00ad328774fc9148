import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import { readSpec } from "../../src/api/validate.ts";
import { AdapterWorld } from "../support/adapter-world.ts";

const MATCH = [{ headers: { "x-tester": { exact: "yes" } } }];
const WAYS = {
  steps: [{ weight: 10 }, { weight: 50 }],
  ramp: { by: 10, every: "1m" },
  ab: { match: MATCH, duration: "10m" },
  blueGreen: { previewMatch: MATCH, duration: "10m" },
};

const HEAD = { apiVersion: "sluice.dev/v1alpha1", kind: "Rollout" };
const STEPS = { steps: WAYS.steps };
const STICKY = { traffic: { istio: { sessionAffinity: {} } } };

/** Specs and whether they can be carried out, as a user writes them. */
const SPECS: readonly (readonly [string, Record<string, unknown>, boolean])[] = [
  ...Object.entries(WAYS).map(([way, value]) => [`${way} alone`, { [way]: value }, true] as const),
  ["no way at all", {}, false],
  ["steps and an A/B test", { steps: WAYS.steps, ab: WAYS.ab }, false],
  ["an A/B test and blue/green", { ab: WAYS.ab, blueGreen: WAYS.blueGreen }, false],
  ["an A/B test for nobody", { ab: { ...WAYS.ab, match: [] } }, false],
  ["affinity with steps", { steps: WAYS.steps, ...STICKY }, true],
  ["affinity with an A/B test", { ab: WAYS.ab, ...STICKY }, false],
  ["methods in small letters", { steps: WAYS.steps, shadow: { duration: "1m", methods: ["get"] } }, false],
];

describe("the API server and the controller agree on a Rollout with", () => {
  const world = new AdapterWorld();
  beforeAll(() => world.start());
  afterAll(() => world.stop());

  test.each(SPECS)("%s", async (name, way, isGood) => {
    const spec = { targetRef: { name: "checkout" }, service: { port: 80 }, traffic: { istio: {} }, ...way };
    expect(readSpec(spec).ok).toBe(isGood);
    const metadata = { name: name.toLowerCase().replaceAll(/[^a-z]+/g, "-"), namespace: "default" };
    const rollout = { ...HEAD, metadata, spec };
    const created = world.settled(world.admin.create(ROLLOUT, rollout as never)).then(
      () => true,
      () => false,
    );
    expect(await created).toBe(isGood);
  });
});

describe("of a Rollout that is there the API server lets nobody change", () => {
  const world = new AdapterWorld();
  beforeAll(async () => {
    await world.start();
    const spec = { targetRef: { name: "checkout" }, service: { port: 80 }, traffic: { istio: {} }, ...STEPS };
    const rollout = { ...HEAD, metadata: { name: "checkout", namespace: "default" }, spec };
    await world.settled(world.admin.create(ROLLOUT, rollout as never));
  });
  afterAll(() => world.stop());

  test.each([
    ["its target", { targetRef: { name: "other" } }, "targetRef is immutable"],
    ["its host", { service: { name: "other" } }, "service.name is immutable"],
    ["nothing by naming the host that it has", { service: { name: "checkout" } }, null],
  ])("%s", async (_, spec, refusal) => {
    const key = { namespace: "default", name: "checkout" };
    const patched = world.settled(world.admin.patch(ROLLOUT, key, { type: "merge", body: { spec } })).then(
      () => null,
      (error: Error) => error.message,
    );
    if (refusal === null) expect(await patched).toBeNull();
    else expect(await patched).toContain(refusal);
  });
});
