import { describe, expect, it } from "vitest";
import type { LogFields, Logger } from "../telemetry/logger.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Cache, type Change } from "./cache.ts";
import { ownerUids } from "./cache-index.ts";
import type { ConfigMap } from "./kind/cluster.ts";
import type { ObjectMeta } from "./object.ts";
import { CONFIG_MAP } from "./resources.ts";
import { Tombstones } from "./tombstones.ts";

function aConfigMap(name: string, version: number, rest: Partial<ObjectMeta> = {}): ConfigMap {
  const metadata = { namespace: "shop", name, uid: `uid-${name}`, resourceVersion: String(version), ...rest };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

function aList(version: number, ...items: ConfigMap[]) {
  return { items, resourceVersion: String(version) };
}

function keyOfName(name: string) {
  return { namespace: "shop", name };
}

function setUp(options: ConstructorParameters<typeof Cache<ConfigMap>>[1] = {}) {
  const cache = new Cache(CONFIG_MAP, options);
  const changes: string[] = [];
  const describeChange = ({ key, old, new: now, origin }: Change<ConfigMap>) =>
    `${origin} ${key.name} ${old?.metadata.resourceVersion ?? "-"}>${now?.metadata.resourceVersion ?? "-"}`;
  cache.subscribe((change) => changes.push(describeChange(change)));
  return { cache, changes };
}

describe("Cache", () => {
  it("has synced with its first list, and not before", () => {
    const { cache } = setUp();
    cache.record(aConfigMap("a", 3));
    expect(cache.hasSynced).toBe(false);
    cache.replace(aList(5));
    expect(cache.hasSynced).toBe(true);
    expect(cache.list()).toEqual([]);
  });

  it("tells of every change once, and does not echo own writes", () => {
    const { cache, changes } = setUp();
    cache.replace(aList(5, aConfigMap("a", 4)));
    cache.record(aConfigMap("a", 6));
    cache.observe({ type: "MODIFIED", object: aConfigMap("a", 6) });
    cache.observe({ type: "MODIFIED", object: aConfigMap("a", 7) });
    cache.observe({ type: "DELETED", object: aConfigMap("a", 8) });
    expect(changes).toEqual(["watch a ->4", "own a 4>6", "watch a 6>7", "watch a 7>-"]);
  });

  it("finds by relisting what a watch did not tell", () => {
    const { cache, changes } = setUp();
    cache.replace(aList(5, aConfigMap("a", 4), aConfigMap("b", 5)));
    cache.replace(aList(9, aConfigMap("b", 8), aConfigMap("c", 7)));
    expect(changes.slice(2)).toEqual(["watch a 4>-", "watch b 5>8", "watch c ->7"]);
  });

  it("tells an object that was made anew under its name as two changes", () => {
    const { cache, changes } = setUp();
    cache.replace(aList(5, aConfigMap("a", 4)));
    cache.observe({ type: "MODIFIED", object: aConfigMap("a", 8, { uid: "other" }) });
    expect(changes.slice(1)).toEqual(["watch a 4>-", "watch a ->8"]);
  });

  it("keeps an own write that a list is too old to know", () => {
    const { cache } = setUp();
    const start = cache.beginList();
    cache.record(aConfigMap("a", 7));
    cache.replace(aList(6), start);
    expect(cache.get(keyOfName("a"))?.metadata.resourceVersion).toBe("7");
  });

  it("takes a list older than what it knew for one of a new history, where versions begin anew", () => {
    const { cache, changes } = setUp();
    cache.replace(aList(500, aConfigMap("a", 400), aConfigMap("b", 450)));
    const start = cache.beginList();
    const list = aList(9, aConfigMap("a", 8));
    expect(cache.isOlderThan(list, start)).toBe(true);
    cache.replace(list, start, { isReset: true });
    cache.observe({ type: "MODIFIED", object: aConfigMap("a", 10) });
    expect(changes.slice(2)).toEqual(["watch b 450>-", "watch a 400>8", "watch a 8>10"]);
    expect(cache.progress).toBe(10);
  });

  it("forgets an object whose last finalizer an own write has removed", () => {
    const { cache } = setUp();
    cache.replace(aList(5, aConfigMap("a", 4, { deletionTimestamp: "t", finalizers: ["x/y"] })));
    cache.record(aConfigMap("a", 4, { deletionTimestamp: "t", deletionGracePeriodSeconds: 0 }));
    expect(cache.size).toBe(0);
    cache.observe({ type: "MODIFIED", object: aConfigMap("a", 6, { deletionTimestamp: "t" }) });
    expect(cache.size).toBe(0);
  });

  it("ignores answers to dry runs and objects of other namespaces", () => {
    const { cache } = setUp({ namespace: "shop" });
    const { resourceVersion: _, ...metadata } = aConfigMap("a", 1).metadata;
    cache.record({ ...aConfigMap("a", 1), metadata });
    cache.record(aConfigMap("b", 9, { namespace: "elsewhere" }));
    expect(cache.size).toBe(0);
  });

  it("shows what a read has found ahead of the watch as somebody else's change", () => {
    const { cache, changes } = setUp();
    cache.replace(aList(5, aConfigMap("a", 4)));
    cache.refresh(aConfigMap("a", 9));
    expect(changes.at(-1)).toBe("watch a 4>9");
  });

  it("files objects under several values and forgets them with the object", () => {
    const { cache } = setUp({ indexes: { owner: ownerUids } });
    const owner = { apiVersion: "v1", kind: "X", name: "x" };
    const ownerReferences = [
      { ...owner, uid: "o1" },
      { ...owner, uid: "o2" },
    ];
    cache.replace(aList(5, aConfigMap("a", 4, { ownerReferences })));
    expect(cache.by("owner", "o1")).toHaveLength(1);
    cache.observe({
      type: "MODIFIED",
      object: aConfigMap("a", 6, { ownerReferences: ownerReferences.slice(1) }),
    });
    expect(cache.by("owner", "o1")).toEqual([]);
    expect(cache.by("owner", "o2")).toHaveLength(1);
    expect(() => cache.by("colour", "red")).toThrow("no index colour on configmaps");
  });

  it("keeps no managedFields", () => {
    const { cache } = setUp();
    cache.replace(aList(5, aConfigMap("a", 4, { managedFields: [{}] })));
    expect(cache.get(keyOfName("a"))).toEqual(aConfigMap("a", 4));
  });

  it("goes on when a handler throws, and says so", () => {
    const lines: [string, LogFields | undefined][] = [];
    const logger: Logger = { ...silentLogger, error: (message, fields) => lines.push([message, fields]) };
    const { cache } = setUp({ logger });
    const seen: unknown[] = [];
    cache.subscribe(() => {
      throw new Error("broken");
    });
    const unsubscribe = cache.subscribe((change) => seen.push(change));
    cache.replace(aList(5, aConfigMap("a", 4)));
    unsubscribe();
    cache.observe({ type: "DELETED", object: aConfigMap("a", 6) });
    expect(seen).toHaveLength(1);
    expect(lines[0]).toMatchObject(["cache handler failed", { resource: "configmaps", key: "shop/a" }]);
  });

  it("refuses versions that cannot be ordered", () => {
    const { cache } = setUp();
    expect(() => cache.replace(aList(1, aConfigMap("a", 1, { resourceVersion: "v1.2" })))).toThrow(
      'reading a resourceVersion: "v1.2" is not a whole number',
    );
  });
});

describe("Tombstones", () => {
  it("are bounded: the oldest goes first", () => {
    const tombstones = new Tombstones(2);
    for (const id of ["a", "b", "c"]) tombstones.add(id, 5);
    expect(["a", "b", "c"].map((id) => tombstones.covers(id, 5))).toEqual([false, true, true]);
  });
});
