import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DestinationRule } from "../../src/kube/kind/network.ts";
import { DESTINATION_RULE, SERVICE } from "../../src/kube/resources.ts";
import { IstioRouter } from "../../src/router/istio/istio.ts";
import { type AdapterWorld, rejectionOf } from "../support/adapter-world.ts";
import { schemaErrors } from "../support/istio-schema.ts";
import { RouterBench } from "../support/router-bench.ts";

const SUBSETS = { name: "rule", primarySubset: "stable", canarySubset: "canary" };

/** Of `subsets.ts`, what the suite of all routers does not ask. */
describe("subsets of a DestinationRule of the user", () => {
  let bench: RouterBench;
  let world: AdapterWorld;

  beforeEach(async () => {
    bench = await RouterBench.create((it) => new IstioRouter({ client: it.client, ...it.caches }), {
      spec: { traffic: { istio: { destinationRule: SUBSETS } } },
      podLabels: { app: "checkout", service: "checkout" },
      prepare: async (it) => {
        await it.settled(it.admin.create(SERVICE, service({ service: "checkout" })));
        await it.settled(it.admin.create(DESTINATION_RULE, rule()));
        for (const app of ["checkout", "checkout-primary"]) await deploy(it, app);
        await it.advance(5);
      },
    });
    ({ world } = bench);
    await bench.install();
  });
  afterEach(async () => {
    const written = world.written();
    expect(schemaErrors(written.map(({ object }) => object))).toEqual([]);
    expect(written.flatMap(({ warnings }) => warnings)).toEqual([]);
    await bench.stop();
  });

  async function labels(subset: string): Promise<unknown> {
    const found = await world.find(DESTINATION_RULE, "rule");
    return found?.spec.subsets?.find(({ name }) => name === subset)?.labels;
  }

  it("select the target until traffic moves, the primary from then on, and the target again in the end", async () => {
    const before = await world.find(DESTINATION_RULE, "rule");
    expect(bench.services().apex).toMatchObject({ selects: "target", readyEndpoints: 2 });
    await bench.do((router, context) => router.pointApex(context, "primary"));
    expect(await labels("stable")).toEqual({ app: "checkout-primary" });
    expect(bench.services().apex).toMatchObject({ selects: "primary", readyEndpoints: 2 });
    await bench.do((router, context) => router.pointApex(context, "target"));
    const after = await world.find(DESTINATION_RULE, "rule");
    expect(after?.spec).toEqual(before?.spec);
    expect(after?.metadata.annotations).toEqual(before?.metadata.annotations);
  });

  it("keep their labels while neither side is there to tell whose pods are whose", async () => {
    await bench.do((router, context) => router.pointApex(context, "primary"));
    const { context } = bench;
    bench.context = { ...context, selectors: { target: {}, primary: {} } };
    await bench.do((router, nobody) => router.pointApex(nobody, "primary"));
    expect(await labels("stable")).toEqual({ app: "checkout-primary" });
    await bench.do((router, nobody) => router.pointApex(nobody, "target"));
    expect(await labels("stable")).toEqual({ app: "checkout-primary" });
    bench.context = context;
    await bench.do((router, known) => router.pointApex(known, "target"));
    expect(await labels("stable")).toEqual({ app: "checkout" });
  });

  it("are never given back labels that the target's pods do not have", async () => {
    const subsets = [{ name: "stable", labels: { version: "v0" } }, { name: "canary" }];
    await world.change(DESTINATION_RULE, "rule", { spec: { subsets } });
    await world.advance();
    await bench.do((router, context) => router.pointApex(context, "primary"));
    await bench.do((router, context) => router.pointApex(context, "target"));
    expect(await labels("stable")).toEqual({ app: "checkout" });
    await bench.do((router, context) => router.removeServices(context));
    expect(await labels("stable")).toEqual({ app: "checkout" });
  });

  it("remember what they said before, when the primary is lost and another one is adopted", async () => {
    const subsets = [{ name: "stable", labels: { service: "checkout" } }, { name: "canary" }];
    await world.change(DESTINATION_RULE, "rule", { spec: { subsets } });
    await world.advance();
    for (const side of ["primary", "target", "primary", "target"] as const)
      await bench.do((router, context) => router.pointApex(context, side));
    await bench.do((router, context) => router.removeServices(context));
    expect(await labels("stable")).toEqual({ service: "checkout" });
  });

  it("are pinned to one revision during a run, and count its pods alone", async () => {
    const [set] = (await world.cluster.replicaSets()).filter(
      ({ metadata }) => metadata.labels?.["app"] === "checkout",
    );
    const hash = set?.metadata.labels?.["pod-template-hash"] ?? "";
    bench.beginRun(hash);
    await bench.do((router, context) => router.pinCanary(context, hash));
    expect(await labels("canary")).toEqual({ app: "checkout", "pod-template-hash": hash });
    expect(bench.services().canary).toMatchObject({ pinnedHash: hash, readyEndpoints: 2, inSync: true });
    await bench.do((router, context) => router.pinCanary(context, "other"));
    expect(bench.services().canary).toMatchObject({ pinnedHash: "other", readyEndpoints: 0 });
    bench.endRun();
    expect(bench.services().canary).toMatchObject({ inSync: false });
    await bench.do((router, context) => router.ensureServices(context));
    expect(await labels("canary")).toBeUndefined();
    expect(bench.services().canary).toMatchObject({ pinnedHash: null, inSync: true });
  });

  it("keep whatever else is changed in the rule while they are labelled", async () => {
    bench.beginRun("6d5f8c");
    await bench.do((router, context) => router.pinCanary(context, "6d5f8c"));
    const subsets = (await world.find(DESTINATION_RULE, "rule"))?.spec.subsets ?? [];
    const policy = { trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } };
    await world.change(DESTINATION_RULE, "rule", {
      metadata: { labels: { team: "shop" } },
      spec: { ...policy, subsets: subsets.toReversed().map((it) => ({ ...it, ...policy })) },
    });
    await world.advance();
    await bench.do((router, context) => router.pinCanary(context, "other"));
    bench.endRun();
    await bench.do((router, context) => router.ensureServices(context));
    const after = await world.find(DESTINATION_RULE, "rule");
    expect(after?.metadata).toMatchObject({ labels: { team: "shop" } });
    expect(after?.spec).toMatchObject(policy);
    expect(after?.spec.subsets).toEqual([
      { name: "canary", ...policy },
      { name: "stable", labels: { app: "checkout" }, ...policy },
    ]);
  });

  it("are labelled again when somebody sets the labels, and give back what was set last", async () => {
    await bench.do((router, context) => router.pointApex(context, "primary"));
    const set = {
      spec: { subsets: [{ name: "stable", labels: { service: "checkout" } }, { name: "canary" }] },
    };
    await world.change(DESTINATION_RULE, "rule", set);
    await world.advance();
    expect(bench.services().apex).toMatchObject({ selects: "target" });
    await bench.do((router, context) => router.pointApex(context, "primary"));
    expect(await labels("stable")).toEqual({ app: "checkout-primary" });
    await bench.do((router, context) => router.pointApex(context, "target"));
    // These select the primary's pods as well, which are still there.
    expect(await labels("stable")).toEqual({ app: "checkout" });
    await bench.do((router, context) => router.removeServices(context));
    expect(await labels("stable")).toEqual({ service: "checkout" });
  });

  it("are written once, and never over what was not seen", async () => {
    world.writes();
    await bench.do((router, context) => router.pointApex(context, "primary"));
    await bench.do((router, context) => router.pointApex(context, "primary"));
    expect(world.writes()).toEqual(["PATCH destinationrules/rule"]);
    const unseen = world.change(DESTINATION_RULE, "rule", { metadata: { labels: { touched: "yes" } } });
    const error = await rejectionOf(bench.do((router, context) => router.pinCanary(context, "6d5f8c")));
    await unseen;
    expect(error).toMatchObject({ status: { code: 409 } });
    await world.advance();
    await bench.do((router, context) => router.pinCanary(context, "6d5f8c"));
    expect(await labels("canary")).toMatchObject({ "pod-template-hash": "6d5f8c" });
  });

  it("say what a Service that selects one side alone needs", async () => {
    await world.change(SERVICE, "checkout", { spec: { selector: { app: "checkout", service: null } } });
    await world.advance();
    expect(bench.routing()).toHaveProperty(
      "problem",
      "Service default/checkout selects app=checkout, and the primary's pods have app=checkout-primary: with subsets one Service must select both sides. Give the pod template a label of its own, such as service: checkout, and let the Service select that",
    );
  });

  it("say which of them is missing", async () => {
    await world.change(DESTINATION_RULE, "rule", { spec: { subsets: [{ name: "stable" }] } });
    await world.advance();
    expect(bench.routing()).toHaveProperty("problem", expect.stringContaining("has no subset canary"));
    await world.remove(DESTINATION_RULE, "rule");
    expect(bench.routing()).toHaveProperty("problem", expect.stringContaining("does not exist: make it"));
  });
});

async function deploy(world: AdapterWorld, app: string): Promise<void> {
  const template = {
    metadata: { labels: { app, service: "checkout" } },
    spec: { containers: [{ name: "main", image: "shop/checkout:v1" }] },
  };
  await world.settled(world.cluster.deploy(app, "shop/checkout:v1", { replicas: 2, template }));
}

function service(selector: Readonly<Record<string, string>>): never {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "checkout", namespace: "default" },
    spec: { selector, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  } as never;
}

function rule(): DestinationRule {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "rule", namespace: "default" },
    spec: {
      host: "checkout",
      subsets: [{ name: "stable", labels: { app: "checkout" } }, { name: "canary" }],
    },
  };
}
