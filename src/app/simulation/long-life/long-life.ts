import { commandAnnotation } from "../../../api/command.ts";
import { ROLLOUT } from "../../../api/resource.ts";
import { loadConfig } from "../../../config/config.ts";
import type { AnyObject } from "../../../kube/object.ts";
import type { Resource } from "../../../kube/resource.ts";
import { DEPLOYMENT, LEASE, NAMESPACE, SECRET, SERVICE } from "../../../kube/resources.ts";
import { sleep } from "../../../lib/clock.ts";
import { Prng } from "../../../lib/prng.ts";
import { VirtualClock } from "../../../lib/virtual-clock.ts";
import { HEALTHY_IMAGE } from "../../../sim/image.ts";
import { World } from "../../../sim/world.ts";
import { silentLogger } from "../../../telemetry/logger.ts";
import { driven } from "../../rehearsal.ts";
import { SimulatedController } from "../../simulated-controller.ts";
import { ChaosNetwork } from "../chaos-network.ts";
import { NAMESPACE_NAME } from "../invariant.ts";
import {
  deploymentManifest,
  inboxSecret,
  namespaceManifest,
  rolloutManifest,
  serviceManifest,
} from "../manifests.ts";
import type { PlannedRollout } from "../plan.ts";
import { VERSIONS } from "../versions.ts";
import { SilentOthers } from "./others.ts";
import { faultsOf, type Trouble, troubleOf } from "./troubles.ts";

export interface LongLifeOptions {
  readonly seed: number;
  readonly crd: AnyObject;
  /** Rollouts at any time. */
  readonly rollouts: number;
}

/** What has happened so far. */
export interface LongLifeCounts {
  readonly releases: number;
  readonly promoted: number;
  readonly failed: number;
  readonly removed: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Releases of an hour begin within its first so many minutes, so that all of them end in it. */
const BUSY_MINUTES = 30;

/** A share of all Rollouts gets a new image in an hour that is not idle. */
const RELEASED_SHARE = 0.1;

const KUBECTL = { fieldManager: "kubectl" };
const LEASE_KEY = { namespace: "default", name: "sluice" };

/**
 * A production controller that lives for a day, in one process, with many Rollouts of which a few are released each hour,
 * through whatever a cluster does to a long-lived client. In virtual time; what is left of it all is for others to count.
 */
export class LongLife {
  readonly #clock = new VirtualClock();
  readonly #prng: Prng;
  readonly #world: World;
  readonly #controller: SimulatedController;
  readonly #others = new SilentOthers();
  readonly #size: number;
  /** Names of those that are there. */
  #names: string[] = [];
  #made = 0;
  #trouble: Trouble | null = null;
  #counts = { releases: 0, promoted: 0, failed: 0, removed: 0 };

