import { afterEach, describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../../test/support/virtual-cluster.ts";
import type { Condition } from "../../../kube/kind/workload.ts";
import { CONFIG_MAP, NAMESPACE, SERVICE_ACCOUNT } from "../../../kube/resources.ts";

let world: VirtualCluster | undefined;

afterEach(() => world?.stop());

async function worldWithNamespace(): Promise<VirtualCluster> {
  world = await new VirtualCluster().start();
  await world.client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  await world.advance(1);
  return world;
}

async function configMap(it: VirtualCluster, name: string, finalizers?: readonly string[]): Promise<void> {
  const metadata = { name, namespace: "shop", ...(finalizers === undefined ? {} : { finalizers }) };
  await it.client.create(CONFIG_MAP, { apiVersion: "v1", kind: "ConfigMap", metadata });
}

describe("a namespace", () => {
  it("gets a ServiceAccount named default, and again when somebody deletes it", async () => {
    const it = await worldWithNamespace();
    const key = { namespace: "shop", name: "default" };
    const first = await it.client.get(SERVICE_ACCOUNT, key);
    await it.client.delete(SERVICE_ACCOUNT, key);
    await it.advance(1);
    expect((await it.client.get(SERVICE_ACCOUNT, key)).metadata.uid).not.toBe(first.metadata.uid);
  });

  it("deleted goes with everything in it", async () => {
    const it = await worldWithNamespace();
    await configMap(it, "settings");
    await it.client.delete(NAMESPACE, { name: "shop" });
    await it.advance(1);
    const names = (await it.client.list(NAMESPACE)).items.map((namespace) => namespace.metadata.name);
    expect(names).not.toContain("shop");
    expect((await it.client.list(CONFIG_MAP, { namespace: "shop" })).items).toEqual([]);
  });

  it("says what it waits for while a finalizer holds its content", async () => {
    const it = await worldWithNamespace();
    await configMap(it, "held", ["example.com/hold"]);
    await it.client.delete(NAMESPACE, { name: "shop" });
    await it.advance(1);
    const { status } = await it.client.get(NAMESPACE, { name: "shop" });
    const conditions = status?.["conditions"] as readonly Condition[];
    expect(
      conditions.filter((condition) => condition.status === "True").map(({ message }) => message),
    ).toEqual([
      "Some resources are remaining: configmaps. has 1 resource instances",
      "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    ]);
    const body = { metadata: { finalizers: null } };
    await it.client.patch(CONFIG_MAP, { namespace: "shop", name: "held" }, { type: "merge", body });
    await it.advance(1);
    await expect(it.client.get(NAMESPACE, { name: "shop" })).rejects.toThrow(/not found/);
  });
});
