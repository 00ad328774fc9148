import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROLLOUT } from "../../../src/api/resource.ts";
import type { Rollout } from "../../../src/api/rollout.ts";
import { Playground, type PlaygroundListener } from "../../../src/app/playground/playground.ts";
import type { Client } from "../../../src/kube/client.ts";
import { HttpTransport } from "../../../src/kube/http-transport.ts";
import { loadKubeconfig } from "../../../src/kube/kubeconfig.ts";
import { DEPLOYMENT } from "../../../src/kube/resources.ts";
import { RestClient } from "../../../src/kube/rest-client.ts";
import { SystemClock, sleep } from "../../../src/lib/clock.ts";
import { loadScenario } from "../../../src/sim/scenario/load.ts";
import { NAMESPACE, nameOf, scenarioFiles } from "./scenario.ts";
import { Weights } from "./weights.ts";

/** What does not answer while runs are aborted. */
export interface Outage {
  /** Webhooks of all types, and Slack. */
  readonly webhooks: boolean;
  readonly prometheus: boolean;
}

const PATHS = ["/load", "/stop", "/bus", "/slack"];
/** Everything that can be waited for is being waited for by then. */
const HANGING_MS = 12_000;
const LOOK_MS = 200;
const READY_MS = 300_000;

const UNHEARD: PlaygroundListener = {
  onTransition: () => {},
  onAction: () => {},
  onControllerLog: () => {},
  onControllerDeath: (how) => console.error(`The controller died: ${how}.`),
  onEvent: () => {},
};

const clock = new SystemClock();

/**
 * From the moment when the annotation is sent to the moment when a watch tells that the VirtualService gives the canary
 * nothing: milliseconds of wall time, one for each of so many Rollouts at 50 %, aborted one after the other. By kubeconfig
 * and HTTPS; the controller is a process of its own; webhooks, Slack and Prometheus are on sockets.
 */
export async function measureAborts(count: number, outage: Outage): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-abort-"));
  const kubeconfigPath = join(folder, "kubeconfig");
  const files = scenarioFiles(count);
  const loaded = await loadScenario("/scenario.yaml", async (path) => files[path] ?? "");
  const address = { host: "127.0.0.1", port: 0 };
  const playground = await Playground.create(
    { loaded, speed: 1, address, kubeconfigPath, withController: true },
    UNHEARD,
  );
  const ended = new AbortController();
  try {
    await playground.start();
    // It is given up in the middle, and then says so.
    playground.play(ended.signal).catch((error: Error) => {
      if (!ended.signal.aborted) console.error(error.message);
    });
    const client = await clientOf(kubeconfigPath);
    const names = Array.from({ length: count }, (_, index) => nameOf(index));
    await untilAll(client, names, ({ status }) => status?.phase === "Initialized");
    const weights = new Weights();
    weights.follow(client, ended.signal).catch(() => {});
    for (const name of names) await ship(client, name);
    await Promise.all(names.map((name) => weights.until(name, 50)));
    breakDown(playground, outage);
    await sleep(clock, HANGING_MS);
    const times: number[] = [];
    for (const name of names) times.push(await abort(client, weights, name));
    return times;
  } finally {
    ended.abort();
    await playground.stop();
    await rm(folder, { recursive: true });
  }
}

/** The nearest-rank percentile. */
export function percentile(times: readonly number[], percent: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

async function clientOf(path: string): Promise<Client> {
  const access = await loadKubeconfig({ path, environment: {}, clock });
  const transport = new HttpTransport({ access, clock, userAgent: "bench" });
  return new RestClient({ transport, clock, fieldManager: "bench" });
}

async function untilAll(
  client: Client,
  names: readonly string[],
  isSo: (rollout: Rollout) => boolean,
): Promise<void> {
  const endMs = clock.now() + READY_MS;
  while (clock.now() < endMs) {
    const { items } = await client.list(ROLLOUT, { namespace: NAMESPACE }).catch(() => ({ items: [] }));
    if (names.every((name) => items.some((it) => it.metadata.name === name && isSo(it as Rollout)))) return;
    await sleep(clock, LOOK_MS);
  }
  throw new Error("the Rollouts did not come to rest");
}

async function ship(client: Client, name: string): Promise<void> {
  const operations = [
    { op: "replace", path: "/spec/template/spec/containers/0/image", value: "shop/app:v2" },
  ] as const;
  await client.patch(DEPLOYMENT, { namespace: NAMESPACE, name }, { type: "json", operations });
}

function breakDown({ world }: Playground, outage: Outage): void {
  const hangs = { status: 200, body: "", delayMs: 0, hangs: true };
  if (outage.webhooks) for (const path of PATHS) world.webhooks.set(path, hangs);
  if (outage.prometheus) world.prometheus.setFault({ kind: "slow", delayMs: 3_600_000 });
}

async function abort(client: Client, weights: Weights, name: string): Promise<number> {
  const body = { metadata: { annotations: { "sluice.dev/abort": "measured" } } };
  const startMs = performance.now();
  await client.patch(ROLLOUT, { namespace: NAMESPACE, name }, { type: "merge", body });
  await weights.until(name, 0);
  return performance.now() - startMs;
}
