import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ApiError,
  isAlreadyExists,
  isConflict,
  isGone,
  isInvalid,
  isNotFound,
} from "../../src/kube/api-error.ts";
import { CacheSet } from "../../src/kube/cache-set.ts";
import type { Client, WatchEvent } from "../../src/kube/client.ts";
import type { ConfigMap } from "../../src/kube/kind/cluster.ts";
import type { Service } from "../../src/kube/kind/network.ts";
import type { Deployment } from "../../src/kube/kind/workload.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { CONFIG_MAP, DEPLOYMENT, NAMESPACE, SERVICE } from "../../src/kube/resources.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";

export interface ClientUnderTest {
  readonly client: Client;
  close(): Promise<void>;
}

/** What the rest of the program relies on, whatever carries the requests and whoever answers them. */
export function clientContract(name: string, open: () => Promise<ClientUnderTest>): void {
  const namespace = `sluice-${Math.random().toString(36).slice(2, 10)}`;
  let subject: ClientUnderTest;
  let client: Client;
  let counter = 0;

  const aName = () => `object-${++counter}`;
  const aConfigMap = (rest: Partial<ConfigMap["metadata"]> = {}, data = { a: "1" }): ConfigMap => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace, name: aName(), ...rest },
    data,
  });
  const caught = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "no error",
      (error: unknown) => error,
    );

  describe(name, () => {
    beforeAll(async () => {
      subject = await open();
      client = subject.client;
      await client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    });

    afterAll(async () => {
      await client.delete(NAMESPACE, { name: namespace });
      await subject.close();
    });

    it("creates an object, gives it an identity and a version, and gets it again", async () => {
      const object = aConfigMap();
      const created = await client.create(CONFIG_MAP, object);
      expect(created).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } });
      expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(Number(created.metadata.resourceVersion)).toBeGreaterThan(0);
      await expect(client.get(CONFIG_MAP, object.metadata)).resolves.toEqual(created);
    });

    it("makes a name from generateName", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap({ name: "", generateName: "made-" }));
      expect(metadata.name).toMatch(/^made-\w{5}$/);
    });

    it("refuses a second object of the same name as existing, not as a conflict", async () => {
      const object = aConfigMap();
      await client.create(CONFIG_MAP, object);
      const error = await caught(client.create(CONFIG_MAP, object));
      expect([isAlreadyExists(error), isConflict(error)]).toEqual([true, false]);
    });

    it("says which object is not found", async () => {
      const error = await caught(client.get(CONFIG_MAP, { namespace, name: "missing" }));
      expect(isNotFound(error)).toBe(true);
      expect((error as ApiError).status.details?.name).toBe("missing");
      expect((error as Error).message).toBe(
        `getting configmaps ${namespace}/missing: configmaps "missing" not found`,
      );
    });

    it("says which field is invalid", async () => {
      const error = await caught(client.create(CONFIG_MAP, aConfigMap({ name: "Not_A_Name" })));
      expect(isInvalid(error)).toBe(true);
      expect((error as ApiError).status.details?.causes?.[0]?.field).toBe("metadata.name");
    });

    it("updates the version that was read, and refuses one that has moved on", async () => {
      const first = await client.create(CONFIG_MAP, aConfigMap());
      const second = await client.update(CONFIG_MAP, { ...first, data: { a: "2" } });
      expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
      expect(isConflict(await caught(client.update(CONFIG_MAP, { ...first, data: { a: "3" } })))).toBe(true);
      const third = await client.update(CONFIG_MAP, second);
      expect(third.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
    });

    it("merges a patch, removes what is null, and refuses a patch of another version", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap({}, { a: "1", ...{ b: "2" } }));
      const patched = await client.patch(CONFIG_MAP, metadata, {
        type: "merge",
        body: { data: { a: null, c: "3" } },
      });
      expect(patched.data).toEqual({ b: "2", c: "3" });
      const stale = { metadata: { resourceVersion: metadata.resourceVersion }, data: { b: "9" } };
      expect(
        isConflict(await caught(client.patch(CONFIG_MAP, metadata, { type: "merge", body: stale }))),
      ).toBe(true);
    });

    it("performs a JSON patch as a whole or not at all", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap());
      const patch = (test: string) =>
        client.patch(CONFIG_MAP, metadata, {
          type: "json",
          operations: [
            { op: "replace", path: "/data/a", value: "2" },
            { op: "test", path: "/metadata/uid", value: test },
          ],
        });
      expect(isInvalid(await caught(patch("another")))).toBe(true);
      expect((await client.get(CONFIG_MAP, metadata)).data).toEqual({ a: "1" });
      expect((await patch(metadata.uid ?? "")).data).toEqual({ a: "2" });
    });

    it("merges lists by their key in a strategic patch", async () => {
      const container = (image: string) => ({ name: "app", image });
      const deployment: Deployment = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { namespace, name: aName() },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: "x" } },
          template: {
            metadata: { labels: { app: "x" } },
            spec: { containers: [{ ...container("a:1"), env: [{ name: "A", value: "1" }] }] },
          },
        },
      };
      await client.create(DEPLOYMENT, deployment);
      const body = { spec: { template: { spec: { containers: [container("a:2")] } } } };
      const patched = await client.patch(DEPLOYMENT, deployment.metadata, { type: "strategic", body });
      expect(patched.spec.template.spec.containers).toMatchObject([
        { name: "app", image: "a:2", env: [{ name: "A", value: "1" }] },
      ]);
      expect(patched.metadata.generation).toBe(2);
    });

    it("applies fields for a manager, and tells conflicts with another unless it is forced", async () => {
      const wanted = aConfigMap({}, { a: "1" });
      const created = await client.apply(CONFIG_MAP, wanted, { fieldManager: "one" });
      expect(created.metadata.uid).toBeDefined();
      const other = { ...wanted, data: { a: "2" } };
      expect(isConflict(await caught(client.apply(CONFIG_MAP, other, { fieldManager: "two" })))).toBe(true);
      const forced = await client.apply(CONFIG_MAP, other, { fieldManager: "two", force: true });
      expect(forced.data).toEqual({ a: "2" });
      const dropped = { ...wanted, data: {} };
      expect((await client.apply(CONFIG_MAP, dropped, { fieldManager: "two" })).data ?? {}).toEqual({});
    });

    it("writes status apart from spec", async () => {
      const service: Service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { namespace, name: aName() },
        spec: { ports: [{ port: 80 }], selector: { app: "x" } },
      };
      await client.create(SERVICE, service);
      const condition = {
        type: "Tested",
        status: "True",
        reason: "Yes",
        message: "",
        lastTransitionTime: "2026-01-05T09:00:00Z",
      };
      const body = { spec: { selector: { app: "y" } }, status: { conditions: [condition] } };
      const patched = await client.patch(
        SERVICE,
        service.metadata,
        { type: "merge", body },
        { subresource: "status" },
      );
      expect(patched).toMatchObject({
        spec: { selector: { app: "x" } },
        status: { conditions: [condition] },
      });
    });

    it("does nothing in a dry run", async () => {
      const object = aConfigMap();
      const answer = await client.create(CONFIG_MAP, object, { dryRun: true });
      expect(answer.data).toEqual({ a: "1" });
      expect(isNotFound(await caught(client.get(CONFIG_MAP, object.metadata)))).toBe(true);
    });

    it("lists by label, page by page, with kinds on all items", async () => {
      const labels = { page: aName() };
      for (let i = 0; i < 5; i++) await client.create(CONFIG_MAP, aConfigMap({ labels }));
      const labelSelector = `page=${labels.page}`;
      const items: ConfigMap[] = [];
      let pages = 0;
      for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
        const page = await client.list(CONFIG_MAP, { namespace, labelSelector, limit: 2, continue: next });
        expect(Number(page.resourceVersion)).toBeGreaterThan(0);
        items.push(...page.items);
        next = page.continue;
        pages += 1;
      }
      expect(pages).toBe(3);
      expect(new Set(items.map((item) => item.metadata.uid)).size).toBe(5);
      expect(items.every((item) => item.kind === "ConfigMap" && item.apiVersion === "v1")).toBe(true);
    });

    it("lists by field and across namespaces", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap());
      const { items } = await client.list(CONFIG_MAP, {
        fieldSelector: `metadata.name=${metadata.name},metadata.namespace=${namespace}`,
      });
      expect(items.map((item) => item.metadata.uid)).toEqual([metadata.uid]);
    });

    it("deletes an object, tells which it was, and then does not find it", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap());
      const wrong = { preconditions: { uid: "11111111-1111-1111-1111-111111111111" } };
      expect(isConflict(await caught(client.delete(CONFIG_MAP, metadata, wrong)))).toBe(true);
      const right = { preconditions: { uid: metadata.uid ?? "" }, propagation: "Background" } as const;
      await expect(client.delete(CONFIG_MAP, metadata, right)).resolves.toEqual({
        kind: "gone",
        uid: metadata.uid,
      });
      expect(isNotFound(await caught(client.delete(CONFIG_MAP, metadata)))).toBe(true);
    });

    it("keeps an object with a finalizer until that is removed", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap({ finalizers: ["sluice.dev/test"] }));
      const deletion = await client.delete(CONFIG_MAP, metadata);
      expect(deletion).toMatchObject({
        kind: "terminating",
        object: { metadata: { uid: metadata.uid, deletionTimestamp: expect.any(String) } },
      });
      await client.patch(CONFIG_MAP, metadata, { type: "merge", body: { metadata: { finalizers: null } } });
      expect(isNotFound(await caught(client.get(CONFIG_MAP, metadata)))).toBe(true);
    });

    it("watches what happens after a list, in order, within its selection", async () => {
      const labels = { watched: aName() };
      const labelSelector = `watched=${labels.watched}`;
      const list = await client.list(CONFIG_MAP, { namespace, labelSelector });
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap({ labels }));
      await client.create(CONFIG_MAP, aConfigMap());
      await client.patch(CONFIG_MAP, metadata, { type: "merge", body: { data: { a: "2" } } });
      const leave = { metadata: { labels: { watched: null } } };
      const left = await client.patch(CONFIG_MAP, metadata, { type: "merge", body: leave });
      const events = client.watch(CONFIG_MAP, {
        namespace,
        labelSelector,
        resourceVersion: list.resourceVersion,
        timeoutSeconds: 60,
      });
      const seen = await take(events, 3);
      expect(seen.map(describeEvent)).toEqual([
        `ADDED ${metadata.name}`,
        `MODIFIED ${metadata.name}`,
        `DELETED ${metadata.name}`,
      ]);
      const last = seen[2] as { readonly object: KubeObject };
      expect(last.object.metadata.resourceVersion).toBe(left.metadata.resourceVersion);
    });

    it("tells a watch of a deletion with a newer version than the object had", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap());
      await client.delete(CONFIG_MAP, metadata);
      const { resourceVersion } = metadata;
      const [event] = await take(
        client.watch(CONFIG_MAP, {
          namespace,
          fieldSelector: `metadata.name=${metadata.name}`,
          resourceVersion,
          timeoutSeconds: 60,
        }),
        1,
      );
      const { type, object } = event as { readonly type: string; readonly object: KubeObject };
      expect([type, object.metadata.uid]).toEqual(["DELETED", metadata.uid]);
      expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion));
    });

    it("asks for a new list when a watch begins before what is remembered", async () => {
      const { metadata } = await client.create(CONFIG_MAP, aConfigMap());
      for (let i = 0; i < 40; i++) {
        await client.patch(CONFIG_MAP, metadata, { type: "merge", body: { data: { a: `x${i}` } } });
      }
      const events = client.watch(CONFIG_MAP, { namespace, resourceVersion: "1", timeoutSeconds: 5 });
      expect(isGone(await caught(take(events, 1)))).toBe(true);
    });

    it("ends a watch when its time is up, and when its signal aborts", async () => {
      const { resourceVersion } = await client.list(CONFIG_MAP, { namespace });
      const options = { namespace, resourceVersion };
      const controller = new AbortController();
      const aborted = take(client.watch(CONFIG_MAP, { ...options, signal: controller.signal }), 1_000);
      const timed = take(client.watch(CONFIG_MAP, { ...options, timeoutSeconds: 1 }), 1_000);
      setImmediate(() => controller.abort());
      await expect(aborted).resolves.toEqual([]);
      await timed;
    });

    it("feeds a cache that shows own writes at once and those of others soon", async () => {
      const clock = new SystemClock();
      const set = new CacheSet({ client, clock, random: Math.random, logger: silentLogger });
      const cache = set.add(CONFIG_MAP, { namespace, labelSelector: "cached" });
      set.start();
      await set.synced();
      const object = aConfigMap({ labels: { cached: "yes" } });
      await set.client.create(CONFIG_MAP, object);
      expect(cache.get(object.metadata)?.data).toEqual({ a: "1" });

      const changed = new Promise<void>((resolve) => {
        cache.subscribe((change) => {
          if (change.new?.data?.["a"] === "foreign") resolve();
        });
      });
      await client.patch(CONFIG_MAP, object.metadata, { type: "merge", body: { data: { a: "foreign" } } });
      await changed;
      await set.client.delete(CONFIG_MAP, object.metadata);
      expect(cache.get(object.metadata)).toBeUndefined();
      await set.stop();
    });
  });
}

/** The first `count` changes of a watch, or all until it ends. */
async function take(events: AsyncIterable<WatchEvent<KubeObject>>, count: number) {
  const taken: WatchEvent<KubeObject>[] = [];
  for await (const event of events) {
    if (event.type !== "BOOKMARK") taken.push(event);
    if (taken.length >= count) break;
  }
  return taken;
}

function describeEvent(event: WatchEvent<KubeObject>): string {
  return event.type === "BOOKMARK" ? "BOOKMARK" : `${event.type} ${event.object.metadata.name}`;
}
