import { describe, expect, it } from "vitest";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ApiError, UnreachableError } from "./api-error.ts";
import { Cache } from "./cache.ts";
import type { ListOptions, ObjectList } from "./client.ts";
import type { ConfigMap } from "./kind/cluster.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";
import { CONFIG_MAP } from "./resources.ts";

function aConfigMap(name: string, version: number): ConfigMap {
  const metadata = { namespace: "shop", name, uid: `uid-${name}`, resourceVersion: String(version) };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

function labelled(object: ConfigMap): ConfigMap {
  return { ...object, metadata: { ...object.metadata, labels: { app: "shop" } } };
}

function aList(version: number, ...items: ConfigMap[]): ObjectList<ConfigMap> {
  return { items, resourceVersion: String(version) };
}

function expired(): ApiError {
  return new ApiError("watching configmaps", { code: 410, reason: "Expired", message: "too old" });
}

type OnList = (options: ListOptions) => Promise<ObjectList<ConfigMap>>;

async function setUp(onList: OnList, options: Partial<ReflectorOptions<ConfigMap>> = {}) {
  const clock = new VirtualClock();
  const client = new ScriptedClient(onList);
  const cache = new Cache(CONFIG_MAP, { namespace: "shop", labelSelector: "app" });
  const reflector = new Reflector({ client, cache, clock, random: () => 0.5, ...options });
  reflector.start();
  await clock.advance(0);
  const versions = () => cache.list().map((item) => `${item.metadata.name}@${item.metadata.resourceVersion}`);
  return { clock, client, cache, reflector, versions };
}

describe("Reflector", () => {
  it("lists, then watches from the version of the list within the cache's scope", async () => {
    const { client, versions } = await setUp(async () => aList(5, aConfigMap("a", 4)));
    expect(versions()).toEqual(["a@4"]);
    expect(client.lists).toMatchObject([{ namespace: "shop", labelSelector: "app", limit: 100 }]);
    expect(client.watching.options).toMatchObject({
      namespace: "shop",
      labelSelector: "app",
      resourceVersion: "5",
      allowBookmarks: true,
      timeoutSeconds: 375,
    });
  });

  it("collects the pages of a long list", async () => {
    const { client, versions } = await setUp(async ({ continue: next }) =>
      next === undefined
        ? { ...aList(5, aConfigMap("a", 4)), continue: "more" }
        : aList(5, aConfigMap("b", 3)),
    );
    expect(client.lists.map((options) => options.continue)).toEqual([undefined, "more"]);
    expect(versions()).toEqual(["a@4", "b@3"]);
  });

  it("takes everything at once when a page's version has expired meanwhile", async () => {
    const { client, versions } = await setUp(async ({ continue: next, limit }) => {
      if (next !== undefined) throw expired();
      const list = aList(5, aConfigMap("a", 4));
      return limit === undefined ? list : { ...list, continue: "more" };
    });
    expect(client.lists).toHaveLength(3);
    expect(versions()).toEqual(["a@4"]);
  });

  it("goes on from the last event or bookmark when the server ends a watch", async () => {
    const { client, clock, versions } = await setUp(async () => aList(5));
    client.watching.push({ type: "ADDED", object: aConfigMap("a", 7) });
    client.watching.push({ type: "BOOKMARK", resourceVersion: "9" });
    await clock.advance(30_000);
    client.watching.end();
    await clock.advance(0);
    expect(client.watching.options.resourceVersion).toBe("9");
    expect(client.lists).toHaveLength(1);
    expect(versions()).toEqual(["a@7"]);
  });

  it("lists again when the version to watch from is gone, and finds what it missed", async () => {
    let list = aList(5, aConfigMap("a", 4), aConfigMap("b", 5));
    const { client, clock, versions } = await setUp(async () => list);
    list = aList(20, aConfigMap("b", 18));
    client.watching.fail(expired());
    await clock.advance(0);
    expect(versions()).toEqual(["b@18"]);
    expect(client.watching.options.resourceVersion).toBe("20");
  });

  it("lists again and watches on when a watch has fallen silent", async () => {
    let list = aList(5, aConfigMap("a", 4));
    const { client, clock, versions } = await setUp(async () => list, { idleMs: 60_000 });
    const first = client.watching;
    await clock.advance(40_000);
    first.push({ type: "BOOKMARK", resourceVersion: "6" });
    await clock.advance(59_000);
    expect(first.isOpen).toBe(true);
    list = aList(9, aConfigMap("a", 8));
    await clock.advance(16_000);
    expect(first.isOpen).toBe(false);
    expect(versions()).toEqual(["a@8"]);
    expect(client.watching.options.resourceVersion).toBe("9");
  });

  describe("when the watch owes what an answer to us has shown", () => {
    const setUpOwing = async () => {
      const parts = await setUp(async () => aList(12, aConfigMap("a", 11)), { idleMs: 90_000 });
      parts.cache.record(labelled(aConfigMap("a", 15)));
      return { ...parts, first: parts.client.watching };
    };

    it("watches anew from where it was, and lists when that says nothing either", async () => {
      const { client, clock, first } = await setUpOwing();
      await clock.advance(14_000);
      expect(first.isOpen).toBe(true);
      await clock.advance(16_000);
      const second = client.watching;
      expect([first.isOpen, second.isOpen, client.lists.length]).toEqual([false, true, 1]);
      expect(second.options.resourceVersion).toBe("12");
      await clock.advance(30_000);
      expect([second.isOpen, client.lists.length]).toEqual([false, 2]);
    });

    it("waits while it tells other things: it is late, and not silent", async () => {
      const { client, clock, first } = await setUpOwing();
      for (const version of [13, 14]) {
        await clock.advance(14_000);
        first.push({ type: "ADDED", object: aConfigMap(`other-${version}`, version) });
      }
      await clock.advance(14_000);
      expect([first.isOpen, client.lists.length]).toEqual([true, 1]);
    });
  });

  it("waits for a watch as long as ever when it has told all that is known", async () => {
    const { client, clock, cache } = await setUp(async () => aList(5), { idleMs: 90_000 });
    const object = labelled(aConfigMap("a", 9));
    cache.record(object);
    // Read, and no business of this watch: it has another label.
    cache.refresh(aConfigMap("b", 20));
    client.watching.push({ type: "ADDED", object });
    const first = client.watching;
    await clock.advance(89_000);
    expect(first.isOpen).toBe(true);
    await clock.advance(16_000);
    expect(first.isOpen).toBe(false);
  });

  it("finds that the server has a new history when a watch from the old one is silent", async () => {
    let list = aList(500, aConfigMap("a", 400));
    const { client, clock, versions } = await setUp(async () => list, { idleMs: 60_000 });
    list = aList(9, aConfigMap("b", 8));
    await clock.advance(90_000);
    expect(versions()).toEqual(["b@8"]);
    expect(client.watching.options.resourceVersion).toBe("9");
  });

  it("lists again from time to time, for events that never came", async () => {
    let list = aList(5, aConfigMap("a", 4));
    const { client, clock, versions } = await setUp(async () => list, { relistMs: 600_000 });
    list = aList(8);
    for (let minutes = 1; minutes < 10; minutes += 1) {
      await clock.advance(60_000);
      client.watching.push({ type: "BOOKMARK", resourceVersion: "6" });
    }
    await clock.advance(59_000);
    expect(versions()).toEqual(["a@4"]);
    await clock.advance(1_000);
    expect(versions()).toEqual([]);
    expect(client.watching.options.resourceVersion).toBe("8");
  });

  it("says why it cannot list, tries again with growing delays, and recovers", async () => {
    let isUp = false;
    const { client, clock, cache, reflector } = await setUp(async () => {
      if (!isUp) throw new UnreachableError("listing configmaps in shop: connection refused");
      return aList(5);
    });
    expect(reflector.problem).toBe("listing configmaps in shop: connection refused");
    await clock.advance(60_000);
    // 0.6, 1.2, 2.4, 4.8, 9.6 and then 22.5 s apart (three quarters of each backoff).
    expect(client.lists).toHaveLength(7);
    expect(cache.hasSynced).toBe(false);
    isUp = true;
    await clock.advance(30_000);
    expect(cache.hasSynced).toBe(true);
    expect(reflector.problem).toBeNull();
  });

  it("waits as long as the server asks for", async () => {
    const busy = { code: 429, details: { retryAfterSeconds: 40 } };
    const { client, clock } = await setUp(async () => {
      throw new ApiError("listing configmaps", busy);
    });
    await clock.advance(39_000);
    expect(client.lists).toHaveLength(1);
    await clock.advance(2_000);
    expect(client.lists).toHaveLength(2);
  });

  it("does not hammer a server that ends every watch at once", async () => {
    const { client, clock } = await setUp(async () => aList(5));
    client.onWatch = (watch) => watch.end();
    client.watching.end();
    await clock.advance(60_000);
    expect(client.watches.length).toBeLessThanOrEqual(62);
  });

  it("keeps its version through failing watches, and lists again after three in a row", async () => {
    const { client, clock } = await setUp(async () => aList(5));
    client.onWatch = (watch) => watch.fail(new UnreachableError("watching configmaps: connection reset"));
    client.watching.fail(new UnreachableError("watching configmaps: connection reset"));
    await clock.advance(3_000);
    expect(client.watches.map((watch) => watch.options.resourceVersion)).toEqual(["5", "5", "5"]);
    expect(client.lists).toHaveLength(1);
    await clock.advance(3_000);
    expect(client.lists).toHaveLength(2);
  });

  it("believes in a new history only after having asked three times", async () => {
    let list = aList(500, aConfigMap("a", 400));
    const { client, clock, versions, cache } = await setUp(async () => list);
    list = aList(9, aConfigMap("a", 8));
    client.watching.fail(expired());
    await clock.advance(0);
    expect(versions()).toEqual(["a@400"]);
    await clock.advance(10_000);
    expect(client.lists).toHaveLength(4);
    expect(versions()).toEqual(["a@8"]);
    expect(cache.progress).toBe(9);
  });

  it("takes the list of another server that is not behind", async () => {
    let lists = 0;
    const { client, clock, versions } = await setUp(async () => {
      lists += 1;
      return lists === 2
        ? aList(300, aConfigMap("a", 200))
        : aList(500 + lists, aConfigMap("a", 400 + lists));
    });
    client.watching.fail(expired());
    await clock.advance(10_000);
    expect(versions()).toEqual(["a@403"]);
  });

  it("stops at once, also in the middle of a backoff", async () => {
    const failing = await setUp(async () => {
      throw new UnreachableError("listing configmaps: refused");
    });
    await failing.reflector.stop();
    await failing.reflector.synced();
    await failing.clock.advance(600_000);
    expect(failing.client.lists).toHaveLength(1);

    const watching = await setUp(async () => aList(5));
    const { watching: watch } = watching.client;
    await watching.reflector.stop();
    expect(watch.isOpen).toBe(false);
  });
});

describe("a list that is asked for", () => {
  it("is one that began later, and the watch goes on from it", async () => {
    const answers: ((list: ObjectList<ConfigMap>) => void)[] = [];
    const { clock, client, reflector, versions } = await setUp(
      () => new Promise((resolve) => answers.push(resolve)),
    );
    let isListed = false;
    void reflector.relist().then(() => {
      isListed = true;
    });
    answers[0]?.(aList(5, aConfigMap("a", 4)));
    await clock.advance(0);
    expect(isListed).toBe(false);
    answers[1]?.(aList(7, aConfigMap("a", 6)));
    await clock.advance(0);
    expect(isListed).toBe(true);
    expect(versions()).toEqual(["a@6"]);
    expect(client.watching.options.resourceVersion).toBe("7");
  });

  it("comes at once, whatever the reflector waits for, and again until it has come", async () => {
    let failures = 5;
    const { clock, client, reflector, versions } = await setUp(async () => {
      if (failures-- > 0) throw new UnreachableError("listing configmaps: refused");
      return aList(5, aConfigMap("a", 4));
    });
    await clock.advance(6_000);
    expect(client.lists).toHaveLength(4);
    const listed = reflector.relist();
    await clock.advance(0);
    expect(client.lists).toHaveLength(5);
    await clock.advance(30_000);
    await listed;
    expect(versions()).toEqual(["a@4"]);
  });

  it("is waited for by nobody once the reflector is stopped", async () => {
    const { reflector } = await setUp(async () => {
      throw new UnreachableError("listing configmaps: refused");
    });
    const listed = reflector.relist();
    await reflector.stop();
    await listed;
    await reflector.relist();
  });
});

it("leaves a watch that tells nothing for one that does, without a new list", async () => {
  const { clock, client, reflector } = await setUp(async () => aList(5));
  const silent = client.watching;
  reflector.reopen();
  await clock.advance(1_000);
  expect(silent.isOpen).toBe(false);
  expect(client.watching.options.resourceVersion).toBe("5");
  expect(client.lists).toHaveLength(1);
});

describe("what is told of watches that are opened again", () => {
  it("is why the one before ended", async () => {
    const told: string[] = [];
    const { client, clock, reflector } = await setUp(async () => aList(5), {
      idleMs: 60_000,
      relistMs: 300_000,
      onRestart: ({ resource, reason }) => told.push(`${resource} ${reason}`),
    });
    client.watching.end();
    await clock.advance(2_000);
    client.watching.fail(expired());
    await clock.advance(2_000);
    client.watching.fail(new UnreachableError("connection reset"));
    await clock.advance(2_000);
    await clock.advance(61_000);
    const petting = async () => {
      client.watching.push({ type: "BOOKMARK", resourceVersion: "6" });
      await clock.advance(50_000);
    };
    for (let i = 0; i < 6; i++) await petting();
    reflector.reopen();
    await clock.advance(0);
    expect(told).toEqual(
      ["ended", "gone", "failed", "idle", "relist", "renewed"].map((why) => `configmaps ${why}`),
    );
    const stopped = reflector.stop();
    await clock.advance(0);
    await stopped;
    expect(told).toHaveLength(6);
  });
});

describe("the reflector of an optional resource", () => {
  const refusal = (code: number, reason: string) =>
    new ApiError("listing configmaps", { code, reason, message: reason });

  it.each([
    [404, "NotFound", "configmaps are not in this cluster"],
    [403, "Forbidden", "configmaps may not be read (RBAC)"],
  ])(
    "counts as synced when the server answers %i, and says why there is nothing",
    async (code, reason, absence) => {
      const { reflector, cache } = await setUp(async () => Promise.reject(refusal(code, reason)), {
        isOptional: true,
      });
      await reflector.synced();
      expect(reflector).toMatchObject({ absence, problem: null });
      expect(cache.list()).toEqual([]);
    },
  );

  it("looks again every five minutes, and takes in what has come", async () => {
    let isThere = false;
    const { clock, reflector, client, versions } = await setUp(
      async () => (isThere ? aList(5, aConfigMap("a", 4)) : Promise.reject(refusal(404, "NotFound"))),
      { isOptional: true },
    );
    await clock.advance(299_000);
    expect(client.lists).toHaveLength(1);
    isThere = true;
    await clock.advance(1_000);
    expect(versions()).toEqual(["a@4"]);
    expect(reflector.absence).toBeNull();
  });

  it("is waited for when the server fails otherwise, as any other is", async () => {
    const failing = async () => Promise.reject(new UnreachableError("listing configmaps: no answer"));
    const { reflector } = await setUp(failing, { isOptional: true });
    expect(reflector).toMatchObject({ absence: null, problem: "listing configmaps: no answer" });
  });

  it("is a problem where the resource is not optional", async () => {
    const { reflector } = await setUp(async () => Promise.reject(refusal(403, "Forbidden")));
    expect(reflector).toMatchObject({ absence: null, problem: "listing configmaps: Forbidden" });
  });
});
