import type { AxiosAdapter } from "axios";
import { type CommandName, commandAnnotation } from "../../../api/command.ts";
import { ROLLOUT } from "../../../api/resource.ts";
import type { RolloutStatus } from "../../../api/status.ts";
import { loadConfig } from "../../../config/config.ts";
import type { WebhookRequest, WebhookResponse } from "../../../gate/webhook/transport.ts";
import type { AnyObject } from "../../../kube/object.ts";
import type { Resource } from "../../../kube/resource.ts";
import { DEPLOYMENT, NAMESPACE, SECRET, SERVICE } from "../../../kube/resources.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../../kube/transport.ts";
import { sleep } from "../../../lib/clock.ts";
import { Prng } from "../../../lib/prng.ts";
import { VirtualClock } from "../../../lib/virtual-clock.ts";
import { ScenarioImages } from "../../../sim/scenario/image-book.ts";
import { World } from "../../../sim/world.ts";
import { silentLogger } from "../../../telemetry/logger.ts";
import { SimulatedController } from "../../simulated-controller.ts";
import { NAMESPACE_NAME } from "../invariant.ts";
import { deploymentManifest, namespaceManifest, rolloutManifest, serviceManifest } from "../manifests.ts";
import type { PlannedRollout } from "../plan.ts";
import { weightOf } from "../routing-view.ts";
import { imageOf, VERSIONS } from "../versions.ts";
import type { Death } from "./deaths.ts";

const NAME = "app";
const KEY = { namespace: NAMESPACE_NAME, name: NAME };
const KUBECTL = { fieldManager: "kubectl" };

/** Short, so that stories are; each stage has its own. */
export const DEADLINE_MS = 30_000;

const POLL_MS = 100;

/** One Rollout with a webhook of every kind and a receiver, one controller, and whatever it depends on. */
export class SmallWorld {
  readonly clock = new VirtualClock();
  readonly world: World;
  readonly #controller: SimulatedController;
  readonly #rollout: PlannedRollout;
  #death: Death | null = null;
  /** Requests of the controller that were sent, reads and watches apart. */
  #writes: number[] = [];

