import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { RolloutStatus } from "../../src/api/status.ts";
import { serveApi } from "../../src/app/playground/serve-api.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import type { AnyObject } from "../../src/kube/object.ts";
import type { Resource } from "../../src/kube/resource.ts";
import { DEPLOYMENT, LEASE, NAMESPACE, SERVICE } from "../../src/kube/resources.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { listenPrometheus } from "../../src/sim/prometheus/http-server.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World } from "../../src/sim/world.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { SluiceProcess } from "./playground-process.ts";

const KEY = { namespace: "shop", name: "app" };
const POLL_MS = 25;

/** A world in real time behind HTTPS, for controllers that are processes of their own and share a Lease. */
export class SharedWorld {
  readonly clock = new SystemClock();
  readonly world: World;
  readonly #adminToken = "failover";
  readonly #closers: (() => Promise<unknown>)[] = [];
  #flags: readonly string[] = [];

  private constructor(crd: AnyObject) {
    const images = new ScenarioImages({});
    this.world = new World({ clock: this.clock, seed: 1, images, crds: [crd], adminToken: this.#adminToken });
  }

  static async create(): Promise<SharedWorld> {
    const shared = new SharedWorld(await rolloutCrd());
    await shared.#begin();
    return shared;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  /** Resolves when it works, or stands by with warm caches. */
  async start(): Promise<SluiceProcess> {
    const process = new SluiceProcess(["controller", ...this.#flags]);
    this.#closers.push(() => process.stop("SIGKILL"));
    await process.line(/controller is working/, 30_000);
    return process;
  }

  async holder(): Promise<string> {
    const leases = await this.world.client.list(LEASE, { namespace: "default" });
    return leases.items[0]?.spec?.holderIdentity ?? "";
  }

  /** How long it took until this held. Rejects when it does not in time. */
  async until(holds: () => boolean | Promise<boolean>, limitMs: number, what: string): Promise<number> {
    const startedAt = performance.now();
    while (!(await holds())) {
      if (performance.now() - startedAt > limitMs) throw new Error(`${what}: not within ${limitMs} ms`);
      await new Promise<void>((resolve) => this.clock.setTimer(POLL_MS, resolve));
    }
    return performance.now() - startedAt;
  }

  get status(): RolloutStatus | undefined {
    return this.world.caches.rollouts.get(KEY)?.status;
  }

  async release(version: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: "app", image: `app:${version}` }] } } } };
    await this.world.client.patch(DEPLOYMENT, KEY, { type: "strategic", body });
  }

  async #begin(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "sluice-failover-"));
    const kubeconfigPath = join(folder, "kubeconfig");
    this.#closers.push(() => rm(folder, { recursive: true }));
    await this.world.start();
    this.#closers.push(() => this.world.stop());
    const address = { host: "127.0.0.1", port: 0 };
    const { clock } = this;
    const listener = await serveApi({
      transport: this.world.apiFaults,
      clock,
      address,
      adminToken: this.#adminToken,
      kubeconfigPath,
      logger: silentLogger,
    });
    this.#closers.push(() => listener.close());
    const prometheus = await listenPrometheus(this.world.prometheus, address);
    this.#closers.push(() => prometheus.close());
    this.#flags = [
      ...["--kubeconfig", kubeconfigPath, "--prometheus", prometheus.url, "--listen", ""],
      ...["--leader-election", "true", "--leader-election-namespace", "default", "--drain", "2s"],
    ];
    for (const [resource, object] of MANIFESTS) await this.world.client.create(resource, object);
    const from = { workload: "web", namespace: "shop", labels: {} };
    this.world.mesh.setTraffic("web", { host: "app", rps: 40, from });
  }
}

const head = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: KEY });

const MANIFESTS: readonly (readonly [Resource, AnyObject])[] = [
  [NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }],
  [
    DEPLOYMENT,
    {
      ...head("apps/v1", "Deployment"),
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "app" } },
        template: {
          metadata: { labels: { app: "app" } },
          spec: {
            containers: [{ name: "app", image: "app:v1", ports: [{ name: "http", containerPort: 80 }] }],
          },
        },
      },
    } as AnyObject,
  ],
  [
    SERVICE,
    {
      ...head("v1", "Service"),
      spec: { selector: { app: "app" }, ports: [{ name: "http", port: 80 }] },
    } as AnyObject,
  ],
  [
    ROLLOUT,
    {
      ...head("sluice.dev/v1alpha1", "Rollout"),
      spec: {
        targetRef: { kind: "Deployment", name: "app" },
        service: { port: 80 },
        traffic: { istio: {} },
        steps: [
          { weight: 20, hold: "10s" },
          { weight: 50, hold: "30s" },
        ],
        analysis: {
          interval: "5s",
          warmup: "0s",
          minRequests: 20,
          metrics: [{ name: "success-rate", min: 90 }],
        },
      },
    } as AnyObject,
  ],
];
