import { describe, expect, it } from "vitest";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { ApiError, UnreachableError } from "./api-error.ts";
import { CacheSet } from "./cache-set.ts";
import type { Client } from "./client.ts";
import type { Concerns } from "./doubts.ts";
import type { ConfigMap } from "./kind/cluster.ts";
import type { ObjectMeta } from "./object.ts";
import { CONFIG_MAP, SECRET } from "./resources.ts";

const KEY = { namespace: "shop", name: "a" };

function aConfigMap(version: number, rest: Partial<ObjectMeta> = {}): ConfigMap {
  const metadata = { ...KEY, uid: "uid-a", resourceVersion: String(version), ...rest };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

function apiError(code: number, reason: string, name = KEY.name): ApiError {
  return new ApiError("doing something", { code, reason, details: { name } });
}

/** A cache that holds a@5 of a watch that never tells anything, and a client whose answers the test sets. */
async function setUp(answers: { readonly [M in keyof Client]?: () => Promise<unknown> }) {
  const clock = new VirtualClock();
  const scripted = new ScriptedClient(async () => ({ items: [aConfigMap(5)], resourceVersion: "6" }));
  const client = Object.assign(scripted, answers) as unknown as Client;
  const set = new CacheSet({ client, clock, random: () => 0.5, logger: silentLogger });
  const cache = set.add(CONFIG_MAP);
  set.start();
  await set.synced();
  const origins: string[] = [];
  cache.subscribe((change) => origins.push(change.origin));
  const version = () => cache.get(KEY)?.metadata.resourceVersion;
  return { set, version, origins, client: set.client };
}

const PATCH = { type: "merge", body: {} } as const;

describe("WriteThroughClient", () => {
  it("shows the answer to a write to the next reader, as an own change", async () => {
    const { client, version, origins } = await setUp({ patch: async () => aConfigMap(9) });
    await client.patch(CONFIG_MAP, KEY, PATCH);
    expect(version()).toBe("9");
    expect(origins).toEqual(["own"]);
  });

  it("shows what was read, and that nothing is there any more", async () => {
    const { client, version, origins } = await setUp({ get: async () => aConfigMap(9) });
    await client.get(CONFIG_MAP, KEY);
    expect(version()).toBe("9");
    expect(origins).toEqual(["watch"]);
    const gone = await setUp({ get: () => Promise.reject(apiError(404, "NotFound")) });
    await expect(gone.client.get(CONFIG_MAP, KEY)).rejects.toThrow();
    expect(gone.version()).toBeUndefined();
  });

  it("shows what was created, updated and applied", async () => {
    const { client, version } = await setUp({
      create: async () => aConfigMap(9),
      update: async () => aConfigMap(10),
      apply: async () => aConfigMap(11),
    });
    await client.create(CONFIG_MAP, aConfigMap(0));
    expect(version()).toBe("9");
    await client.update(CONFIG_MAP, aConfigMap(9));
    expect(version()).toBe("10");
    await client.apply(CONFIG_MAP, aConfigMap(0));
    expect(version()).toBe("11");
  });

  it("does not show a dry run", async () => {
    const { client, version } = await setUp({ update: async () => aConfigMap(9) });
    await client.update(CONFIG_MAP, aConfigMap(5), { dryRun: true });
    expect(version()).toBe("5");
  });

  it("hides what it has deleted, and shows what only begins to go", async () => {
    const gone = await setUp({ delete: async () => ({ kind: "gone", uid: "uid-a" }) });
    await gone.client.delete(CONFIG_MAP, KEY);
    expect(gone.version()).toBeUndefined();

    const object = aConfigMap(9, { deletionTimestamp: "t", finalizers: ["a/b"] });
    const terminating = await setUp({ delete: async () => ({ kind: "terminating", object }) });
    await terminating.client.delete(CONFIG_MAP, KEY);
    expect(terminating.version()).toBe("9");
  });

  it("reads an object again after a conflict, as somebody else's change, and still rejects", async () => {
    const { client, version, origins } = await setUp({
      update: async () => {
        throw apiError(409, "Conflict");
      },
      get: async () => aConfigMap(8),
    });
    await expect(client.update(CONFIG_MAP, aConfigMap(5))).rejects.toThrow("HTTP 409");
    expect(version()).toBe("8");
    expect(origins).toEqual(["watch"]);
  });

  it("rejects with the conflict when that read fails too", async () => {
    const { client, version } = await setUp({
      update: async () => {
        throw apiError(409, "Conflict");
      },
      get: async () => {
        throw new UnreachableError("getting: refused");
      },
    });
    await expect(client.update(CONFIG_MAP, aConfigMap(5))).rejects.toThrow("HTTP 409");
    expect(version()).toBe("5");
  });

  it("forgets what the server does not know", async () => {
    const { client, version } = await setUp({
      patch: async () => {
        throw apiError(404, "NotFound");
      },
    });
    await expect(client.patch(CONFIG_MAP, KEY, PATCH)).rejects.toThrow("HTTP 404");
    expect(version()).toBeUndefined();
  });

  it("keeps an object when only its subresource or its namespace is not found", async () => {
    const { client, version } = await setUp({
      patch: async () => {
        throw apiError(404, "NotFound");
      },
      delete: async () => {
        throw apiError(404, "NotFound", "shop");
      },
    });
    await expect(client.patch(CONFIG_MAP, KEY, PATCH, { subresource: "status" })).rejects.toThrow();
    await expect(client.delete(CONFIG_MAP, KEY)).rejects.toThrow();
    expect(version()).toBe("5");
  });

  it("reads the object after a write to its scale, whose answer is a Scale", async () => {
    const { client, version } = await setUp({
      patch: async () => ({ kind: "Scale", metadata: { ...KEY, uid: "uid-a", resourceVersion: "9" } }),
      get: async () => aConfigMap(9),
    });
    await client.patch(CONFIG_MAP, KEY, PATCH, { subresource: "scale" });
    expect(version()).toBe("9");
  });

  it("passes through what no cache holds", async () => {
    const { client, version } = await setUp({ patch: async () => aConfigMap(9) });
    await client.patch(SECRET, KEY, PATCH);
    expect(version()).toBe("5");
  });
});

describe("CacheSet", () => {
  it("says which resource cannot be read while the others work", async () => {
    const clock = new VirtualClock();
    const client = new ScriptedClient(async () => ({ items: [], resourceVersion: "6" }));
    const set = new CacheSet({ client, clock, random: () => 0.5, logger: silentLogger });
    const works = set.add(CONFIG_MAP);
    const broken = set.add(SECRET);
    const list = client.list.bind(client);
    client.list = (async (resource: unknown, options: object) => {
      if (resource === SECRET) throw new ApiError("listing secrets", { code: 403, message: "forbidden" });
      return list(resource, options);
    }) as typeof client.list;
    set.start();
    await clock.advance(1_000);
    expect([works.hasSynced, broken.hasSynced]).toEqual([true, false]);
    expect(set.problems()).toEqual(["listing secrets: forbidden"]);
    await set.stop();
    await set.synced();
  });

  describe("after a write without an answer", () => {
    const all: Concerns = () => true;
    const none: Concerns = () => false;
    const unanswered = async () => {
      throw new UnreachableError("connection reset");
    };

    it.each([
      ["when no answer comes", new UnreachableError("connection reset"), true],
      ["when the server tells of a timeout", apiError(504, "Timeout"), true],
      ["but not when it refuses", apiError(403, "Forbidden"), false],
      ["but not when it has too much to do", apiError(429, "TooManyRequests"), false],
    ])("has the object in doubt %s", async (_, error, isInDoubt) => {
      const { set, client } = await setUp({ patch: () => Promise.reject(error) });
      await expect(client.patch(CONFIG_MAP, KEY, PATCH)).rejects.toThrow();
      expect(set.doubts.has(all)).toBe(isInDoubt);
      expect(set.doubts.has(none)).toBe(false);
    });

    it("has the object in doubt when the caller gave the write up, and when it gives the read up as well", async () => {
      const urgent = new Error("something urgent has happened");
      const options = { signal: AbortSignal.abort(urgent) };
      const refused = async () => Promise.reject(apiError(409, "Conflict"));
      for (const patch of [async () => Promise.reject(urgent), refused]) {
        const { set, client } = await setUp({ patch, get: async () => Promise.reject(urgent) });
        await expect(client.patch(CONFIG_MAP, KEY, PATCH, options)).rejects.toThrow();
        expect(set.doubts.has(all)).toBe(true);
        await set.doubts.settle(all);
        expect(set.doubts.has(all)).toBe(true);
      }
    });

    it("reads only what is of concern", async () => {
      let reads = 0;
      const get = async () => {
        reads += 1;
        return aConfigMap(9);
      };
      const { set, client } = await setUp({ patch: unanswered, get });
      for (const name of ["settings", "others"])
        await client.patch(CONFIG_MAP, { ...KEY, name }, PATCH).catch(() => {});
      const concerns: Concerns = (resource, { name }) => resource === CONFIG_MAP && name === "settings";
      await set.doubts.settle(concerns);
      expect(reads).toBe(1);
      expect([set.doubts.has(concerns), set.doubts.has(all)]).toEqual([false, true]);
    });

    it("knows it again from one read, however many ask for that at once", async () => {
      let reads = 0;
      const get = async () => {
        reads += 1;
        return aConfigMap(9);
      };
      const { set, client, version } = await setUp({ patch: unanswered, get });
      await client.patch(CONFIG_MAP, KEY, PATCH).catch(() => {});
      await Promise.all([set.doubts.settle(all), set.doubts.settle(all)]);
      expect(set.doubts.has(all)).toBe(false);
      expect(version()).toBe("9");
      expect(reads).toBe(1);
    });

    it.each([
      ["there is no answer", new UnreachableError("connection reset")],
      ["the server has too much to do", apiError(429, "TooManyRequests")],
      ["the token is no longer taken", apiError(401, "Unauthorized")],
    ])("goes on doubting while it cannot be read: %s", async (_, error) => {
      const { set, client } = await setUp({ patch: unanswered, get: () => Promise.reject(error) });
      await client.patch(CONFIG_MAP, KEY, PATCH).catch(() => {});
      await set.doubts.settle(all);
      expect(set.doubts.size).toBe(1);
    });

    it("leaves it to the watch where it may not be read", async () => {
      const get = () => Promise.reject(apiError(403, "Forbidden"));
      const { set, client } = await setUp({ patch: unanswered, get });
      await client.patch(CONFIG_MAP, KEY, PATCH).catch(() => {});
      await set.doubts.settle(all);
      expect(set.doubts.size).toBe(0);
    });

    it("knows it again from the answer to the next write, and from a conflict", async () => {
      for (const next of [async () => aConfigMap(9), () => Promise.reject(apiError(409, "Conflict"))]) {
        const update = next as () => Promise<ConfigMap>;
        const { set, client } = await setUp({ patch: unanswered, update, get: async () => aConfigMap(9) });
        await client.patch(CONFIG_MAP, KEY, PATCH).catch(() => {});
        await client.update(CONFIG_MAP, aConfigMap(5)).catch(() => {});
        expect(set.doubts.size).toBe(0);
      }
    });

    it("does not doubt what no cache holds", async () => {
      const { set, client } = await setUp({ patch: unanswered });
      await client.patch(SECRET, KEY, PATCH).catch(() => {});
      expect(set.doubts.size).toBe(0);
    });
  });
});
