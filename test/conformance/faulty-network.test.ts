import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/kube/cache.ts";
import { CacheSet } from "../../src/kube/cache-set.ts";
import type { Client } from "../../src/kube/client.ts";
import type { ConfigMap } from "../../src/kube/kind/cluster.ts";
import { CONFIG_MAP } from "../../src/kube/resources.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import { OperationError } from "../../src/lib/errors.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ApiServer } from "../../src/sim/apiserver/api-server.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { FaultyTransport } from "../support/faulty-transport.ts";

const NAMES = ["a", "b", "c"];

function keyOf(name: string) {
  return { namespace: "default", name };
}

/** Creates, patches or deletes one of a few objects; gives the version that the answer told, if any. */
async function writeSomething(client: Client, prng: Prng): Promise<{ name: string; version: number } | null> {
  const name = prng.pick(NAMES);
  const data = { value: String(prng.integer(0, 1_000_000)) };
  const object: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: keyOf(name), data };
  const write = prng.pick([
    () => client.create(CONFIG_MAP, object),
    () => client.patch(CONFIG_MAP, keyOf(name), { type: "merge", body: { data } }),
    () => client.delete(CONFIG_MAP, keyOf(name)).then(() => null),
  ]);
  try {
    const answer = await write();
    return answer === null ? null : { name, version: Number(answer.metadata.resourceVersion) };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return null;
  }
}

function versionIn(cache: Cache<ConfigMap>, name: string): number {
  return Number(cache.get(keyOf(name))?.metadata.resourceVersion ?? Number.NaN);
}

async function run(seed: number): Promise<void> {
  const prng = new Prng(seed);
  const clock = new VirtualClock();
  const server = new ApiServer({ clock, prng: prng.fork(), historyLimit: 8 });
  const network = new FaultyTransport(server, clock, prng.fork());
  const clientOver = (transport: FaultyTransport | ApiServer) =>
    new RestClient({ transport, clock, fieldManager: "test", timeoutMs: 5_000 });
  const set = new CacheSet({
    client: clientOver(network),
    clock,
    random: () => prng.float(),
    logger: silentLogger,
  });
  const cache = set.add(CONFIG_MAP, { namespace: "default" });
  const foreign = clientOver(server);
  const problems: string[] = [];
  set.start();

  let isOwnWriteUnderWay = false;
  const ownWrite = async () => {
    if (isOwnWriteUnderWay) return;
    isOwnWriteUnderWay = true;
    const written = await writeSomething(set.client, prng);
    isOwnWriteUnderWay = false;
    // Gone again already, or as new as what we wrote.
    if (written !== null && versionIn(cache, written.name) < written.version)
      problems.push("own write hidden");
  };
  for (let step = 0; step < 60; step++) {
    void ownWrite();
    if (prng.chance(0.7)) await writeSomething(foreign, prng);
    await clock.advance(prng.integer(0, 4_000));
  }

  network.isFaulty = false;
  // A hanging watch is noticed after 90 s, and a quarter.
  await clock.advance(150_000);
  const { items } = await foreign.list(CONFIG_MAP, { namespace: "default" });
  const shown = (objects: readonly ConfigMap[]) =>
    objects.map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).sort();
  expect(shown(cache.list())).toEqual(shown(items));
  expect([...problems, ...set.problems()]).toEqual([]);
  await set.stop();
}

describe("a cache behind a faulty network", () => {
  it("shows own writes at once, never stops following, and equals the server once the faults end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), (seed) => run(seed)),
      { numRuns: 40 },
    );
  });
});