  constructor(crd: AnyObject, spec: Readonly<Record<string, unknown>> = {}) {
    this.#rollout = { name: NAME, replicas: 2, rps: 40, testersRps: 0, spec: { ...SPEC, ...spec } };
    const images = new ScenarioImages(
      Object.fromEntries(
        Object.entries(VERSIONS).map(([version, differs]) => [
          imageOf(NAME, version),
          { differs, perPod: [] },
        ]),
      ),
    );
    this.world = new World({ clock: this.clock, seed: 1, images, crds: [crd] });
    this.#controller = new SimulatedController({
      world: this.world,
      config: loadConfig({
        flags: { drain: "5s", drainMax: "10s", statusRefresh: "30s" },
        environment: {},
      }),
      prng: new Prng(2),
      logger: silentLogger,
      network: () => this.#network(),
      webhookTransport: { post: (request, signal) => this.#webhook(request, signal) },
      receiverAdapter: (request) => this.#receiver(request),
    });
  }

  /** Resolves when the Rollout is adopted and at rest. */
  async begin(): Promise<void> {
    const { world } = this;
    await world.start();
    const create = (resource: Resource, object: AnyObject) => world.client.create(resource, object, KUBECTL);
    const head = { apiVersion: "v1", metadata: { namespace: NAMESPACE_NAME, name: NAMESPACE_NAME } };
    await create(NAMESPACE, namespaceManifest());
    const data = { url: Buffer.from("https://hooks.example.com/services/x").toString("base64") };
    await create(SECRET, { ...head, kind: "Secret", metadata: { ...KEY, name: "slack" }, data } as AnyObject);
    await create(DEPLOYMENT, deploymentManifest(this.#rollout, imageOf(NAME, "v1")));
    await create(SERVICE, serviceManifest(this.#rollout));
    await sleep(this.clock, 5_000);
    const from = { workload: "web", namespace: NAMESPACE_NAME, labels: { app: "web" } };
    world.mesh.setTraffic("web", { host: NAME, rps: this.#rollout.rps, from });
    await this.#controller.start();
    await create(ROLLOUT, rolloutManifest(this.#rollout));
    await this.until(() => this.status?.phase === "Initialized", 120_000);
  }

  async end(): Promise<void> {
    this.#controller.kill();
    await this.world.stop();
  }

  die(death: Death): void {
    this.#death = death;
    this.world.prometheus.setFault(death.prometheus ?? null);
  }

  heal(): void {
    this.#death = null;
    this.world.prometheus.setFault(null);
  }

  async release(version: string): Promise<void> {
    const containers = [{ name: "app", image: imageOf(NAME, version) }];
    const body = { spec: { template: { spec: { containers } } } };
    await this.world.client.patch(DEPLOYMENT, KEY, { type: "strategic", body }, KUBECTL);
  }

  async command(name: CommandName): Promise<void> {
    const body = { metadata: { annotations: { [commandAnnotation(name)]: "because" } } };
    await this.world.client.patch(ROLLOUT, KEY, { type: "merge", body }, KUBECTL);
  }

  /** How long it took until this held; null when it did not within the limit. */
  async until(holds: () => boolean, limitMs: number): Promise<number | null> {
    const startedAt = this.clock.now();
    while (!holds()) {
      if (this.clock.now() - startedAt >= limitMs) return null;
      await sleep(this.clock, POLL_MS);
    }
    return this.clock.now() - startedAt;
  }

  async pass(durationMs: number): Promise<void> {
    await sleep(this.clock, durationMs);
  }

  get status(): RolloutStatus | undefined {
    return this.world.caches.rollouts.get(KEY)?.status;
  }

  /** What a person sees of the run: for messages, and for what they must tell. */
  get story(): string {
    const { phase, message, run, conditions = [] } = this.status ?? {};
    const trouble = conditions.filter(({ type, status }) => type === "Ready" && status === "False");
    return JSON.stringify({
      phase,
      message,
      stage: run?.stage,
      pause: run?.pause,
      trouble: trouble.map(({ reason, message: text }) => `${reason}: ${text}`),
      weight: this.weight,
    });
  }

  /** A condition says what cannot be done. */
  get namesTheTrouble(): boolean {
    return this.story.includes("is refused for ever") || this.story.includes("no answer within");
  }

  /** What the routing object really gives to the canary. */
  get weight(): number {
    const routes = this.world.caches.virtualServices.get(KEY);
    return routes === undefined ? 0 : weightOf(routes, NAME);
  }

  /** Pods that the target is to have. */
  get canaryPods(): number {
    return this.world.caches.deployments.get(KEY)?.spec.replicas ?? 0;
  }

  /** Live requests that canary pods really got in the last `windowMs`. */
  canaryRequests(windowMs: number): number {
    const window = { fromMs: this.clock.now() - windowMs };
    return this.world.mesh.truth.requestsTo({
      ...window,
      namespace: NAMESPACE_NAME,
      workload: NAME,
      use: "live",
    });
  }

  userErrors(): number {
    return this.world.mesh.truth.userErrors();
  }

  /** Writes that the controller has tried in the last `windowMs`, whatever became of them. */
  attempts(windowMs: number): number {
    return this.#writes.filter((at) => at >= this.clock.now() - windowMs).length;
  }

  #network(): Transport {
    return {
      send: async (request: ApiRequest): Promise<ApiResponse> => {
        if (request.method !== "GET") this.#writes.push(this.clock.now());
        const api = this.#death?.api;
        if (api?.hits(request) !== true) return this.world.transport.send(request);
        if (api.how === "hangs") return never();
        return refusal(request);
      },
    };
  }

  async #webhook({ url }: WebhookRequest, signal: AbortSignal): Promise<WebhookResponse> {
    const how = this.#death?.webhooks;
    if (how === "hangs") return until(signal);
    if (how === "refused") throw refused();
    // One of type rollback says by 200 that it wants one.
    return { status: url.endsWith("/rollback") ? 403 : 200, headers: {}, body: "" };
  }

  async #receiver(request: Parameters<AxiosAdapter>[0]): ReturnType<AxiosAdapter> {
    const how = this.#death?.receivers;
    if (how === "hangs") return never();
    if (how === "refused") throw refused();
    return { data: "ok", status: 200, statusText: "OK", headers: {}, config: request };
  }
}

const HOOK_TYPES = [
  "confirm-rollout",
  "pre-rollout",
  "rollout",
  "confirm-traffic-increase",
  "confirm-promotion",
  "rollback",
  "post-rollout",
];

const SPEC = {
  targetRef: { kind: "Deployment", name: NAME },
  service: { port: 80, targetPort: "http" },
  traffic: { istio: {} },
  steps: [
    { weight: 20, hold: "20s" },
    { weight: 50, hold: "20s" },
  ],
  analysis: {
    interval: "5s",
    warmup: "0s",
    minRequests: 20,
    metrics: [{ name: "success-rate", min: 90, baseline: {} }],
  },
  progressDeadline: "30s",
  webhooks: HOOK_TYPES.map((type) => ({ name: type, type, url: `http://hooks.shop/${type}` })),
  notifications: [{ slack: { secretRef: { name: "slack" } } }],
};

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/** Nothing comes until nobody waits any more. */
function until(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function refused(): Error {
  return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
}

/** As an admission webhook that is down with failurePolicy Fail makes the API server answer. */
function refusal({ method, path }: ApiRequest): ApiResponse {
  const value = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: failed calling webhook "guard.example.com": ${method} ${path} is refused for ever`,
    reason: "InternalError",
    code: 500,
  };
  return { status: 500, contentType: "application/json", warnings: [], body: { kind: "json", value } };
}
