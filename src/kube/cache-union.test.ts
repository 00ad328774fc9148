import { expect, test } from "vitest";
import { Cache } from "./cache.ts";
import { CacheUnion } from "./cache-union.ts";
import type { Service } from "./kind/network.ts";
import { SERVICE } from "./resources.ts";

function aService(namespace: string, name: string, version: number): Service {
  const metadata = { namespace, name, uid: `${namespace}/${name}`, resourceVersion: String(version) };
  return { apiVersion: "v1", kind: "Service", metadata, spec: {} } as Service;
}

function aUnion() {
  const indexes = { first: (service: Service) => [service.metadata.name.charAt(0)] };
  const caches = new Map(
    ["shop", "pay"].map((namespace) => [namespace, new Cache<Service>(SERVICE, { namespace, indexes })]),
  );
  return { union: new CacheUnion(caches), shop: caches.get("shop")!, pay: caches.get("pay")! };
}

test("caches of several namespaces are read as one", () => {
  const { union, shop, pay } = aUnion();
  shop.record(aService("shop", "checkout", 1));
  pay.record(aService("pay", "checkout", 2));
  pay.record(aService("pay", "ledger", 3));
  const names = (services: readonly Service[]) => services.map(({ metadata }) => metadata.uid);
  expect(names(union.list())).toEqual(["shop/checkout", "pay/checkout", "pay/ledger"]);
  expect(names(union.list("pay"))).toEqual(["pay/checkout", "pay/ledger"]);
  expect(names(union.by("first", "c"))).toEqual(["shop/checkout", "pay/checkout"]);
  expect(union.get({ namespace: "pay", name: "ledger" })?.metadata.uid).toBe("pay/ledger");
  expect(union.get({ namespace: "elsewhere", name: "ledger" })).toBeUndefined();
  expect(union.list("elsewhere")).toEqual([]);
});

test("changes in every namespace are told until the subscription ends", () => {
  const { union, shop, pay } = aUnion();
  const told: string[] = [];
  const end = union.subscribe(({ key }) => told.push(`${key.namespace}/${key.name}`));
  shop.record(aService("shop", "checkout", 1));
  pay.record(aService("pay", "ledger", 2));
  end();
  pay.record(aService("pay", "audit", 3));
  expect(told).toEqual(["shop/checkout", "pay/ledger"]);
});
