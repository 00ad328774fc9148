import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Deployment } from "../kube/kind/workload.ts";
import type { AnyObject } from "../kube/object.ts";
import type { Resource } from "../kube/resource.ts";
import { DEPLOYMENT, POD, SERVICE } from "../kube/resources.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { DESTINATION_RULES, PEER_AUTHENTICATIONS, VIRTUAL_SERVICES } from "./mesh/istio.ts";
import { ScenarioImages } from "./scenario/image-book.ts";
import { World } from "./world.ts";

const CRDS = [parse(readFileSync("crds/sluice.dev_rollouts.yaml", "utf8")) as AnyObject];
const FROM = { workload: "web", namespace: "default", labels: {} };

async function aWorld(images = new ScenarioImages({})) {
  const clock = new VirtualClock();
  const world = new World({ clock, seed: 3, images, crds: CRDS });
  await completed(clock, world.start());
  return { clock, world, client: world.client };
}

async function completed<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  await clock.advanceUntil(() => isDone, 60_000);
  return done;
}

function aDeployment(image: string): Deployment {
  const labels = { app: "shop" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", namespace: "default" },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "main", image }] } },
    },
  };
}

describe("the world", () => {
  it("carries traffic to the pods that its own controllers have made, and Prometheus counts it", async () => {
    const { clock, world, client } = await aWorld();
    await client.create(DEPLOYMENT, aDeployment("shop:1"));
    await client.create(SERVICE, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: { selector: { app: "shop" }, ports: [{ port: 80 }] },
    });
    await clock.advance(10_000);
    world.mesh.setTraffic("web", { host: "shop", rps: 100, from: FROM });
    await clock.advance(60_000);
    expect(world.mesh.truth.userErrors()).toBe(0);
    const query = 'sum(rate(istio_requests_total{reporter="destination",destination_workload="shop"}[30s]))';
    const answer = await world.prometheus.handle("/api/v1/query", new URLSearchParams({ query }));
    const { data } = answer.body as { data: { result: { value: [number, string] }[] } };
    expect(Number(data.result[0]?.value[1])).toBeGreaterThan(90);
    expect(Number(data.result[0]?.value[1])).toBeLessThan(110);
  });

  it("has a sidecar in each pod, which may ask for mutual TLS", async () => {
    const { clock, world, client } = await aWorld();
    await client.create(DEPLOYMENT, aDeployment("shop:1"));
    await client.create(SERVICE, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: { selector: { app: "shop" }, ports: [{ port: 80 }] },
    });
    await client.create(PEER_AUTHENTICATIONS, {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { name: "default", namespace: "default" },
      spec: { mtls: { mode: "STRICT" }, selector: { matchLabels: { app: "shop" } } },
    });
    await clock.advance(10_000);
    const { items } = await client.list(POD, { namespace: "default" });
    expect(items.map(({ status }) => status?.initContainerStatuses)).toMatchObject(
      items.map(() => [{ name: "istio-proxy", ready: true, started: true }]),
    );
    world.mesh.setTraffic("inside", { host: "shop", rps: 100, from: FROM });
    world.mesh.setTraffic("outside", { host: "shop", rps: 10, from: { ...FROM, sidecar: false } });
    await clock.advance(10_000);
    expect(world.mesh.truth.userErrors()).toBe(world.mesh.truth.requestsUnserved({ reason: "mutualTls" }));
    expect(world.mesh.truth.userErrors()).toBeGreaterThan(50);
    expect(world.mesh.truth.userErrors()).toBeLessThan(200);
  });

  it("replaces pods without a user noticing, and forgets the numbers of those that are gone", async () => {
    const images = new ScenarioImages({
      "shop:2": { differs: {}, perPod: [{ index: 0, differs: { errorRate: 1 } }] },
    });
    const { clock, world, client } = await aWorld(images);
    await client.create(DEPLOYMENT, aDeployment("shop:1"));
    await client.create(SERVICE, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: { selector: { app: "shop" }, ports: [{ port: 80 }] },
    });
    await clock.advance(10_000);
    world.mesh.setTraffic("web", { host: "shop", rps: 100, from: FROM });
    await clock.advance(10_000);
    const path = "/spec/template/spec/containers/0/image";
    const operations = [{ op: "replace" as const, path, value: "shop:2" }];
    await client.patch(DEPLOYMENT, { namespace: "default", name: "shop" }, { type: "json", operations });
    await clock.advance(60_000);
    expect(world.mesh.truth.requestsToUnready()).toBe(0);
    const errorShare = () => {
      const window = { fromMs: clock.now() - 10_000 };
      return world.mesh.truth.userErrors(window) / world.mesh.truth.userRequests(window);
    };
    expect(errorShare()).toBeCloseTo(1 / 3, 1);
    const { items } = await client.list(POD, { namespace: "default" });
    for (const { metadata } of items) await client.delete(POD, metadata);
    await clock.advance(60_000);
    expect(errorShare()).toBeCloseTo(1 / 3, 1);
  });

  it.each([
    [VIRTUAL_SERVICES, "VirtualService", { hosts: ["shop"], http: [{ route: "nowhere" }] }],
    [DESTINATION_RULES, "DestinationRule", { subsets: [{ labels: {} }] }],
  ])("refuses what Istio's schemas refuse: %o", async (resource, kind, spec) => {
    const { client } = await aWorld();
    const metadata = { name: "wrong", namespace: "default" };
    const object = { apiVersion: "networking.istio.io/v1", kind, metadata, spec } as AnyObject;
    await expect(client.create<AnyObject>(resource as Resource<AnyObject>, object)).rejects.toThrow(
      "is invalid",
    );
  });
});