  constructor({ seed, crd, rollouts }: LongLifeOptions) {
    const clock = this.#clock;
    this.#size = rollouts;
    this.#prng = new Prng(seed);
    this.#world = new World({
      clock,
      seed,
      crds: [crd],
      // "shop/app-1:errors-7": how it behaves is the first word of the tag.
      images: { behaviour: behaviourOf, end: () => {}, forget: () => {} },
      scrapeIntervalMs: 15_000,
      meshBatchMs: 1_000,
      writesClusterEvents: false,
    });
    const prng = new Prng(seed + 1);
    this.#controller = new SimulatedController({
      world: this.#world,
      config: loadConfig({ flags: {}, environment: {} }),
      prng: prng.fork(),
      logger: silentLogger,
      lease: LEASE_KEY,
      receiverAdapter: this.#others.receiver,
      webhookTransport: this.#others,
      network: () =>
        new ChaosNetwork({
          inner: this.#world.apiFaults,
          clock,
          prng: prng.fork(),
          faults: () => faultsOf(this.#trouble),
          onAwait: () => {},
          onWrite: () => {},
        }),
    });
  }

  get counts(): LongLifeCounts {
    return this.#counts;
  }

  /** Everything is adopted and at rest. */
  begin(): Promise<void> {
    return driven(this.#clock, this.#begin());
  }

  /** One virtual hour. */
  hour(index: number): Promise<void> {
    return driven(this.#clock, this.#hour(index));
  }

  async end(): Promise<void> {
    this.#controller.kill();
    await this.#world.stop();
  }

  /** Rollouts in which something is under way. */
  get busy(): readonly string[] {
    return this.#world.caches.rollouts
      .list()
      .filter(({ status }) => status === undefined || status.run !== undefined)
      .map(({ metadata, status }) => `${metadata.name}: ${status?.message ?? "no status"}`);
  }

  async #begin(): Promise<void> {
    await this.#world.start();
    await this.#create(NAMESPACE, namespaceManifest());
    await this.#create(SECRET, inboxSecret());
    await this.#controller.start();
    while (this.#names.length < this.#size) await this.#add();
    await sleep(this.#clock, 5 * MINUTE_MS);
  }

  async #hour(index: number): Promise<void> {
    const end = this.#clock.now() + HOUR_MS;
    const trouble = troubleOf(index);
    if (trouble !== null) {
      const from = this.#prng.integer(0, this.#names.length - 1);
      const inTurn = [...this.#names.slice(from), ...this.#names.slice(0, from)];
      const released = inTurn.slice(0, Math.ceil(this.#size * RELEASED_SHARE));
      await Promise.all([
        this.#play(trouble),
        this.#replaceOne(),
        ...released.map((name, at) => this.#release(name, `${index}-${at}`)),
      ]);
    }
    await sleep(this.#clock, end - this.#clock.now());
  }

  async #play(trouble: Trouble): Promise<void> {
    await sleep(this.#clock, this.#prng.integer(0, BUSY_MINUTES * MINUTE_MS));
    this.#trouble = trouble;
    const { apiFaults, prometheus } = this.#world;
    if (trouble.isServerAway === true) apiFaults.set({ kind: "down" });
    if (trouble.metrics !== undefined) prometheus.setFault({ kind: trouble.metrics });
    if (trouble.clockStepMs !== undefined) this.#controller.setClock(trouble.clockStepMs);
    if (trouble.isLeaseStolen === true) await this.#stealLease();
    this.#others.areSilent = trouble.areOthersSilent === true;
    await sleep(this.#clock, trouble.forMs);
    this.#trouble = null;
    apiFaults.set(null);
    prometheus.setFault(null);
    this.#controller.setClock(0);
    this.#others.areSilent = false;
  }

  async #stealLease(): Promise<void> {
    const body = { spec: { holderIdentity: "thief" } };
    await this.#world.client.patch(LEASE, LEASE_KEY, { type: "merge", body });
  }

  /** A new image, traffic as long as it takes, and in some cases a person who interferes. */
  async #release(name: string, id: string): Promise<void> {
    await sleep(this.#clock, this.#prng.integer(0, BUSY_MINUTES * MINUTE_MS));
    const version = this.#prng.pick(["v2", "v2", "v2", "v2", "errors", "crash"]);
    const command = this.#prng.pick([null, null, null, "abort", "pause"] as const);
    const { mesh } = this.#world;
    const from = { workload: "web", namespace: NAMESPACE_NAME, labels: { app: "web" } };
    mesh.setTraffic(name, { host: name, rps: 20, from });
    await this.#setImage(name, `shop/${name}:${version}-${id}`);
    this.#counts = { ...this.#counts, releases: this.#counts.releases + 1 };
    await sleep(this.#clock, 90_000);
    if (command !== null) await this.#command(name, command);
    await sleep(this.#clock, 60_000);
    if (command === "pause") await this.#command(name, "resume");
    const isOver = () => this.#rollout(name)?.status?.run === undefined;
    const limit = this.#clock.now() + 20 * MINUTE_MS;
    while (!isOver() && this.#clock.now() < limit) await sleep(this.#clock, 10_000);
    mesh.removeTraffic(name);
    const isPromoted = this.#rollout(name)?.status?.phase === "Succeeded";
    const { promoted, failed } = this.#counts;
    this.#counts = {
      ...this.#counts,
      promoted: promoted + (isPromoted ? 1 : 0),
      failed: failed + (isPromoted ? 0 : 1),
    };
  }

  async #setImage(name: string, image: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };
    await this.#world.client.patch(DEPLOYMENT, keyOf(name), { type: "strategic", body }, KUBECTL);
  }

  #rollout(name: string) {
    return this.#world.caches.rollouts.get(keyOf(name));
  }

  async #command(name: string, command: "abort" | "pause" | "resume"): Promise<void> {
    const body = { metadata: { annotations: { [commandAnnotation(command)]: "because" } } };
    await this.#world.client.patch(ROLLOUT, keyOf(name), { type: "merge", body }, KUBECTL);
  }

  /** A service is given up, and another one is begun: what is kept by name has to go with it. */
  async #replaceOne(): Promise<void> {
    await sleep(this.#clock, 55 * MINUTE_MS);
    const name = this.#names.shift();
    if (name === undefined) return;
    const { client } = this.#world;
    const options = { propagation: "Background" } as const;
    // A target that cannot serve is not handed the service back, so it is what serves now.
    const [image] = this.#rollout(name)?.status?.promoted?.images ?? [];
    if (image !== undefined) await this.#setImage(name, image);
    await client.delete(ROLLOUT, keyOf(name), options);
    while (this.#rollout(name) !== undefined) await sleep(this.#clock, 5_000);
    await client.delete(DEPLOYMENT, keyOf(name), options);
    await client.delete(SERVICE, keyOf(name), options);
    this.#counts = { ...this.#counts, removed: this.#counts.removed + 1 };
    await this.#add();
  }

  async #add(): Promise<void> {
    const name = `app-${this.#made++}`;
    const planned: PlannedRollout = {
      name,
      replicas: 1,
      rps: 20,
      testersRps: 0,
      spec: specOf(name, this.#made),
    };
    await this.#create(DEPLOYMENT, deploymentManifest(planned, `shop/${name}:v1`));
    await this.#create(SERVICE, serviceManifest(planned));
    await this.#create(ROLLOUT, rolloutManifest(planned));
    this.#names.push(name);
  }

  async #create(resource: Resource, object: AnyObject): Promise<void> {
    await this.#world.client.create(resource, object, KUBECTL);
  }
}

function behaviourOf(image: string): typeof HEALTHY_IMAGE {
  const version = image.split(":")[1]?.split("-")[0] ?? "";
  return { ...HEALTHY_IMAGE, ...VERSIONS[version] };
}

function keyOf(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: NAMESPACE_NAME, name };
}

/** One in four asks and tells webhooks as well. */
function specOf(name: string, number: number): Readonly<Record<string, unknown>> {
  const url = "http://gates.shop/";
  const webhooks = [
    { name: "load", type: "rollout", url, interval: "15s" },
    { name: "qa", type: "confirm-promotion", url, interval: "15s" },
    { name: "bus", type: "event", url },
  ];
  return {
    targetRef: { kind: "Deployment", name },
    service: { port: 80, targetPort: "http" },
    traffic: { istio: {} },
    steps: [{ weight: 50, hold: "30s" }],
    analysis: {
      interval: "15s",
      warmup: "15s",
      minRequests: 20,
      metrics: [{ name: "success-rate", min: 90, baseline: {} }],
    },
    progressDeadline: "5m",
    ...(number % 4 === 0 ? { webhooks } : {}),
  };
}
