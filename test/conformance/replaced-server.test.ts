import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CacheSet } from "../../src/kube/cache-set.ts";
import { HttpTransport } from "../../src/kube/http-transport.ts";
import type { ConfigMap } from "../../src/kube/kind/cluster.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { CONFIG_MAP } from "../../src/kube/resources.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { serveApi } from "./served-api.ts";

const clock = new SystemClock();
let folder = "";
let kubeconfig = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-replaced-"));
  kubeconfig = join(folder, "kubeconfig");
});
afterAll(() => rm(folder, { recursive: true }));

function aConfigMap(name: string): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "default", name } };
}

async function serve(options: { readonly port: number; readonly token: string; readonly objects: string[] }) {
  const { objects, ...rest } = options;
  const server = await serveApi({ clock, kubeconfig, ...rest });
  for (const name of objects) await server.inside.create(CONFIG_MAP, aConfigMap(name));
  return server;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => clock.setTimer(20, () => resolve(null)));
}

describe("a cache over HTTPS", () => {
  it.each([
    ["after a while", true],
    ["at once, and takes a watch from a version that it has not reached", false],
  ])(
    "follows its server to one with another history, certificate and token, which comes up %s",
    async (_, isLate) => {
      const many = Array.from({ length: 60 }, (_, index) => `old-${index}`);
      const first = await serve({ port: 0, token: "first", objects: [...many, "kept"] });
      const access = await loadKubeconfig({ path: kubeconfig, clock });
      const transport = new HttpTransport({ access, clock, userAgent: "test" });
      const client = new RestClient({ transport, clock, fieldManager: "test" });
      const reflector = { backoff: { firstMs: 50, maxMs: 200 }, idleMs: 400 };
      const set = new CacheSet({
        client,
        clock,
        random: Math.random,
        logger: silentLogger,
        reflector,
      });
      const cache = set.add(CONFIG_MAP, { namespace: "default" });
      set.start();
      await set.synced();
      const names = () => cache.list().map((object) => object.metadata.name);
      expect(names()).toHaveLength(61);

      await first.close();
      if (isLate) await until(() => set.problems().some((problem) => problem.startsWith("listing")));
      const port = Number(access.server.port);
      const second = await serve({ port, token: "second", objects: ["kept", "new"] });
      await until(() => cache.size === 2);
      expect(new Set(names())).toEqual(new Set(["kept", "new"]));

      await client.create(CONFIG_MAP, aConfigMap("live"));
      await until(() => cache.size === 3);
      expect(set.problems()).toEqual([]);
      await set.stop();
      transport.close();
      await second.close();
    },
  );
});
