import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Client } from "../../../src/kube/client.ts";
import type { Deployment } from "../../../src/kube/kind/workload.ts";
import { DEPLOYMENT } from "../../../src/kube/resources.ts";

const NAMESPACE = "default";
/** Requests under way at once, as from a controller's workers. */
const IN_FLIGHT = 16;
const LISTS = 20;
const WATCHERS = 50;
/** One object in so many has the label that is selected. */
const RARE = 100;

/** What one way to reach the server manages; all per second but for the memory. */
export interface Measured {
  readonly creates: number;
  readonly updates: number;
  readonly lists: number;
  readonly selectedLists: number;
  /** Events delivered, over all watchers. */
  readonly watchEvents: number;
  /** Heap in the server's process, bytes an object; its history included. */
  readonly bytesPerObject: number;
}

export async function measure(client: Client, objects: number): Promise<Measured> {
  const names = Array.from({ length: objects }, (_, index) => index);
  const heapBefore = heapBytes();
  const createSeconds = await timed(() => inParallel(names, (index) => create(client, index)));
  const bytesPerObject = (heapBytes() - heapBefore) / objects;
  const updateSeconds = await timed(() => inParallel(names, (index) => scale(client, index, 2)));
  const list = (labelSelector?: string) => timed(() => listAgain(client, labelSelector));
  const listSeconds = await list();
  const selectedSeconds = await list("rare=yes");
  const watchSeconds = await fanOut(client, names);
  return {
    creates: objects / createSeconds,
    updates: objects / updateSeconds,
    lists: LISTS / listSeconds,
    selectedLists: LISTS / selectedSeconds,
    watchEvents: (objects * WATCHERS) / watchSeconds,
    bytesPerObject,
  };
}

export const SIZES = { inFlight: IN_FLIGHT, watchers: WATCHERS, rare: RARE } as const;

function create(client: Client, index: number): Promise<unknown> {
  const labels = { app: `bench-${index}` };
  const rare = index % RARE === 0 ? { rare: "yes" } : {};
  const containers = [
    { name: "main", image: "shop/checkout:v1", ports: [{ name: "http", containerPort: 8080 }] },
  ];
  return client.create<Deployment>(DEPLOYMENT, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: nameOf(index), namespace: NAMESPACE, labels: { ...labels, ...rare } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  });
}

function scale(client: Client, index: number, replicas: number): Promise<unknown> {
  const key = { namespace: NAMESPACE, name: nameOf(index) };
  return client.patch(DEPLOYMENT, key, { type: "merge", body: { spec: { replicas } } });
}

function nameOf(index: number): string {
  return `bench-${index}`;
}

async function listAgain(client: Client, labelSelector: string | undefined): Promise<void> {
  for (let i = 0; i < LISTS; i++) await client.list(DEPLOYMENT, { namespace: NAMESPACE, labelSelector });
}

/** From the first write until every watcher has seen every one; all are connected before. */
async function fanOut(client: Client, names: readonly number[]): Promise<number> {
  const { resourceVersion } = await client.list(DEPLOYMENT, { namespace: NAMESPACE, limit: 1 });
  await scale(client, 0, 4);
  const watches: AsyncIterator<unknown>[] = [];
  for (let i = 0; i < WATCHERS; i++) {
    const events = client.watch(DEPLOYMENT, { namespace: NAMESPACE, resourceVersion });
    const watch = events[Symbol.asyncIterator]();
    await watch.next();
    watches.push(watch);
  }
  const seconds = await timed(async () => {
    const seen = watches.map(async (watch) => {
      for (let event = 0; event < names.length; event++) await watch.next();
    });
    await inParallel(names, (index) => scale(client, index, 3));
    await Promise.all(seen);
  });
  await Promise.all(watches.map((watch) => watch.return?.()));
  return seconds;
}

async function inParallel(items: readonly number[], work: (item: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

/** What is reachable: garbage is collected first. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
