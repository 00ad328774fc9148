import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { CustomResourceDefinition } from "../../src/kube/kind/cluster.ts";
import type { Deployment } from "../../src/kube/kind/workload.ts";
import {
  CUSTOM_RESOURCE_DEFINITION,
  DEPLOYMENT,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../../src/kube/resources.ts";
import { istioCrds } from "../../src/sim/crds/istio-crds.ts";
import { CliCluster } from "../support/cli-cluster.ts";
import { sluice, transcript } from "../support/command-line.ts";
import { PinnedClock } from "../support/pinned-clock.ts";
import { rolloutNamed } from "../support/released-rollouts.ts";
import { aTarget } from "../support/rollout-objects.ts";

const FIXTURES = "test/fixtures/lint";

const clock = () => new PinnedClock("2026-01-05T09:04:10Z");

describe("sluice lint -f", () => {
  test("holds a Rollout, its workload and the user's routes against each other", async () => {
    const args = ["lint", "-f", `${FIXTURES}/rollout.yaml`, `${FIXTURES}/shop.yaml`];
    const shown = transcript(args, await sluice(args, { clock: clock() }));
    await expect(shown).toMatchFileSnapshot("../transcripts/lint-files.txt");
  });

  test("says what it could not look at in a Rollout that stands alone", async () => {
    const args = ["lint", "-f", `${FIXTURES}/rollout.yaml`];
    const shown = transcript(args, await sluice(args, { clock: clock() }));
    await expect(shown).toMatchFileSnapshot("../transcripts/lint-alone.txt");
  });

  const EXAMPLES = readdirSync("examples").filter((name) => name !== "conflicting-virtual-service");

  test.each(EXAMPLES)("finds nothing in the manifests of example %s", async (name) => {
    const folder = join("examples", name);
    const own = ["rollout.yaml", "deployment.yaml", "manifests.yaml", "virtual-service.yaml"]
      .map((file) => join(folder, file))
      .filter((file) => existsSync(file));
    const hasTarget = own.some((file) => /deployment|manifests/.test(file));
    const hasRollout = own.some((file) => file.endsWith("rollout.yaml"));
    const files = [
      ...own,
      ...(hasTarget ? [] : ["examples/checkout/deployment.yaml"]),
      ...(hasRollout ? [] : ["examples/checkout/rollout.yaml"]),
    ];
    const ran = await sluice(["lint", "-f", ...files], { clock: clock() });
    expect(ran).toEqual({ code: 0, out: "1 Rollout checked, no problem found.\n", err: "" });
  });
});

describe("sluice lint --live", () => {
  let cluster: CliCluster;

  beforeAll(async () => {
    cluster = await CliCluster.start();
    const { client } = cluster;
    for (const crd of istioCrds())
      await client.create(CUSTOM_RESOURCE_DEFINITION, crd as unknown as CustomResourceDefinition);
    const { uid: _uid, generation: _generation, ...metadata } = aTarget().metadata;
    const target = { ...aTarget(), metadata: { ...metadata, namespace: "shop", name: "w1" } } as Deployment;
    await client.create(DEPLOYMENT, target);
    await client.create(ROLLOUT, rolloutNamed("w1"));
    const service = (name: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "shop", name },
      spec: { selector: { app: name }, ports: [{ name: "http", port: 80 }] },
    });
    for (const name of ["w1", "w1-primary", "w1-canary"]) await client.create(SERVICE, service(name));
    for (const name of ["leftover", "w1"])
      await client.create(VIRTUAL_SERVICE, {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { namespace: "shop", name },
        spec: { hosts: ["w1"], http: [{ route: [{ destination: { host: "w1" } }] }] },
      });
  });

  afterAll(() => cluster.stop());

  test("finds what is around a Rollout of a cluster", async () => {
    const ran = await cluster.run(["lint", "--live", "-n", "shop"]);
    await expect(transcript(["lint", "--live", "-n", "shop"], ran)).toMatchFileSnapshot(
      "../transcripts/lint-live.txt",
    );
  });

  test("looks at a namespace without Rollouts and finds none", async () => {
    expect(await cluster.run(["lint", "--live", "-n", "quiet"])).toMatchObject({
      code: 2,
      err: "sluice: no Rollout in it\n",
    });
  });
});
